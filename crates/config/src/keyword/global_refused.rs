//! Directives of `global` that `proxyd` refuses: their words are checked as HAProxy checks them.

use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places};
use crate::lower::Directive;
use crate::model::Global;

const fn global(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Global),
) -> Keyword<Global> {
    Keyword::new(name, Places::GLOBAL, args, "3.1", doc, lower)
}

const TLS: &str = "TLS is not built";
const TLS_PRESET: &str = "TLS is not built: it is a preset of `ssl` lines, which are refused";

/// Options that both sides have.
const TLS_OPTIONS: &[&str] = &[
    "force-sslv3",
    "force-tlsv10",
    "force-tlsv11",
    "force-tlsv12",
    "force-tlsv13",
    "no-sslv3",
    "no-tls-tickets",
    "no-tlsv10",
    "no-tlsv11",
    "no-tlsv12",
    "no-tlsv13",
    "ssl-max-ver",
    "ssl-min-ver",
];

pub(super) const KEYWORDS: &[Keyword<Global>] = &[
    global("ssl-default-bind-ciphers", "<list>", "ciphers of listeners", |line, to| {
        ciphers(line, to, false);
    })
    .ignored(TLS),
    global("ssl-default-server-ciphers", "<list>", "ciphers of servers", |line, to| {
        ciphers(line, to, true);
    })
    .ignored(TLS),
    global("ssl-default-bind-ciphersuites", "<list>", "TLS 1.3 of listeners", |line, to| {
        ciphersuites(line, to, false);
    })
    .ignored(TLS),
    global("ssl-default-server-ciphersuites", "<list>", "TLS 1.3 of servers", |line, to| {
        ciphersuites(line, to, true);
    })
    .ignored(TLS),
    global("ssl-default-bind-options", "<option>...", "options of listeners", |line, _| {
        tls_options(
            line,
            &["prefer-client-ciphers"],
            &["strict-sni", "no-strict-sni", "tls-tickets"],
        );
    })
    .ignored(TLS_PRESET),
    global("ssl-default-server-options", "<option>...", "options of servers", |line, _| {
        tls_options(line, &[], &["renegotiate", "no-renegotiate"]);
    })
    .ignored(TLS_PRESET),
    global("ssl-server-verify", "none|required", "looks at servers' certificates", |line, to| {
        let ways = [("none", true), ("required", false)];
        if let Some(none) = line.choice("`none` or `required`", &ways) {
            to.ssl_server_verify_none = none.value;
        }
        line.end();
    })
    .ignored(TLS),
    global("ca-base", "<dir>", "where files of authorities are", base).ignored(TLS_PRESET),
    global("crt-base", "<dir>", "where certificates are", base).ignored(TLS_PRESET),
    global("key-base", "<dir>", "where keys are", base).ignored(TLS_PRESET),
    global("lua-load", "<file> [arguments]", "loads a script", script).refused("Lua is not built"),
    global("lua-load-per-thread", "<file> [arguments]", "loads a script", script)
        .refused("Lua is not built"),
];

fn ciphers(line: &mut Directive<'_>, to: &mut Global, servers: bool) {
    if let Some(list) = line.text("a list of ciphers") {
        to.ssl_default_ciphers.push((servers, list));
    }
    line.end();
}

fn ciphersuites(line: &mut Directive<'_>, to: &mut Global, servers: bool) {
    if let Some(list) = line.text("a list of ciphers") {
        to.ssl_default_ciphersuites.push((servers, list));
    }
    line.end();
}

/// A directory, which may be given once.
fn base(line: &mut Directive<'_>, to: &mut Global) {
    let name = line.phrase();
    if line.text("a directory").is_none() {
        return;
    }
    line.end();
    if let Some(first) = to.once.iter().find(|first| first.value == name) {
        let message = format!("`{name}` was given already");
        let finding = Diagnostic::new(codes::E0310, line.keyword_span(), message);
        line.report(finding.related(first.span, "the first is here"));
    }
    to.once.push(Spanned::new(name, line.keyword_span()));
}

/// Options; `newer` ones came after 2.6.
fn tls_options(line: &mut Directive<'_>, own: &[&str], newer: &[&str]) {
    let newer = if line.target.is_2_6() { &[] } else { newer };
    let known = [TLS_OPTIONS, own, newer].concat();
    loop {
        let is_version = line.peek_text().ends_with("-ver");
        if !line.one_of(&known) {
            return line.skip_rest();
        }
        if is_version && !line.one_of(&["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]) {
            return line.skip_rest();
        }
        if line.peek().is_none() {
            return;
        }
    }
}

fn script(line: &mut Directive<'_>, to: &mut Global) {
    if line.arg("a file").is_some() {
        to.scripts = to.scripts.or(Some(line.span()));
    }
    line.skip_rest();
}
