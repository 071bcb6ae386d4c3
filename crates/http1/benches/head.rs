//! What a typical request costs: read, edited as a proxy does, written.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http1::{Limits, RequestHead, parse_request, set_request_connection};

const REQUEST: &[u8] = b"GET /api/v1/rooms/42?since=1700000000 HTTP/1.1\r\n\
    Host: chat.example.net\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Connection: keep-alive\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Cache-Control: max-age=0\r\n\r\n";

fn heads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("head");
    group.throughput(Throughput::Bytes(REQUEST.len() as u64));
    let limits = Limits::default();
    let mut head = RequestHead::new();
    let mut out = Vec::new();
    group.bench_function("parse", |bencher| {
        bencher.iter(|| parse_request(black_box(REQUEST), &mut head, &limits));
    });
    group.bench_function("parse, edit, write", |bencher| {
        bencher.iter(|| {
            out.clear();
            let parsed = parse_request(black_box(REQUEST), &mut head, &limits);
            head.fields.set(b"x-forwarded-for", b"192.0.2.7");
            head.fields.set(b"x-forwarded-proto", b"https");
            set_request_connection(&mut head, true);
            head.write_to(&mut out);
            (parsed, out.len())
        });
    });
    group.bench_function("httparse alone, for comparison", |bencher| {
        bencher.iter(|| {
            let mut fields = [httparse::EMPTY_HEADER; 101];
            let mut request = httparse::Request::new(&mut fields);
            request.parse(black_box(REQUEST)).is_ok()
        });
    });
    group.finish();
}

criterion_group!(benches, heads);
criterion_main!(benches);
