//! `balance`, `hash-type`, `hash-balance-factor` (manual 4.2).

use std::borrow::Cow;

use config_parse::expr;
use config_parse::tree::Word;
use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places, Table};
use crate::lower::{Directive, Draft};
use crate::model::{Balance, HashAffinity, HashFunction, HashMethod, HashType};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "balance",
        Places::BACK,
        "<algorithm> [arguments]",
        "4.2",
        "how a server is picked for a request",
        balance,
    ),
    Keyword::new(
        "hash-type",
        Places::BACK,
        "<method> <function> <modifier>",
        "4.2",
        "how a hash finds a server",
        hash_type,
    ),
    Keyword::new(
        "hash-balance-factor",
        // HAProxy takes it anywhere and says nothing.
        Places::ANY,
        "<factor>",
        "4.2",
        "how many percent of the average load a hashed server may carry",
        |line, draft| {
            let factor = line.wrapping("0, or a percentage above 100", 0..=i64::from(i32::MAX));
            // Quirk: HAProxy does not look at what follows.
            line.skip_rest();
            let Some(factor) = factor else { return };
            if (1..=100).contains(&factor.value) {
                let message = format!("`{}` is not 0 and not above 100", factor.value);
                line.error(codes::E0302, factor.span, message);
            } else {
                draft.proxy.hash_balance_factor =
                    Some(Spanned::new(factor.value as u32, line.span()));
            }
        },
    ),
    Keyword::new(
        "hash-preserve-affinity",
        Places::BACK,
        "always|maxconn|maxqueue",
        "4.2",
        "which full servers a hash passes over",
        |line, draft| {
            let choices = [
                ("always", HashAffinity::Always),
                ("maxconn", HashAffinity::MaxConn),
                ("maxqueue", HashAffinity::MaxQueue),
            ];
            let affinity = line.choice("`always`, `maxconn` or `maxqueue`", &choices);
            // Quirk: HAProxy does not look at what follows.
            line.skip_rest();
            draft.proxy.hash_affinity = affinity.or(draft.proxy.hash_affinity);
        },
    ),
];

fn balance(line: &mut Directive<'_>, draft: &mut Draft) {
    let span = line.span();
    let mut algorithm = None;
    match line.peek() {
        // HAProxy takes an empty `balance` as round robin.
        None => algorithm = Some(Balance::RoundRobin),
        Some(word) => {
            if !line.keyword(&ALGORITHMS, &mut algorithm) {
                let names: Vec<&str> =
                    ALGORITHMS.keywords.iter().copied().flatten().map(|known| known.name).collect();
                line.not_one_of(word, "a balance algorithm", &names);
            } else if let Some((name, inside)) = word.text.split_once('(')
                && (!matches!(name, "hdr" | "random" | "rdp-cookie") || !inside.ends_with(')'))
            {
                let message = format!("`{}` is not a balance algorithm", word.text);
                let finding = Diagnostic::new(codes::E0301, word.span, message);
                line.report(finding.help(match name {
                    "hdr" | "random" | "rdp-cookie" => format!("write `{name}(...)`"),
                    _ => format!("write `{name}`"),
                }));
            }
        }
    }
    if let Some(algorithm) = algorithm {
        draft.proxy.balance = Some(Spanned::new(algorithm, span));
    }
}

type Slot = Option<Balance>;

const fn algorithm(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Slot),
) -> Keyword<Slot> {
    Keyword::new(name, Places::INSIDE, args, "4.2", doc, lower)
}

/// The algorithms. Words behind those without arguments are ignored, as HAProxy does.
pub(crate) static ALGORITHMS: Table<Slot> = Table {
    noun: "balance algorithm",
    keywords: &[&[
        algorithm("roundrobin", "", "in turn, by weight", |_, to| *to = Some(Balance::RoundRobin)),
        algorithm("static-rr", "", "in turn, with fixed weights", |_, to| {
            *to = Some(Balance::StaticRr);
        }),
        algorithm("leastconn", "", "the server with the fewest connections", |_, to| {
            *to = Some(Balance::LeastConn);
        }),
        algorithm("first", "", "the first server with a free slot", |_, to| {
            *to = Some(Balance::First);
        }),
        algorithm("source", "", "by the client's address", |_, to| *to = Some(Balance::Source)),
        algorithm("random", "[(<draws>)]", "the least loaded of some drawn at random", random),
        algorithm("uri", "[whole] [path-only] [len n] [depth n]", "by the request's URI", uri),
        algorithm("url_param", "<name> [check_post]", "by a parameter of the query", url_param),
        algorithm("hdr", "(<name>) [use_domain_only]", "by a request header", hdr),
        algorithm("rdp-cookie", "[(<name>)]", "by the cookie of RDP", |line, to| {
            let name = argument(line).filter(|name| !name.is_empty());
            *to = Some(Balance::RdpCookie { name: name.unwrap_or_else(|| "mstshash".into()) });
        }),
        algorithm(
            "log-hash",
            "<converters>",
            "by what converters make of a log line",
            |line, to| {
                let Some(word) = line.arg("converters") else { return };
                // The message is what a connection without a request would have sent.
                let text = format!("req.payload(0,0),{}", word.text);
                let read = expr::parse_words(&[Word::new(Cow::Owned(text), word.span)], &|_| false);
                *to = line.keep(read).map(|(expr, _)| Balance::LogHash(expr));
                line.skip_rest();
            },
        ),
        algorithm("sticky", "", "one server for all log lines while it is up", |_, to| {
            *to = Some(Balance::Sticky);
        }),
        algorithm("hash", "<expression>", "by a sample", |line, to| {
            *to = line.expr("an expression").map(Balance::Hash);
            line.end();
        }),
    ]],
    missing: &[],
};

