//! Evaluating expressions over one request, and writing a log line.

use std::hint::black_box;

use config_parse::env::Environment;
use config_parse::expr::parse;
use config_parse::tree::Word;
use criterion::{Criterion, criterion_group, criterion_main};
use diag::Span;
use http1::{RequestHead, Version};
use sample::{
    Buffered, BuiltIn, CaptureSlots, CompileEnv, Compiled, CompiledFormat, Context, LogRecord,
    NoFacts, NoMaps, NoNames, Place, VarNames, Vars,
};

fn compiling<T>(place: Place, compile: impl FnOnce(&mut CompileEnv<'_>) -> T) -> T {
    let (mut vars, mut draws) = (VarNames::default(), 0);
    let environment = Environment::default();
    let mut env = CompileEnv {
        place,
        names: &NoNames,
        vars: &mut vars,
        captures: CaptureSlots::default(),
        files: &|_| Err(String::from("no files here")),
        lists: &sample::lists::Lists::default(),
        maps: &NoMaps,
        env: &environment,
        draws: &mut draws,
        warnings: Vec::new(),
    };
    compile(&mut env)
}

fn expression(text: &str) -> Compiled {
    let tree = match parse(&Word::new(text, Span::default())) {
        Ok(tree) => tree,
        Err(finding) => panic!("{}", finding.message),
    };
    compiling(Place::FrontendHttpRequest, |env| match sample::compile::expr(&tree, env) {
        Ok(compiled) => compiled,
        Err(findings) => panic!("{:?}", findings.first()),
    })
}

fn http_log() -> CompiledFormat {
    let format = BuiltIn::Http.format();
    compiling(Place::Log, |env| match sample::compile::log_format(&format, env) {
        Ok(format) => format,
        Err(findings) => panic!("{:?}", findings.first()),
    })
}

fn evaluate(criterion: &mut Criterion) {
    let mut head = RequestHead::with(b"GET", b"/chat/room?user=7&lang=en", Version::Http11);
    for (name, value) in [
        ("host", "chat.example.com:8080"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("accept", "text/html,application/xhtml+xml"),
        ("cookie", "a=1; session=0123456789abcdef"),
        ("connection", "Upgrade"),
    ] {
        head.fields.add(name.as_bytes(), value.as_bytes());
    }
    let vars = Vars::default();
    let record = LogRecord {
        client: Some(([192, 0, 2, 7], 40_000).into()),
        frontend: String::from("www"),
        backend: String::from("chat"),
        server: String::from("chat1"),
        status: Some(200),
        termination: *b"----",
        request_line: Some((b"GET".to_vec(), b"/chat/room?user=7".to_vec(), "HTTP/1.1")),
        ..LogRecord::default()
    };
    let ctx = Context {
        protocol: sample::Protocol::Http,
        request: Some(&head),
        response: None,
        request_body: Buffered { bytes: b"", complete: true },
        response_body: Buffered::default(),
        vars: &vars,
        captured_request: &[],
        captured_response: &[],
        facts: &NoFacts,
        log: Some(&record),
    };
    let mut group = criterion.benchmark_group("evaluate");
    for text in
        ["path", "req.hdr(host)", "req.hdr(host),host_only", "req.cook(session)", "urlp(lang)"]
    {
        let expression = expression(text);
        group.bench_function(text, |bencher| bencher.iter(|| expression.eval(black_box(&ctx))));
    }
    let format = http_log();
    let mut line = Vec::new();
    group.bench_function("httplog", |bencher| {
        bencher.iter(|| {
            line.clear();
            format.write(black_box(&ctx), &mut line);
            line.len()
        });
    });
    group.finish();
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
