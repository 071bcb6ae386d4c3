//! `cache`, `http-errors`, `crt-store` and `acme` (manual 6.2, 12.4, 12.7, 12.8).

use diag::{Diagnostic, Spanned, codes};

use super::super::{Table, errors};
use super::{Other, one_value, table, word};
use crate::lower::{Directive, spanned};

pub(super) static CACHE: Table<Other> = table(&[&[
    word("total-max-size", "<megabytes>", "6.2.1", "the memory it may use", |line, to| {
        line.mark_head();
        if line.number("a number of megabytes", 0..=4095).is_some_and(|size| size.value > 0) {
            to.given.push("total-max-size");
        }
        line.end();
    }),
    word("max-object-size", "<bytes>", "6.2.1", "the largest response that is kept", |line, _| {
        line.mark_head();
        line.number("a number of bytes", 0..=i64::from(u32::MAX));
        line.end();
    }),
    word("max-age", "<seconds>", "6.2.1", "how long a response is fresh at most", |line, _| {
        line.word();
        line.end();
    }),
    word("max-secondary-entries", "<n>", "6.2.1", "variants of one response", |line, _| {
        line.mark_head();
        line.number("a number of entries", 1..=i64::from(u32::MAX));
        line.end();
    }),
    word("early-hints", "on|off", "6.2.1", "hints of kept responses are sent first", |line, _| {
        if line.target.is_2_6() {
            let at = line.keyword_span();
            line.error(codes::E0202, at, "`early-hints` is not known to HAProxy 2.6");
            return line.skip_rest();
        }
        // Quirk: what is not `on` is off.
        line.word();
        if line.peek().is_some() && line.choice("`ratio`", &[("ratio", ())]).is_some() {
            line.number("a share of requests in percent", 1..=99);
        }
        line.end();
    }),
    word("process-vary", "on|off", "6.2.1", "whether `Vary` is looked at", |line, _| {
        // Quirk: what is not `on` is off.
        line.word();
        line.end();
    }),
]]);

pub(super) static HTTP_ERRORS: Table<Other> =
    table(&[&[word("errorfile", "<code> <file>", "12.4", "the page of a status", |line, to| {
        line.mark_head();
        let Some(code) = line.arg("a status and a file") else { return };
        let status = code.text.parse().ok().filter(|status| errors::CODES.contains(status));
        if status.is_none() {
            let message = format!("no page can be replaced for `{}`", code.text);
            line.report(Diagnostic::new(codes::E0308, code.span, message));
        }
        if let (Some(file), Some(status)) = (line.text("a file"), status) {
            to.errorfiles.push(Spanned::new((status, file.value), line.span()));
        }
    })]]);

pub(super) static CRT_STORE: Table<Other> = table(&[&[
    word("crt-base", "<dir>", "12.7", "where certificates are", |line, _| {
        one_value(line, "a directory");
    }),
    word("key-base", "<dir>", "12.7", "where keys are", |line, _| one_value(line, "a directory")),
    word("load", "[crt <file>] [alias <name>] [options]", "12.7", "a certificate", load),
]]);

/// Options of `load`, and whether a value follows.
const LOAD: &[(&str, bool)] = &[
    ("crt", true),
    ("key", true),
    ("alias", true),
    ("ocsp", true),
    ("issuer", true),
    ("sctl", true),
    ("ocsp-update", true),
    ("acme", true),
    ("domains", true),
    ("jwt", true),
    ("generate-dummy", true),
    ("keytype", true),
    ("bits", true),
    ("curves", true),
];

fn load(line: &mut Directive<'_>, to: &mut Other) {
    line.mark_head();
    let mut file = None;
    while let Some(word) = line.word() {
        match LOAD.iter().find(|(name, _)| *name == word.text) {
            Some((name, true)) => {
                let Some(value) = line.value("a value").map(spanned) else { return };
                if *name == "crt" {
                    file = Some(value);
                }
            }
            Some(_) => {}
            None => {
                let names: Vec<&str> = LOAD.iter().map(|(name, _)| *name).collect();
                line.not_one_of(word, "an option of `load`", &names);
                return;
            }
        }
    }
    match file {
        Some(file) => to.once(line, &file, "certificate"),
        None => {
            line.arg("`crt` and a file");
        }
    }
}

macro_rules! setting {
    ($name:literal, $doc:literal) => {
        word($name, "<value>", "12.8", $doc, |line, to| {
            to.given.push($name);
            one_value(line, "a value");
        })
    };
}

pub(super) static ACME: Table<Other> = table(&[&[
    setting!("account-key", "the file of the account's key"),
    setting!("acme-vars", "variables for who answers challenges"),
    setting!("bits", "the size of RSA keys"),
    setting!("challenge", "how control over a name is shown"),
    setting!("challenge-ready", "when a challenge is asked to be looked at"),
    setting!("contact", "the address of the account"),
    setting!("curves", "the curve of EC keys"),
    setting!("directory", "the URL of the authority"),
    setting!("dns-delay", "how long to wait for a record"),
    setting!("dns-timeout", "how long a record may take"),
    setting!("eab-key-id", "the id of an account that exists elsewhere"),
    setting!("eab-mac-alg", "the algorithm of its code"),
    setting!("eab-mac-key", "the file of its key"),
    setting!("keytype", "the kind of keys"),
    setting!("map", "the map that holds challenges"),
    setting!("profile", "the profile of certificates"),
    setting!("provider-name", "the name of the DNS provider"),
    setting!("reuse-key", "whether a key is kept at renewal"),
]]);
