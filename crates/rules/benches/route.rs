//! One request through `route`: the article's configuration, and 200 rules of which none holds.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use config_parse::env::Environment;
use criterion::{Criterion, criterion_group, criterion_main};
use http1::{Limits, RequestHead, parse_request};
use rules::{NoTrace, Program, Stream, route};
use sample::{Buffered, Fact, FactValue, Facts, FrontendRef};

const ARTICLE: &str = "
defaults
    mode http
    timeout client 25s
    timeout connect 5s
    timeout server 25s
    option forwardfor
frontend http
    bind *:80
    acl host_ws hdr_beg(Host) -i ws.example.org
    use_backend bk_ws if host_ws
    acl hdr_connection_upgrade hdr(Connection) -i upgrade
    acl hdr_upgrade_websocket hdr(Upgrade) -i websocket
    use_backend bk_ws if hdr_connection_upgrade hdr_upgrade_websocket
    acl host_short hdr_beg(Host) -i short.example.org
    use_backend bk_short if host_short
backend bk_ws
    server server1 192.0.2.1:60000
backend bk_short
    server server1 192.0.2.1:8082
";

const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: short.example.org\r\n\
    User-Agent: Mozilla/5.0\r\nAccept: */*\r\nAccept-Language: en\r\nConnection: keep-alive\r\n\
    Cookie: session=0123456789abcdef\r\n\r\n";

struct World;

impl Facts for World {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        Some(match fact {
            Fact::Src => FactValue::Addr(([192, 0, 2, 7], 4000).into()),
            _ => FactValue::Int(0),
        })
    }
}

fn program(text: &str) -> Arc<Program> {
    let files = [(String::from("bench.cfg"), text.as_bytes().to_vec())];
    let loaded = config::load(files, &Environment::default(), config::Target::HaProxy(2, 6));
    let nothing = |_: &str| Err(String::from("no files"));
    let (program, findings) = rules::compile(loaded.config, &nothing);
    program.unwrap_or_else(|| panic!("{findings:?}"))
}

fn two_hundred_rules() -> String {
    let mut text = String::from("defaults\n mode http\nfrontend fe\n bind :80\n");
    for at in 0..200 {
        let _ = writeln!(text, " http-request deny if {{ path_beg /never/{at} }}");
    }
    text + " default_backend be\nbackend be\n server s1 192.0.2.1:80\n"
}

fn bench(c: &mut Criterion) {
    for (name, text) in [("article", ARTICLE.to_owned()), ("200 rules", two_hundred_rules())] {
        let program = program(&text);
        let mut head = RequestHead::new();
        let body = Buffered { bytes: &[], complete: true };
        c.bench_function(&format!("route/{name}"), |b| {
            b.iter(|| {
                let parsed = parse_request(REQUEST, &mut head, &Limits::default());
                black_box(parsed.is_ok());
                let mut stream = Stream::new(FrontendRef(0));
                route(&program, &mut stream, &mut head, body, &World, &mut NoTrace)
            });
        });
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
