//! `cookie`: persistence by a cookie (manual 4.2).

use std::time::Duration;

use config_parse::quantity::Unit;
use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places, Table};
use crate::lower::{Directive, Draft};
use crate::model::{Cookie, CookieMode, Setting};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "cookie",
        Places::BACK,
        "<name> [rewrite|insert|prefix] [flags]",
        "4.2",
        "keeps a client on its server by a cookie",
        cookie,
    ),
    Keyword::new(
        "dynamic-cookie-key",
        Places::BACK,
        "<text>",
        "4.2",
        "the secret from which `cookie ... dynamic` makes values",
        |line, draft: &mut Draft| {
            let key = line.text("a text");
            line.skip_rest();
            draft.proxy.dynamic_cookie_key = key.or(draft.proxy.dynamic_cookie_key.take());
        },
    ),
];

/// A cookie line while it is read: which mode word stood there, to name both when there are two.
pub(crate) struct Flags {
    cookie: Cookie,
    mode_at: Setting<CookieMode>,
    broken: bool,
}

const fn flag(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Flags),
) -> Keyword<Flags> {
    Keyword::new(name, Places::INSIDE, args, "4.2", doc, lower)
}

/// The flags of a `cookie` line.
pub(crate) static FLAGS: Table<Flags> = Table {
    noun: "flag of `cookie`",
    keywords: &[&[
        flag("rewrite", "", "the server's value is replaced", |line, to| {
            mode(line, to, CookieMode::Rewrite);
        }),
        flag("insert", "", "the cookie is added to responses", |line, to| {
            mode(line, to, CookieMode::Insert);
        }),
        flag("prefix", "", "the server's name is put before the value", |line, to| {
            mode(line, to, CookieMode::Prefix);
        }),
        flag("indirect", "", "the server does not see the cookie", |_, to| {
            to.cookie.indirect = true
        }),
        flag("nocache", "", "responses with the cookie are not cached", |_, to| {
            to.cookie.nocache = true;
        }),
        flag("postonly", "", "inserted in answers to POST only", |_, to| to.cookie.postonly = true),
        flag("preserve", "", "a cookie that the server sets stays", |_, to| {
            to.cookie.preserve = true
        }),
        flag("httponly", "", "adds `HttpOnly`", |_, to| to.cookie.httponly = true),
        flag("secure", "", "adds `Secure`", |_, to| to.cookie.secure = true),
        flag("dynamic", "", "values are made from addresses and a key", |_, to| {
            to.cookie.dynamic = true;
        }),
        flag("domain", "<domain>", "adds `domain=`", domain),
        flag("maxidle", "<time>", "how long a cookie may go unused", |line, to| {
            to.cookie.maxidle = lifetime(line, to).or(to.cookie.maxidle);
        }),
        flag("maxlife", "<time>", "how old a cookie may become", |line, to| {
            to.cookie.maxlife = lifetime(line, to).or(to.cookie.maxlife);
        }),
        flag("attr", "<text>", "adds an attribute", |line, to| match line.value("an attribute") {
            Some(word) => to.cookie.attrs.push(word.text.to_string()),
            None => to.broken = true,
        }),
    ]],
    missing: &[],
};

fn cookie(line: &mut Directive<'_>, draft: &mut Draft) {
    let Some(name) = line.text("the name of a cookie") else { return };
    let mut flags = Flags { cookie: Cookie::passive(name.value), mode_at: None, broken: false };
    while let Some(word) = line.peek() {
        if !line.keyword(&FLAGS, &mut flags) {
            let names: Vec<&str> =
                FLAGS.keywords.iter().copied().flatten().map(|known| known.name).collect();
            line.not_one_of(word, "a flag of `cookie`", &names);
            line.rest();
            return;
        }
    }
    let inserts = flags.cookie.mode == CookieMode::Insert || flags.cookie.indirect;
    if flags.cookie.preserve && !inserts && !flags.broken {
        let message = "`preserve` needs `insert` or `indirect`";
        line.error(codes::E0310, line.span(), message);
        return;
    }
    let rewrite = flags.cookie.mode == CookieMode::Rewrite;
    if let (true, true, Some(mode)) = (rewrite, flags.cookie.indirect, flags.mode_at) {
        line.error(codes::E0310, mode.span, "`rewrite` and `indirect` cannot stand together");
    } else if !flags.broken {
        draft.proxy.cookie = Some(Spanned::new(flags.cookie, line.span()));
    }
}

impl Cookie {
    /// A cookie that only the server writes.
    pub fn passive(name: String) -> Self {
        Self {
            name,
            mode: CookieMode::Passive,
            indirect: false,
            nocache: false,
            postonly: false,
            preserve: false,
            httponly: false,
            secure: false,
            dynamic: false,
            domains: Vec::new(),
            maxidle: None,
            maxlife: None,
            attrs: Vec::new(),
        }
    }
}

fn mode(line: &mut Directive<'_>, to: &mut Flags, mode: CookieMode) {
    let Some(word) = line.last() else { return };
    match to.mode_at {
        Some(first) if first.value != mode => {
            let message = "`rewrite`, `insert` and `prefix` exclude each other";
            let finding = Diagnostic::new(codes::E0310, word.span, message);
            line.report(finding.related(first.span, "the mode was chosen here"));
            to.broken = true;
        }
        _ => to.mode_at = Some(Spanned::new(mode, word.span)),
    }
    to.cookie.mode = mode;
}

fn lifetime(line: &mut Directive<'_>, to: &mut Flags) -> Option<Duration> {
    let time = line.duration("a time, such as `8h`", Unit::Second);
    to.broken |= time.is_none();
    time.map(|time| time.value)
}

fn domain(line: &mut Directive<'_>, to: &mut Flags) {
    let Some(word) = line.value("a domain") else {
        to.broken = true;
        return;
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !word.text.chars().all(is_part) {
        let message = format!("`{}` is no name of a domain", word.text);
        line.error(codes::E0307, word.span, message);
        to.broken = true;
        return;
    }
    if !word.text.get(1..).is_some_and(|rest| rest.contains('.')) {
        let message =
            format!("browsers ignore a cookie for `{}`: no dot is inside of it", word.text);
        line.report(Diagnostic::new(codes::W0311, word.span, message));
    }
    to.cookie.domains.push(word.text.to_string());
}