/// What stands in the parentheses of the word read last.
fn argument(line: &Directive<'_>) -> Option<String> {
    let (_, inside) = line.last()?.text.split_once('(')?;
    Some(inside.strip_suffix(')').unwrap_or(inside).to_owned())
}

fn random(line: &mut Directive<'_>, to: &mut Slot) {
    let draws = match argument(line) {
        None => Some(2),
        Some(text) => text.parse().ok().filter(|draws| *draws > 0),
    };
    match (draws, line.last()) {
        (Some(draws), _) => *to = Some(Balance::Random { draws }),
        (None, Some(word)) => {
            line.error(
                codes::E0302,
                word.span,
                "the number of draws is a whole number, at least 1",
            );
        }
        (None, None) => {}
    }
}

fn uri(line: &mut Directive<'_>, to: &mut Slot) {
    let (mut whole, mut path_only, mut len, mut depth) = (false, false, 0, 0);
    while let Some(word) = line.word() {
        match word.text.as_ref() {
            "whole" => whole = true,
            "path-only" => path_only = true,
            "len" => match line.number("a number of characters", 1..=i64::from(u32::MAX)) {
                Some(number) => len = number.value as u32,
                None => return,
            },
            "depth" => match line.number("a number of directories", 1..=i64::from(u32::MAX)) {
                // The leading slash is one more.
                Some(number) => depth = number.value as u32,
                None => return,
            },
            _ => {
                let allowed = ["len", "depth", "whole", "path-only"];
                line.not_one_of(word, "an argument of `balance uri`", &allowed);
                return;
            }
        }
    }
    *to = Some(Balance::Uri { whole, path_only, len, depth });
}

fn url_param(line: &mut Directive<'_>, to: &mut Slot) {
    let Some(name) = line.arg("the name of a parameter") else { return };
    let check_post = line.take("check_post");
    if check_post && line.peek().is_some() {
        // `max_wait` of old: HAProxy reads a number and does nothing with it.
        line.number("a number of bytes (which has no effect)", 0..=i64::MAX);
    } else if let Some(word) = line.peek() {
        line.not_one_of(word, "an argument of `balance url_param`", &["check_post"]);
        return;
    }
    *to = Some(Balance::UrlParam { name: name.text.to_string(), check_post });
}

fn hdr(line: &mut Directive<'_>, to: &mut Slot) {
    let name = argument(line).filter(|name| !name.is_empty());
    let Some(name) = name else {
        let at = line.keyword_span().to(line.span());
        line.error(codes::E0204, at, "`balance hdr` needs the name of a header: `hdr(x-user)`");
        return;
    };
    let use_domain_only = line.take("use_domain_only");
    if let Some(word) = line.peek() {
        line.not_one_of(word, "an argument of `balance hdr`", &["use_domain_only"]);
        return;
    }
    *to = Some(Balance::Hdr { name, use_domain_only });
}

fn hash_type(line: &mut Directive<'_>, draft: &mut Draft) {
    let methods = [("map-based", HashMethod::MapBased), ("consistent", HashMethod::Consistent)];
    let Some(method) = line.choice("`map-based` or `consistent`", &methods) else {
        line.rest();
        return;
    };
    let mut hash = HashType { method: method.value, ..HashType::default() };
    let functions = [
        ("sdbm", HashFunction::Sdbm),
        ("djb2", HashFunction::Djb2),
        ("wt6", HashFunction::Wt6),
        ("crc32", HashFunction::Crc32),
        ("none", HashFunction::None),
    ];
    if line.peek().is_some() {
        match line.choice("a hash function", &functions) {
            Some(function) => hash.function = function.value,
            None => return,
        }
    } else {
        // A ring without a named function is mixed, so that alike keys do not meet on it.
        hash.avalanche = method.value == HashMethod::Consistent;
    }
    if line.peek().is_some() {
        if line.choice("a modifier", &[("avalanche", ())]).is_none() {
            return;
        }
        hash.avalanche = true;
    }
    draft.proxy.hash_type = Some(Spanned::new(hash, line.span()));
}
