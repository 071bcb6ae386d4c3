//! The same backends in HAProxy and here: the same servers are picked.
//!
//! Needs `/usr/sbin/haproxy`; a test that cannot run says so by name. `WEIR_BALANCE_KEYS=10000`
//! sets how many keys each hash run sends (300 when unset).

#[path = "haproxy/backend.rs"]
mod backend;
#[path = "haproxy/oracle.rs"]
mod oracle;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use backend::{Backend, explained, five_lists, pick, weighted};
use balance::{
    Algorithm, Balancer, EffectiveWeight, HashFunction, HashMethod, HashType, Limits, PickInput,
    ServerSpec, State, key,
};
use oracle::Oracle;

fn keys() -> usize {
    std::env::var("WEIR_BALANCE_KEYS").ok().and_then(|keys| keys.parse().ok()).unwrap_or(300)
}

/// Keys of several shapes, the same in every run.
fn key(number: usize) -> String {
    match number % 4 {
        0 => format!("{number}"),
        1 => format!("user-{number:05}@example.org"),
        2 => format!("/static/{}/{number}.png", number % 97),
        _ => format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
    }
}

fn get(target: &str, headers: &str) -> Vec<u8> {
    // HAProxy refuses a Host that is not the authority of the target.
    let authority = target.split_once("://").map_or("h", |(_, rest)| rest);
    let end = authority.find(['/', '?']).unwrap_or(authority.len());
    let authority = &authority[..end];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").into_bytes()
}

const FUNCTIONS: [HashFunction; 4] =
    [HashFunction::Sdbm, HashFunction::Djb2, HashFunction::Wt6, HashFunction::Crc32];
const METHODS: [HashMethod; 2] = [HashMethod::MapBased, HashMethod::Consistent];

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

/// Something an operator does between requests.
#[derive(Debug, Clone, Copy)]
enum Deed {
    State(usize, State),
    Weight(usize, u32),
    Requests(usize),
}
use Deed::{Requests, State as Set, Weight};

impl Deed {
    fn command(self, section: usize) -> Option<String> {
        match self {
            Self::Requests(_) => None,
            Self::Weight(server, weight) => {
                Some(format!("set server be{section}/s{server} weight {weight}"))
            }
            Self::State(server, state) => {
                let word = match state {
                    State::Up => "ready",
                    State::Drain => "drain",
                    State::Maint | State::Down => "maint",
                };
                Some(format!("set server be{section}/s{server} state {word}"))
            }
        }
    }
}

/// Does the same on both sides and compares the order of picks.
#[track_caller]
fn check_order(test: &str, backend: &Backend, deeds: &[Deed]) {
    if !Oracle::is_here(test) {
        return;
    }
    let oracle = Oracle::start(backend.servers.len(), &[backend.text()]);
    follow(&oracle, 0, backend, deeds);
}

#[track_caller]
fn follow(oracle: &Oracle, section: usize, backend: &Backend, deeds: &[Deed]) {
    let ours = backend.balancer();
    for (at, deed) in deeds.iter().enumerate() {
        if let Some(command) = deed.command(section) {
            assert_eq!(oracle.tell(&command).trim(), "", "{command}");
        }
        match *deed {
            Set(server, state) => ours.set_state(server - 1, state),
            Weight(server, weight) => ours.set_weight(server - 1, EffectiveWeight::full(weight)),
            Requests(count) => {
                let theirs = oracle.picks(section, &vec![get("/", ""); count]);
                let picked: Vec<String> =
                    (0..count).map(|_| serve_one(&ours, &backend.servers)).collect();
                let same = theirs.iter().zip(&picked).take_while(|(a, b)| a == b).count();
                assert_eq!(
                    picked,
                    theirs,
                    "different from request {same} on, after {:?} in\n{}",
                    &deeds[..=at],
                    backend.text()
                );
            }
        }
    }
}

/// One request that comes and ends.
fn serve_one(ours: &Balancer, servers: &[ServerSpec]) -> String {
    serve(ours, servers, &PickInput::default())
}

