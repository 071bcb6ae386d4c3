//! How long a large configuration takes to be split into words: 130,000 lines, as big fleets have them.

use std::fmt::Write;
use std::hint::black_box;

use config_parse::condition;
use config_parse::env::Environment;
use config_parse::tree::{self, LineKind};
use criterion::{Criterion, criterion_group, criterion_main};
use diag::Sources;

const LINES: usize = 130_000;

/// Backends of servers, with the quotes, escapes, comments and conditions of real files among them.
fn configuration() -> String {
    let mut text = String::from("global\n    maxconn 10000\n");
    for n in 0..LINES / 10 {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\nbackend be_{n}    # team {n}\n    balance roundrobin\n    option httpchk GET /health\n    \
             http-request set-header X-Name \"a b {n}\" if {{ path_beg -i /api/{n} }} !internal\n    \
             http-request set-path %[path,regsub(^/v1/,/)]\n    cookie SRV insert indirect nocache\n    \
             server s1 10.0.{}.{}:8080 check weight 100 cookie s1\n    \
             server s2 10.1.{}.{}:8080 check weight 100 cookie s2\n    timeout server 30s\n",
            n / 250,
            n % 250,
            n / 250,
            n % 250,
        );
    }
    text
}

fn words(c: &mut Criterion) {
    let sources = Sources::single("big.cfg", &configuration());
    let env = Environment::of_version("3.5-dev5");
    let mut group = c.benchmark_group("130,000 lines");
    group.sample_size(20);
    group.bench_function("words", |b| {
        b.iter(|| black_box(tree::parse(&sources, &env).0.lines.len()));
    });
    let (tree, findings) = tree::parse(&sources, &env);
    assert!(findings.is_empty(), "the text of the benchmark is well formed");
    group.bench_function("conditions", |b| {
        b.iter(|| {
            let lines = tree.lines.iter().filter(|line| line.kind == LineKind::Words);
            let conditions = lines.filter_map(|line| {
                let at = line.words.iter().position(|word| condition::is_condition(&word.text))?;
                condition::parse(line.words.get(at..)?).ok()
            });
            black_box(conditions.count())
        });
    });
    group.finish();
}

criterion_group!(benches, words);
criterion_main!(benches);
