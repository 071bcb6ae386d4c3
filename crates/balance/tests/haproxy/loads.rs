//! Servers that carry streams: `leastconn`, full servers, bounded load.

use balance::{Algorithm, Balancer, HashMethod, Limits, PickInput};

use crate::backend::{Backend, pick, weighted};
use crate::oracle::{self, Oracle};
use crate::turns::orders;
use crate::{Dice, get, key};

/// Streams that stay on their servers while others come.
struct Held<'a> {
    oracle: &'a Oracle,
    section: usize,
    backend: &'a Backend,
    ours: Balancer,
    open: Vec<(u32, usize, oracle::Client)>,
    next: u32,
}

impl<'a> Held<'a> {
    fn new(oracle: &'a Oracle, section: usize, backend: &'a Backend, limits: Limits) -> Self {
        let ours = backend.balancer();
        for server in 0..backend.servers.len() {
            ours.set_limits(server, limits);
        }
        Self { oracle, section, backend, ours, open: Vec::new(), next: section as u32 * 10_000 }
    }

    /// A stream that comes and stays; both sides must send it to the same server.
    #[track_caller]
    fn open(&mut self, key: Option<&str>) {
        let input = key.map_or_else(PickInput::default, |key| PickInput::key(key.as_bytes()));
        let picked = pick(&self.ours, &self.backend.servers, &input);
        let server = self.place(&picked);
        self.ours.take(server);
        let mut client = self.oracle.connect(self.section);
        self.next += 1;
        client.send(&get(
            &format!("/hold/{}", self.next),
            &key.map_or_else(String::new, |key| format!("k: {key}\r\n")),
        ));
        let theirs = self.oracle.arrival();
        assert_eq!(picked, theirs, "stream {} in\n{}", self.next, self.backend.text());
        self.open.push((self.next, server, client));
    }

    /// Ends the stream at this place of the list of open ones.
    fn close(&mut self, at: usize) {
        let (number, server, mut client) = self.open.swap_remove(at);
        self.oracle.let_go(number);
        assert_eq!(client.answer(), self.backend.servers[server].name);
        self.ours.release(server);
        let served = self.ours.load(server).expect("a server").served();
        self.oracle.wait_for_load(self.section, &self.backend.servers[server].name, served);
    }

    fn place(&self, name: &str) -> usize {
        let place = self.backend.servers.iter().position(|server| server.name == name);
        place.unwrap_or_else(|| panic!("{name} is no server of\n{}", self.backend.text()))
    }
}

/// Streams come and go at random, at most `most` at once.
#[track_caller]
fn check_loads(test: &str, backends: &[Backend], limits: Limits, most: usize, keyed: bool) {
    if !Oracle::is_here(test) {
        return;
    }
    let sections: Vec<String> = backends.iter().map(Backend::text).collect();
    let oracle = Oracle::start(8, &sections);
    for (section, backend) in backends.iter().enumerate() {
        let mut held = Held::new(&oracle, section, backend, limits);
        let mut dice = Dice(section as u64);
        for stream in 0..150 {
            if held.open.len() < most && dice.below(3) > 0 {
                held.open(keyed.then(|| key(stream % 17)).as_deref());
            } else if !held.open.is_empty() {
                held.close(dice.below(held.open.len()));
            }
        }
        while !held.open.is_empty() {
            held.close(0);
        }
    }
}

#[test]
fn loads_lead_to_the_same_servers() {
    let test = "loads_lead_to_the_same_servers";
    for weights in [vec![1; 4], vec![1, 2, 3, 4, 5], vec![100, 50, 7, 256]] {
        let leastconn = Backend::new("leastconn", Algorithm::LeastConn, weighted(&weights));
        check_loads(test, &[leastconn], Limits::default(), 40, false);
    }
}

#[test]
fn full_servers_are_passed_over_in_the_same_way() {
    let test = "full_servers_are_passed_over_in_the_same_way";
    let limits = Limits { maxconn: 3, maxqueue: 0 };
    for weights in [vec![1; 4], vec![1, 2, 3, 4, 5], vec![100, 50, 7, 256]] {
        let most = weights.len() * 3;
        let mut backends = orders(&weighted(&weights));
        backends.retain(|backend| backend.spec.algorithm != Algorithm::Hash);
        let hash = Backend::new("hdr(none)", Algorithm::Hash, weighted(&weights));
        backends.push(hash.clone().hash_method(HashMethod::MapBased));
        backends.push(hash.hash_method(HashMethod::Consistent));
        for backend in &mut backends {
            backend.words = "maxconn 3".to_owned();
        }
        check_loads(test, &backends, limits, most, false);
    }
}

#[test]
fn bounded_load_leads_to_the_same_servers() {
    let test = "bounded_load_leads_to_the_same_servers";
    let mut backends = Vec::new();
    for weights in [vec![1; 4], vec![1, 2, 3, 4, 5], vec![100, 50, 7, 256]] {
        for factor in [101, 125, 150, 300] {
            let hash = Backend::new("hdr(k)", Algorithm::Hash, weighted(&weights));
            let mut hash = hash.hash_method(HashMethod::Consistent);
            hash.spec.balance_factor = factor;
            backends.push(hash);
        }
    }
    check_loads(test, &backends, Limits::default(), 40, true);
}