fn serve(ours: &Balancer, servers: &[ServerSpec], input: &PickInput<'_>) -> String {
    let name = pick(ours, servers, input);
    if let Some(server) = servers.iter().position(|server| server.name == name) {
        ours.take(server);
        ours.release(server);
    }
    name
}

/// The round-robin orders: by themselves, and where a hash has no key.
fn orders(servers: &[ServerSpec]) -> Vec<Backend> {
    let hash = Backend::new("hdr(none)", Algorithm::Hash, servers.to_vec());
    vec![
        Backend::new("roundrobin", Algorithm::RoundRobin, servers.to_vec()),
        Backend::new("static-rr", Algorithm::StaticRr, servers.to_vec()),
        Backend::new("leastconn", Algorithm::LeastConn, servers.to_vec()),
        Backend::new("first", Algorithm::First, servers.to_vec()),
        hash.clone().hash_method(HashMethod::MapBased),
        hash.hash_method(HashMethod::Consistent),
    ]
}

#[test]
fn every_turn_is_the_same_from_the_start() {
    for (number, servers) in five_lists().into_iter().enumerate() {
        for mut backend in orders(&servers) {
            backend.spec.all_backups = number == 4;
            check_order("every_turn_is_the_same_from_the_start", &backend, &[Requests(1500)]);
        }
    }
}

#[test]
fn turns_stay_the_same_when_servers_go_and_come_back() {
    let mut deeds = vec![Requests(7)];
    for server in [2, 5, 1, 3, 4, 4, 1] {
        deeds.extend([Set(server, State::Maint), Requests(13)]);
        deeds.extend([Set(server, State::Up), Requests(31)]);
        deeds.extend([
            Set(server, State::Drain),
            Requests(3),
            Set(server, State::Up),
            Requests(200),
        ]);
    }
    for weights in [[1; 5], [1, 2, 3, 4, 5], [100, 50, 1, 256, 10]] {
        for backend in orders(&weighted(&weights)) {
            check_order("turns_stay_the_same_when_servers_go_and_come_back", &backend, &deeds);
        }
    }
}

#[test]
fn turns_stay_the_same_when_weights_change() {
    let mut deeds = vec![Requests(5)];
    for (server, weight) in
        [(1, 7), (2, 0), (3, 256), (2, 3), (5, 1), (3, 2), (1, 0), (1, 9), (4, 4)]
    {
        deeds.extend([Weight(server, weight), Requests(17 * weight as usize % 90 + 3)]);
    }
    deeds.push(Requests(500));
    for weights in [[1; 5], [1, 2, 3, 4, 5], [100, 50, 1, 256, 10]] {
        let dynamic = orders(&weighted(&weights));
        for backend in dynamic.iter().filter(|backend| {
            backend.spec.algorithm != Algorithm::StaticRr
                && backend.hash_type_line.as_deref() != Some("hash-type map-based")
        }) {
            check_order("turns_stay_the_same_when_weights_change", backend, &deeds);
        }
    }
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

#[test]
fn a_lone_backup_serves_until_an_active_server_is_back() {
    let mut servers = weighted(&[2, 1, 3, 1]);
    servers[2].backup = true;
    servers[3].backup = true;
    let deeds = [
        Requests(5),
        Set(1, State::Maint),
        Requests(5),
        Set(2, State::Maint),
        Requests(6),
        Set(3, State::Maint),
        Requests(4),
        Set(3, State::Up),
        Requests(9),
        Set(1, State::Up),
        Requests(7),
    ];
    for backend in orders(&servers) {
        let all = backend.clone().all_backups();
        check_order("a_lone_backup_serves_until_an_active_server_is_back", &backend, &deeds);
        check_order("a_lone_backup_serves_until_an_active_server_is_back", &all, &deeds);
    }
}

/// A small generator of numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn turns_stay_the_same_under_random_changes() {
    let rounds = keys() as u64 / 100;
    for seed in 0..rounds {
        let mut dice = Dice(seed);
        let mut servers: Vec<ServerSpec> = (1..=3 + dice.below(6) as u32)
            .map(|id| ServerSpec::new(format!("s{id}"), id))
            .collect();
        for server in &mut servers {
            server.weight = [1, 1, 2, 3, 10, 100, 256, 0][dice.below(8)];
            server.backup = dice.below(5) == 0;
            server.state = if dice.below(6) == 0 { State::Maint } else { State::Up };
        }
        let many = dice.below(2) == 0;
        let deeds: Vec<Deed> = (0..80)
            .map(|_| {
                let server = 1 + dice.below(servers.len());
                match dice.below(7) {
                    0 => Set(server, State::Maint),
                    1 => Set(server, State::Drain),
                    2 => Set(server, State::Up),
                    3 => Weight(server, [0, 1, 2, 7, 50, 256][dice.below(6)]),
                    _ => Requests(dice.below(if many { 300 } else { 9 })),
                }
            })
            .collect();
        for mut backend in orders(&servers) {
            backend.spec.all_backups = dice.below(2) == 0;
            let dynamic = backend.spec.algorithm != Algorithm::StaticRr
                && backend.hash_type_line.as_deref() != Some("hash-type map-based");
            let allowed = |deed: &&Deed| dynamic || !matches!(deed, Weight(..));
            let deeds: Vec<Deed> = deeds.iter().filter(allowed).copied().collect();
            println!("seed {seed}");
            check_order("turns_stay_the_same_under_random_changes", &backend, &deeds);
        }
    }
}

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

