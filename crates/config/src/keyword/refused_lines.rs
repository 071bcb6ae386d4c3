//! Directives of proxies that `proxyd` refuses by name: their words are checked as HAProxy checks them.

use config_parse::tree::Word;
use diag::codes;

use super::{Keyword, Places, Shape, log};
use crate::lower::{Directive, Draft, spanned};
use crate::model::{Mention, Noun};

const fn directive(
    name: &'static str,
    places: Places,
    args: &'static str,
    why: &'static str,
    lower: fn(&mut Directive<'_>, &mut Draft),
) -> Keyword<Draft> {
    Keyword::new(name, places, args, "4.2", why, lower).refused(why)
}

/// One whose value only has a shape.
const fn shaped(
    name: &'static str,
    places: Places,
    shape: Shape,
    why: &'static str,
) -> Keyword<Draft> {
    directive(name, places, "", why, |line, _| line.skip_rest()).shaped(shape)
}

const PROBES: &str = "keep-alive probes are tuned by the system";
const INTEGER: Shape = Shape::Then(&Shape::Whole(i32::MIN, i32::MAX));
const SECONDS: Shape = Shape::Then(&Shape::Seconds);

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    directive(
        "compression",
        Places::ANY,
        "algo|type|offload|... [arguments]",
        "compression is not built yet",
        |line, _| compression(line),
    ),
    directive(
        "email-alert",
        Places::ANY,
        "from|to|level|mailers|myhostname <value>",
        "no mail is sent: watch the log lines of the same events",
        email_alert,
    )
    .ignored("no mail is sent: watch the log lines of the same events"),
    directive(
        "filter-sequence",
        Places::ANY.no_defaults(),
        "request|response <filter>[,...]",
        "filters are not built",
        |line, _| {
            line.one_of(&["request", "response"]);
            line.arg("a list of filters");
            line.skip_rest();
        },
    ),
    shaped("clitcpka-cnt", Places::FRONT, INTEGER, PROBES),
    shaped("clitcpka-idle", Places::FRONT, SECONDS, PROBES),
    shaped("clitcpka-intvl", Places::FRONT, SECONDS, PROBES),
    shaped("srvtcpka-cnt", Places::BACK, INTEGER, PROBES),
    shaped("srvtcpka-idle", Places::BACK, SECONDS, PROBES),
    shaped("srvtcpka-intvl", Places::BACK, SECONDS, PROBES),
    Keyword::new("bind-process", Places::ANY, "<n>", "4.2", "which processes listen", |line, _| {
        bind_process(line);
    })
    .ignored("there is one process"),
];

const ALGORITHMS: &[&str] = &["identity", "gzip", "deflate", "raw-deflate"];

fn compression(line: &mut Directive<'_>) {
    let old = ["algo", "type", "offload"];
    let new = [
        "algo",
        "algo-req",
        "algo-res",
        "type",
        "type-req",
        "type-res",
        "direction",
        "offload",
        "minsize-req",
        "minsize-res",
    ];
    let known: &[&str] = if line.target.is_2_6() { &old } else { &new };
    let what = line.peek_text();
    if !line.one_of(known) {
        return line.skip_rest();
    }
    match what {
        "offload" => {}
        "direction" => {
            line.one_of(&["request", "response", "both"]);
        }
        "minsize-req" | "minsize-res" => {
            line.size("a size");
        }
        what if what.starts_with("algo") => {
            while line.one_of(ALGORITHMS) && line.peek().is_some() {}
        }
        _ => {
            line.value("a type of media");
        }
    }
    line.skip_rest();
}

fn email_alert(line: &mut Directive<'_>, draft: &mut Draft) {
    let what = line.peek_text();
    if !line.one_of(&["from", "level", "mailers", "myhostname", "to"]) {
        return line.skip_rest();
    }
    let value: Option<&Word<'_>> = line.word();
    match (what, value) {
        ("level", Some(word)) if !log::LEVELS.contains(&word.text.as_ref()) => {
            line.not_one_of(word, "a level", log::LEVELS);
        }
        ("level", None) => {
            line.arg("a level");
        }
        ("mailers", Some(word)) => {
            draft.email.mailers = Some(Mention { noun: Noun::Mailers, name: spanned(word) });
        }
        ("from", _) => draft.email.from = true,
        ("to", _) => draft.email.to = true,
        _ => {}
    }
    line.skip_rest();
}

fn bind_process(line: &mut Directive<'_>) {
    if line.target.is_from(2, 8) {
        let message = "`bind-process` was removed from the language";
        line.removed(message, "leave it out: there is one process, with threads");
        return line.skip_rest();
    }
    while let Some(word) = line.word() {
        if !matches!(word.text.as_ref(), "all" | "odd" | "even" | "1" | "1-1") {
            let message = format!("`{}` is not a process: there is one", word.text);
            line.error(codes::E0302, word.span, message);
        }
    }
}
