//! What holds for every case: a trace changes nothing, and a trace alone gives its verdict again.

mod cases;
mod support;

use std::fmt::Write as _;

use cases::{CASES, config_text, wire};
use expect_test::expect_file;
use rules::{Event, NoTrace, Replay};
use support::{Exchange, Lab, World, exchange, render};

const PORTS: &[(&str, u16)] = &[("s1", 8001), ("s2", 8002), ("s3", 8003)];

/// Calls `look` with every request of every case that compiles.
fn each(mut look: impl FnMut(&str, &Lab, &World, &str, &str)) -> usize {
    let mut count = 0;
    for case in CASES {
        let text = config_text(case, 80, PORTS);
        let Ok(lab) = Lab::load(&text) else { panic!("{} does not compile", case.name) };
        let world = World::new(&lab);
        for raw in case.requests {
            look(case.name, &lab, &world, &wire(raw), case.answer);
            count += 1;
        }
    }
    count
}

#[test]
fn a_trace_changes_nothing() {
    let count = each(|name, lab, world, raw, answer| {
        let with = exchange(&lab.again(), world, raw, answer, &mut Vec::<Event>::new());
        let without = exchange(&lab.again(), world, raw, answer, &mut NoTrace);
        assert_eq!(with, without, "{name}: {raw}");
    });
    assert!(count > 200, "{count} requests");
}

#[test]
fn a_trace_alone_gives_its_verdict_again() {
    each(|name, lab, world, raw, answer| {
        let mut trace = Vec::new();
        let first = exchange(&lab.again(), world, raw, answer, &mut trace);
        let replay = Replay::new(&trace);
        let mut again = Vec::new();
        let second = exchange(&lab.again(), &replay, raw, answer, &mut again);
        assert_eq!(first, second, "{name}: {raw}");
        assert_eq!(trace, again, "{name}: {raw}");
    });
}

#[test]
fn the_traces_are_those_that_were_read_and_approved() {
    let mut all = String::new();
    each(|name, lab, world, raw, answer| {
        let mut trace = Vec::new();
        let end = exchange(lab, world, raw, answer, &mut trace);
        let request = raw.trim_end().replace("\r\n", " | ");
        let _ = writeln!(all, "## {name}: {request}\n{}{}", render(lab, &trace), ending(&end));
    });
    expect_file!["traces.txt"].assert_eq(&all);
}

fn ending(end: &Exchange) -> String {
    format!("=> {}/{} {} {}{}\n", end.backend, end.server, end.status, end.reason, end.other)
}