/// Makes a request from a text, and cuts the key out of it.
type Cutter = Box<dyn Fn(&str) -> (Vec<u8>, Option<Vec<u8>>)>;
/// The arguments of `balance`, and what they do.
type Cut<'a> = (&'a str, Cutter);

fn uri(options: key::Uri) -> Cutter {
    Box::new(move |target| (get(target, ""), Some(options.key(target.as_bytes()).to_vec())))
}

#[test]
fn keys_are_cut_out_of_requests_in_the_same_way() {
    let test = "keys_are_cut_out_of_requests_in_the_same_way";
    if !Oracle::is_here(test) {
        return;
    }
    let targets = [
        "/",
        "/a",
        "/a/b",
        "/a/b/c?d=e",
        "/a/b/c?d/e",
        "//a//b",
        "/?id=1",
        "/x?id=2&id=3",
        "/?id=",
        "/?xid=4&id=5",
        "/?id",
        "/?a&id=6",
        "/?id=7/8?9",
        "/?&&id=10",
        "/?ID=11",
        "/?id==12",
        "/a/b?id=13!x",
        "http://host",
        "http://host/",
        "http://host/a/b/c?id=14",
        "http://host/a?id=15",
        "http://host:8080/a/b?id=16",
        "/a%2fb?id=%31",
        "/abcdefghijklmnopqrstuvwxyz/0123456789?id=17",
    ];
    let hosts = [
        "haproxy.1wt.eu",
        "example.com",
        "www.example.com:8080",
        "a.b.c.d.e",
        "localhost",
        "10.0.0.1",
        "a.",
        ".a",
        "..",
        "x..y",
        "a.b.",
        "www.example.com.",
        ".",
        "...",
        ".x.y",
        "w.x..y",
        "a..b.c",
        "v.w.x..y",
        "..x.y",
        "a..b",
        "w.x...y",
    ];
    let post = |body: &str| {
        let found = key::url_param_in_body(body.as_bytes(), b"id").map(<[u8]>::to_vec);
        let request =
            format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        (request.into_bytes(), found)
    };
    let bodies = [
        "id=1",
        "a=b&id=22",
        "id=",
        "xid=1",
        "id=a b",
        "id=a\tb",
        "id=\"q\"",
        "a=\"&id=5",
        "id=a%20b",
        "id=a=b",
        "id=a/b",
        "id=a;b",
        "id=a&b",
        "{\"id\": 1}",
        "id=1\r\n",
        "id=1\n",
        "a=\u{1}&id=77",
        "id= b",
        "id=\r\n",
        "id=/x",
        "id=(",
        "id=&",
        "id=:",
        "id=[1]",
        "id=\t",
    ];
    let options = key::Uri::default();
    let cuts: Vec<(Cut<'_>, &[&str])> = vec![
        (("uri", uri(options)), &targets),
        (("uri whole", uri(key::Uri { whole: true, ..options })), &targets),
        (("uri len 4", uri(key::Uri { len: 4, ..options })), &targets),
        (("uri depth 1", uri(key::Uri { depth: 1, ..options })), &targets),
        (("uri depth 2 len 5", uri(key::Uri { depth: 2, len: 5, ..options })), &targets),
        (("uri depth 3 whole", uri(key::Uri { depth: 3, whole: true, ..options })), &targets),
        (("uri path-only", uri(key::Uri { path_only: true, ..options })), &targets),
        (
            ("uri path-only whole", uri(key::Uri { path_only: true, whole: true, ..options })),
            &targets,
        ),
        (
            (
                "url_param id",
                Box::new(|target| {
                    let found = key::url_param(target.as_bytes(), b"id").map(<[u8]>::to_vec);
                    (get(target, ""), found)
                }),
            ),
            &targets,
        ),
        (("url_param id check_post", Box::new(post)), &bodies),
        (
            (
                "hdr(k) use_domain_only",
                Box::new(|host| {
                    let found = key::domain_only(host.as_bytes()).to_vec();
                    (get("/", &format!("k: {host}\r\n")), Some(found))
                }),
            ),
            &hosts,
        ),
    ];
    let servers = weighted(&[256; 30]);
    let backends: Vec<Backend> = cuts
        .iter()
        .map(|((balance, _), _)| {
            let hash_type = HashType {
                method: HashMethod::MapBased,
                function: HashFunction::Crc32,
                avalanche: true,
            };
            Backend::new(balance, Algorithm::Hash, servers.clone()).hash_type(hash_type)
        })
        .collect();
    let sections: Vec<String> = backends.iter().map(Backend::text).collect();
    let oracle = Oracle::start(30, &sections);
    let mut different = Vec::new();
    for (section, ((balance, cut), texts)) in cuts.iter().enumerate() {
        let ours = backends[section].balancer();
        for text in *texts {
            let (request, key) = cut(text);
            let input = key.as_deref().map_or_else(PickInput::default, PickInput::key);
            let theirs = oracle.picks(section, &[request]).remove(0);
            let picked = pick(&ours, &servers, &input);
            if picked != theirs {
                let shown = key.as_deref().map(String::from_utf8_lossy);
                different
                    .push(format!("{balance}: {text:?} key {shown:?}: {picked}, not {theirs}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Server `s2` refuses connections; a refused stream is sent once more, to another server if the
/// algorithm has one.
#[test]
fn a_refused_stream_is_redispatched_to_the_same_server() {
    let test = "a_refused_stream_is_redispatched_to_the_same_server";
    if !Oracle::is_here(test) {
        return;
    }
    let mut backends = orders(&weighted(&[1, 2, 3, 4]));
    for method in METHODS {
        let hash = Backend::new("hdr(k)", Algorithm::Hash, weighted(&[1, 2, 3, 4]));
        backends.push(hash.hash_method(method));
    }
    for backend in &mut backends {
        backend.lines = "retries 1\n  option redispatch 1".to_owned();
    }
    let sections: Vec<String> =
        backends.iter().map(|backend| backend.text().replace("@s2 ", "@refuses ")).collect();
    let oracle = Oracle::start(4, &sections);
    for (section, backend) in backends.iter().enumerate() {
        let ours = backend.balancer();
        let (mut picked, mut theirs) = (Vec::new(), Vec::new());
        for number in 0..60 {
            let key = key(number);
            let keyed = backend.balance == "hdr(k)";
            let request = get("/", &if keyed { format!("k: {key}\r\n") } else { String::new() });
            theirs.extend(oracle.picks(section, &[request]));
            let mut input = PickInput::default();
            if keyed {
                input = PickInput::key(key.as_bytes());
            }
            let mut name = serve(&ours, &backend.servers, &input);
            if name == "s2" {
                input.exclude = Some(1);
                name = serve(&ours, &backend.servers, &input);
            }
            picked.push(if name == "s2" {
                "HTTP/1.1 503 Service Unavailable".to_owned()
            } else {
                name
            });
        }
        assert_eq!(picked, theirs, "in\n{}", sections[section]);
    }
}
