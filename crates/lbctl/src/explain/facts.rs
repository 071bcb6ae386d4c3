//! What the command line and a running daemon say of servers.

use balance::State;
use explanation::World;
use rules::Program;

use crate::diff::live::LiveServer;
use crate::exit::CouldNot;

/// Applies `server BACKEND/SERVER STATE` to the balancers.
pub(crate) fn apply(fact: &str, program: &Program, world: &World) -> Result<(), CouldNot> {
    let words: Vec<&str> = fact.split_whitespace().collect();
    let ["server", name, state] = words.as_slice() else {
        return Err(format!("`{fact}` is no fact: `server BACKEND/SERVER up|down|drain|maint`"));
    };
    let state = match *state {
        "up" | "ready" => State::Up,
        "down" => State::Down,
        "drain" => State::Drain,
        "maint" => State::Maint,
        other => return Err(format!("`{other}` is no state: up, down, drain, maint")),
    };
    let (backend, server) =
        name.split_once('/').ok_or_else(|| format!("`{name}` is no BACKEND/SERVER"))?;
    let known =
        program.backend_named(backend).ok_or_else(|| format!("no backend is named `{backend}`"))?;
    let at = known
        .server_named(server.as_bytes())
        .ok_or_else(|| format!("`{backend}` has no server `{server}`"))?;
    if let Some(balancer) = world.balancer(known.reference()) {
        balancer.set_state(at as usize, state);
    }
    Ok(())
}

/// Applies what a running daemon said of a server.
pub(crate) fn apply_live(live: &LiveServer, program: &Program, world: &World) {
    let Some(backend) = program.backend_named(&live.backend) else { return };
    let Some(at) = backend.server_named(live.server.as_bytes()) else { return };
    let state = match (live.admin, live.up) {
        ("maint", _) => State::Maint,
        (_, false) => State::Down,
        ("drain", true) => State::Drain,
        _ => State::Up,
    };
    if let Some(balancer) = world.balancer(backend.reference()) {
        balancer.set_state(at as usize, state);
    }
}
