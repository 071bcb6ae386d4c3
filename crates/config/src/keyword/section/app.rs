//! `fcgi-app` and `healthcheck` (manual 10.1, 12.9).

use config_parse::condition;
use diag::Spanned;

use super::super::{Table, checks};
use super::{Other, table, word};
use crate::lower::Directive;
use crate::model::HttpCheckStep;

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
        if let Some(kind) = checks::kind(line) {
            to.check.kind = Some(Spanned::new(kind, line.span()));
            to.given.push("type");
        }
    }),
    word("http-check", "<step> [arguments]", "12.9", "a step", |line, to| {
        let read = checks::http_step(line);
        step(line, to, read);
    }),
    word("tcp-check", "<step> [arguments]", "12.9", "a step", |line, to| {
        let read = checks::tcp_step(line);
        step(line, to, read);
    }),
]]);

fn step(line: &Directive<'_>, to: &mut Other, read: Option<checks::Step>) {
    if let Some((kind, comment)) = read {
        to.check.steps.push(HttpCheckStep { kind, comment, span: line.span() });
    }
}
