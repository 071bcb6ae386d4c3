//! `fcgi-app` and `healthcheck` (manual 10.1, 12.9).

use config_parse::condition;
use diag::{Diagnostic, Spanned, codes};

use super::super::{Table, checks};
use super::{Other, table, word};
use crate::lower::Directive;
use crate::model::{CheckKind, HttpCheckStep};

pub(super) static FCGI: Table<Other> = table(&[&[
    word("acl", "<name> <criterion> [patterns]", "10.1", "names a test", |line, _| {
        let words = line.rest();
        line.keep(condition::parse_acl(words));
    }),
    word("docroot", "<path>", "10.1", "the directory of the scripts", |line, to| {
        to.given.push("docroot");
        line.mark_head();
        line.arg("a path");
        line.end();
    }),
    word("index", "<name>", "10.1", "the script of a directory", |line, _| {
        line.mark_head();
        line.arg("a name");
        line.end();
    }),
    word("log-stderr", "global|<target> <facility>", "10.1", "where errors go", |line, _| {
        super::super::log::log(line, &mut Vec::new());
    }),
    word("option", "<name>", "10.1", "switches a behaviour on or off", |line, _| {
        line.mark_head();
        let options = ["get-values", "keep-conn", "max-reqs", "mpxs-conns"];
        let Some(option) = line.choice("an option", &options.map(|name| (name, name))) else {
            return;
        };
        if option.value == "max-reqs" {
            line.number("a number of requests", 1..=i64::from(i32::MAX));
        }
    }),
    word("pass-header", "<name> [if|unless <condition>]", "10.1", "keeps a header", |line, _| {
        line.mark_head();
        if line.arg("a name").is_some() {
            line.condition();
        }
    }),
    word("path-info", "<regex>", "10.1", "splits a path into script and rest", |line, _| {
        line.mark_head();
        line.arg("a regular expression");
        line.end();
    }),
    word(
        "set-param",
        "<name> <fmt> [if|unless <condition>]",
        "10.1",
        "a parameter of requests",
        |line, _| {
            line.mark_head();
            if line.arg("a name and a format").is_some() && line.log_format("a format").is_some() {
                line.condition();
            }
        },
    ),
]]);

pub(super) static HEALTHCHECK: Table<Other> = table(&[&[
    word("type", "<kind> [arguments]", "12.9", "the kind of check", |line, to| {
        line.mark_head();
        to.given.push("type");
        if let Some(kind) = checks::kind(line) {
            let kind = Spanned::new(kind, line.span());
            if let Some(first) = &to.check.kind {
                let message = "this check has a kind already";
                let finding = Diagnostic::new(codes::E0310, kind.span, message);
                return line.report(finding.related(first.span, "it is given here"));
            }
            if let Some((_, at)) = to.check_step.filter(|(http, _)| !takes(&kind.value, *http)) {
                let finding = Diagnostic::new(codes::E0310, kind.span, UNFIT);
                return line.report(finding.related(at, "the step is here"));
            }
            to.check.kind = Some(kind);
        }
    }),
    word("http-check", "<step> [arguments]", "12.9", "a step", |line, to| {
        let read = checks::http_step(line);
        step(line, to, read, true);
    }),
    word("tcp-check", "<step> [arguments]", "12.9", "a step", |line, to| {
        let read = checks::tcp_step(line);
        step(line, to, read, false);
    }),
]]);

const UNFIT: &str = "this kind of check has other steps";

/// Whether a kind of check takes the steps of `http-check`, or those of `tcp-check`.
fn takes(kind: &CheckKind, http: bool) -> bool {
    match kind {
        CheckKind::Http { .. } => http,
        CheckKind::TcpScript => !http,
        _ => false,
    }
}

fn step(line: &mut Directive<'_>, to: &mut Other, read: Option<checks::Step>, http: bool) {
    let at = line.keyword_span();
    if let Some(kind) = to.check.kind.as_ref().filter(|kind| !takes(&kind.value, http)) {
        let finding = Diagnostic::new(codes::E0310, at, UNFIT);
        return line.report(finding.related(kind.span, "the kind is given here"));
    }
    if let Some((_, first)) = to.check_step.filter(|(known, _)| *known != http) {
        let message = "steps of `http-check` and `tcp-check` exclude each other";
        let finding = Diagnostic::new(codes::E0310, at, message);
        return line.report(finding.related(first, "a step of the other kind is here"));
    }
    to.check_step.get_or_insert((http, at));
    if let Some((kind, comment)) = read {
        to.check.steps.push(HttpCheckStep { kind, comment, span: line.span() });
    }
}
