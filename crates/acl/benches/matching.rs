//! One value against 100,000 patterns, by each method that has an index.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use acl::{Comparison, Matcher, Pattern};
use config_parse::condition::MatchMethod;
use criterion::{Criterion, criterion_group, criterion_main};
use diag::Span;
use sample::Value;

const PATTERNS: u32 = 100_000;

fn matcher(method: MatchMethod, text: impl Fn(u32) -> String) -> Matcher {
    matcher_of(PATTERNS, method, text)
}

fn matcher_of(count: u32, method: MatchMethod, text: impl Fn(u32) -> String) -> Matcher {
    let pattern =
        |number| Pattern { text: text(number), ignore_case: false, span: Span::default(), line: 0 };
    let patterns = (0..count).map(pattern).collect();
    match Matcher::compile(Comparison::By(method), patterns, false) {
        Ok(matcher) => matcher,
        Err(findings) => panic!("{:?}", findings.first()),
    }
}

/// Numbers that do not sort as they count.
fn scattered(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761)
}

fn host(number: u32) -> String {
    format!("w{:x}.example{}.com", scattered(number), number % 977)
}

fn path(number: u32) -> String {
    format!("/v{}/{:x}", number % 17, scattered(number))
}

fn text(text: &str) -> Value<'_> {
    Value::Str(text.as_bytes().into())
}

fn methods(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("100k_patterns");
    let hit = host(77_777);
    let miss = "www.elsewhere.example.org";
    let long_path = format!("{}/images/logo.png", path(55_555));
    let end = format!("cdn.{}", host(4_242));
    let cases: [(&str, Matcher, Value<'_>); 10] = [
        ("str_hit", matcher(MatchMethod::Str, host), text(&hit)),
        ("str_miss", matcher(MatchMethod::Str, host), text(miss)),
        ("beg_hit", matcher(MatchMethod::Beg, path), text(&long_path)),
        ("end_hit", matcher(MatchMethod::End, host), text(&end)),
        ("end_miss", matcher(MatchMethod::End, host), text(miss)),
        ("dom_hit", matcher(MatchMethod::Dom, host), text(&end)),
        ("dom_miss", matcher(MatchMethod::Dom, host), text(miss)),
        ("dir_hit", matcher(MatchMethod::Dir, path), text(&long_path)),
        ("sub_hit", matcher(MatchMethod::Sub, host), text(&end)),
        ("sub_miss", matcher(MatchMethod::Sub, host), text(miss)),
    ];
    for (name, matcher, value) in &cases {
        group.bench_function(*name, |bencher| bencher.iter(|| matcher.find(black_box(value))));
    }
    let networks = matcher(MatchMethod::Ip, |number| {
        format!("{}/{}", Ipv4Addr::from_bits(scattered(number)), 8 + number % 25)
    });
    let ip = Value::Ip(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)));
    group.bench_function("ip", |bencher| bencher.iter(|| networks.find(black_box(&ip))));
    group.finish();
}

/// A thousand expressions: those of paths and of hosts, which have words, and some that have none.
fn expressions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1k_regexes");
    let paths = |number| format!("^/v{}/{:x}/[0-9]+$", number % 17, scattered(number));
    let hosts = |number| format!("^(www\\.)?w{:x}\\.example[0-9]*\\.com$", scattered(number));
    let wordless = |number| format!("[a-z]+{}x?[0-9]$", number);
    let path = format!("/v{}/{:x}/42", 777 % 17, scattered(777));
    let host = format!("w{:x}.example7.com", scattered(777));
    for (name, matcher, hit) in [
        ("path", matcher_of(1000, MatchMethod::Reg, paths), &*path),
        ("host", matcher_of(1000, MatchMethod::Reg, hosts), &*host),
        ("wordless", matcher_of(1000, MatchMethod::Reg, wordless), "abc777x1"),
    ] {
        let (hit, miss) = (text(hit), text("/images/w/logo.example.org/x"));
        group.bench_function(format!("{name}_hit"), |b| b.iter(|| matcher.find(black_box(&hit))));
        group.bench_function(format!("{name}_miss"), |b| b.iter(|| matcher.find(black_box(&miss))));
    }
    group.finish();
}

criterion_group!(benches, methods, expressions);
criterion_main!(benches);
