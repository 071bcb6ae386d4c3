//! Hashes: every function, method and modifier; addresses; and where keys go when servers change.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use balance::{Algorithm, EffectiveWeight, HashFunction, HashMethod, HashType, PickInput, State};

use crate::backend::{Backend, explained, five_lists, pick, weighted};
use crate::oracle::Oracle;
use crate::turns::{Requests, Set, Weight};
use crate::{get, key, keys};

const FUNCTIONS: [HashFunction; 4] =
    [HashFunction::Sdbm, HashFunction::Djb2, HashFunction::Wt6, HashFunction::Crc32];
pub(crate) const METHODS: [HashMethod; 2] = [HashMethod::MapBased, HashMethod::Consistent];

fn every_hash_type(backend: &Backend) -> Vec<Backend> {
    let mut all = Vec::new();
    for method in METHODS {
        all.push(backend.clone().hash_method(method));
        for function in FUNCTIONS {
            for avalanche in [false, true] {
                all.push(backend.clone().hash_type(HashType { method, function, avalanche }));
            }
        }
    }
    all
}

#[test]
fn every_hash_sends_every_key_to_the_same_server() {
    if !Oracle::is_here("every_hash_sends_every_key_to_the_same_server") {
        return;
    }
    let mut backends = Vec::new();
    for (number, servers) in five_lists().into_iter().enumerate() {
        let mut backend = Backend::new("hdr(k)", Algorithm::Hash, servers);
        backend.spec.all_backups = number == 4;
        backends.extend(every_hash_type(&backend));
    }
    let sections: Vec<String> = backends.iter().map(Backend::text).collect();
    let oracle = Oracle::start(8, &sections);
    let keys: Vec<String> = (0..keys()).map(key).collect();
    let requests: Vec<Vec<u8>> =
        keys.iter().map(|key| get("/", &format!("k: {key}\r\n"))).collect();
    let mut compared = 0;
    for (section, backend) in backends.iter().enumerate() {
        let ours = backend.balancer();
        for (theirs, key) in oracle.picks(section, &requests).iter().zip(&keys) {
            let input = PickInput::key(key.as_bytes());
            let picked = pick(&ours, &backend.servers, &input);
            assert_eq!(picked, *theirs, "key {key:?} in\n{}", sections[section]);
            assert_eq!(picked, explained(&ours, &backend.servers, &input));
            compared += 1;
        }
    }
    println!("compared {compared} picks of {} backends: 0 differences", backends.len());
}

#[test]
fn every_source_address_goes_to_the_same_server() {
    if !Oracle::is_here("every_source_address_goes_to_the_same_server") {
        return;
    }
    let mut backends = Vec::new();
    for (number, servers) in five_lists().into_iter().enumerate() {
        let mut backend = Backend::new("source", Algorithm::Hash, servers);
        backend.spec.all_backups = number == 4;
        let sdbm = |method, avalanche| HashType { method, function: HashFunction::Sdbm, avalanche };
        for method in METHODS {
            backends.push(backend.clone().hash_method(method));
            backends.push(backend.clone().hash_type(sdbm(method, false)));
            backends.push(backend.clone().hash_type(sdbm(method, true)));
        }
    }
    let sections: Vec<String> = backends.iter().map(Backend::text).collect();
    let oracle = Oracle::start(8, &sections);
    let mut compared = 0;
    for (section, backend) in backends.iter().enumerate() {
        let ours = backend.balancer();
        for number in 0..keys() as u32 {
            let bits = number.wrapping_mul(0x9e37_79b9);
            let address = match number % 3 {
                0 => IpAddr::V6(Ipv6Addr::from_bits(u128::from(bits).pow(3) | 1 << 125)),
                1 => IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number)),
                _ => IpAddr::V4(Ipv4Addr::from_bits(bits)),
            };
            let proxy = match address {
                IpAddr::V4(_) => format!("PROXY TCP4 {address} 127.0.0.1 1000 80\r\n"),
                IpAddr::V6(_) => format!("PROXY TCP6 {address} ::1 1000 80\r\n"),
            };
            let mut client = oracle.connect(section);
            client.send(&[proxy.into_bytes(), get("/", "")].concat());
            let picked = pick(&ours, &backend.servers, &PickInput::source(address));
            assert_eq!(picked, client.answer(), "{address} in\n{}", sections[section]);
            compared += 1;
        }
    }
    println!("compared {compared} picks of {} backends: 0 differences", backends.len());
}

#[test]
fn keys_move_as_in_haproxy_when_servers_change() {
    if !Oracle::is_here("keys_move_as_in_haproxy_when_servers_change") {
        return;
    }
    let servers = weighted(&[1, 2, 3, 4, 5]);
    let backend = Backend::new("hdr(k)", Algorithm::Hash, servers.clone());
    let backends = [
        backend.clone().hash_method(HashMethod::MapBased),
        backend.hash_method(HashMethod::Consistent),
    ];
    let sections: Vec<String> = backends.iter().map(Backend::text).collect();
    let oracle = Oracle::start(5, &sections);
    let keys: Vec<String> = (0..keys() / 3).map(key).collect();
    let requests: Vec<Vec<u8>> =
        keys.iter().map(|key| get("/", &format!("k: {key}\r\n"))).collect();
    for (section, backend) in backends.iter().enumerate() {
        let ours = backend.balancer();
        let consistent = backend.spec.hash_type.method == HashMethod::Consistent;
        let mut deeds = vec![
            Set(2, State::Maint),
            Set(4, State::Drain),
            Set(2, State::Up),
            Set(4, State::Up),
            Weight(5, 0),
        ];
        if consistent {
            deeds.extend([Weight(5, 100), Weight(1, 256), Weight(2, 1), Weight(5, 5)]);
        }
        deeds.extend((1..=5).map(|server| Set(server, State::Maint)));
        deeds.extend((1..=5).rev().map(|server| Set(server, State::Up)));
        for deed in deeds {
            let command = deed.command(section).expect("a change");
            assert_eq!(oracle.tell(&command).trim(), "", "{command}");
            match deed {
                Set(server, state) => ours.set_state(server - 1, state),
                Weight(server, weight) => {
                    ours.set_weight(server - 1, EffectiveWeight::full(weight));
                }
                Requests(_) => {}
            }
            for (theirs, key) in oracle.picks(section, &requests).iter().zip(&keys) {
                let picked = pick(&ours, &servers, &PickInput::key(key.as_bytes()));
                assert_eq!(picked, *theirs, "key {key:?} after {deed:?} in\n{}", sections[section]);
            }
        }
    }
}
