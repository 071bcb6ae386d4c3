//! `track`: what happens to a server happens to those that follow it.

use std::sync::{Arc, PoisonError};

use rules::Program;

use super::Backend;

/// Tells every tracked server who follows it, and gives followers their first state.
pub(super) fn link(program: &Program, backends: &[Arc<Backend>]) {
    let mut led = Vec::new();
    for (backend, live) in program.backends().zip(backends) {
        for (line, at) in backend.servers().iter().zip(0..) {
            let Some(track) = &line.settings.track else { continue };
            let (section, name) =
                track.value.split_once('/').unwrap_or((backend.name(), track.value.as_str()));
            let leader = backends.iter().find(|known| known.state.name() == section);
            let place = leader.and_then(|known| {
                known.servers.iter().position(|server| server.state.name() == name)
            });
            let Some((leader, place)) = leader.zip(place) else { continue };
            let server = &leader.servers[place];
            let mut followers = server.followers.lock().unwrap_or_else(PoisonError::into_inner);
            followers.push((Arc::downgrade(live), at));
            led.push((leader, place));
        }
    }
    // In the order of the file a leader may follow a server that comes later: once round for each link.
    for _ in 0..led.len() {
        led.iter().for_each(|(leader, place)| settle(leader, *place));
    }
}

/// Gives the followers of a server its state, without a word.
fn settle(leader: &Backend, place: usize) {
    let server = &leader.servers[place];
    let health = server.state.health().clone();
    for (backend, at) in leader.followers(place) {
        if let Some(follower) = backend.server(at)
            && follower.state.health().follow(&health, "").is_some()
        {
            backend.tell_balancer(at);
        }
    }
}

impl Backend {
    /// The followers of a server that still exist.
    fn followers(&self, place: usize) -> Vec<(Arc<Backend>, u32)> {
        let Some(server) = self.servers.get(place) else { return Vec::new() };
        let followers = server.followers.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = followers.iter().filter_map(|(backend, at)| Some((backend.upgrade()?, *at)));
        alive.collect()
    }

    /// Passes a changed state on to those that follow the server.
    pub(super) fn lead(self: &Arc<Self>, server: u32) {
        let followers = self.followers(server as usize);
        let Some(known) = self.server(server).filter(|_| !followers.is_empty()) else { return };
        let via = format!("{}/{}", self.state.name(), known.state.name());
        let health = known.state.health().clone();
        for (backend, at) in followers {
            let transition =
                backend.server(at).and_then(|known| known.state.health().follow(&health, &via));
            backend.act(at, transition);
        }
    }
}
