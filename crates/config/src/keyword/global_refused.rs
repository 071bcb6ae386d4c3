//! Directives of `global` that `proxyd` refuses: their words are checked as HAProxy checks them.

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

pub(super) const KEYWORDS: &[Keyword<Global>] = &[
    global("ssl-default-bind-ciphers", "<list>", "ciphers of listeners", |line, to| {
        ciphers(line, to, false);
    })
    .ignored(TLS),
    global("ssl-default-server-ciphers", "<list>", "ciphers of servers", |line, to| {
        ciphers(line, to, true);
    })
    .ignored(TLS),
    global("ssl-server-verify", "none|required", "looks at servers' certificates", |line, to| {
        let ways = [("none", true), ("required", false)];
        if let Some(none) = line.choice("`none` or `required`", &ways) {
            to.ssl_server_verify_none = none.value;
        }
        line.end();
    })
    .ignored(TLS),
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

fn script(line: &mut Directive<'_>, to: &mut Global) {
    if line.arg("a file").is_some() {
        to.scripts = to.scripts.or(Some(line.span()));
    }
    line.skip_rest();
}
