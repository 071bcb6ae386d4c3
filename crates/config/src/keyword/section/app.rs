//! `fcgi-app` and `healthcheck` (manual 10.1, 5.2).

use config_parse::condition;

use super::super::Table;
use super::{Other, one_value, table, word};
use crate::lower::Directive;

pub(super) static FCGI: Table<Other> = table(&[&[
    word("acl", "<name> <criterion> [patterns]", "10.1", "names a test", |line, _| {
        let words = line.rest();
        line.keep(condition::parse_acl(words));
    }),
    word("docroot", "<path>", "10.1", "the directory of the scripts", |line, to| {
        to.given.push("docroot");
        one_value(line, "a path");
    }),
    word("index", "<name>", "10.1", "the script of a directory", |line, _| {
        one_value(line, "a name");
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
        one_value(line, "a regular expression");
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
    word(
        "type",
        "<kind> [arguments]",
        "5.2",
        "the kind of check",
        |line: &mut Directive<'_>, _| {
            line.mark_head();
            let kinds = [
                "tcp-check",
                "httpchk",
                "ssl-hello-chk",
                "smtpchk",
                "pgsql-check",
                "redis-check",
                "mysql-check",
                "ldap-check",
                "spop-check",
            ];
            let Some(kind) = line.arg("a kind of check") else { return };
            if !kinds.contains(&kind.text.as_ref()) {
                line.not_one_of(kind, "a kind of check", &kinds);
            }
            line.skip_rest();
        },
    ),
    word("http-check", "<step> [arguments]", "5.2", "a step", |line, _| step(line)),
    word("tcp-check", "<step> [arguments]", "5.2", "a step", |line, _| step(line)),
]]);

fn step(line: &mut Directive<'_>) {
    line.mark_head();
    line.arg("a step");
    line.skip_rest();
}
