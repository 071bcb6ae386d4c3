//! One value against 100,000 patterns, by each method that has an index, and against 1,000 regular expressions.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use acl::{Comparison, Matcher, Pattern};
use config_parse::condition::MatchMethod;
use criterion::{Criterion, criterion_group, criterion_main};
use diag::Span;
use sample::Value;

const PATTERNS: u32 = 100_000;
const EXPRESSIONS: u32 = 1_000;

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

fn expressions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1k_expressions");
    let anchored = |number| format!("^/v{}/[a-z]+/{:x}(/|$)", number % 17, scattered(number));
    let ending = |number| format!("/w{:x}\\.(jpe?g|png|webp)$", scattered(number));
    let inside = |number| format!("id=[0-9]+&k{:x}=", scattered(number));
    let agent = |number| match number % 3 {
        0 => format!("^.*bot{:x}.*$", scattered(number)),
        1 => format!("(crawl|spider){number}"),
        _ => format!("{:x}.*{}x", scattered(number), number % 7),
    };
    let hit = format!("/v{}/images/{:x}/logo.png", 555 % 17, scattered(555));
    let file = format!("/static/pictures/w{:x}.webp", scattered(777));
    let query = format!("/search?id=4711&k{:x}=1", scattered(333));
    let robot =
        format!("Mozilla/5.0 (compatible; bot{:x}/2.1; +http://example.com/about)", scattered(300));
    let miss = "/account/settings/profile?tab=security&lang=en";
    let kinds: [(&str, Matcher, &str); 4] = [
        ("anchored", matcher_of(EXPRESSIONS, MatchMethod::Reg, anchored), &hit),
        ("ending", matcher_of(EXPRESSIONS, MatchMethod::Reg, ending), &file),
        ("inside", matcher_of(EXPRESSIONS, MatchMethod::Reg, inside), &query),
        ("agents", matcher_of(EXPRESSIONS, MatchMethod::Reg, agent), &robot),
    ];
    for (name, matcher, hit) in &kinds {
        assert!(matcher.find(&text(hit)).is_some(), "{name}: {hit}");
        for (which, value) in [("hit", *hit), ("miss", miss)] {
            let value = text(value);
            group.bench_function(format!("{name}_{which}"), |bencher| {
                bencher.iter(|| matcher.find(black_box(&value)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, methods, expressions);
criterion_main!(benches);
