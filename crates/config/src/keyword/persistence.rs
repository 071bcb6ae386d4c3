//! When persistence holds: `persist`, `force-persist`, `ignore-persist`; what servers are told (manual 4.2).

use config_parse::address::{AddressKind, Host};
use diag::{Spanned, codes};

use super::{Keyword, Places};
use crate::lower::{AddressUse, Directive, Draft, spanned};
use crate::model::PersistRule;

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "persist",
        Places::ANY,
        "rdp-cookie[(<name>)]",
        "4.2",
        "keeps an RDP client on its server",
        |line, draft: &mut Draft| {
            let Some(word) = line.arg("`rdp-cookie`") else { return };
            let name = match word.text.split_once('(') {
                None if word.text == "rdp-cookie" => String::from("msts"),
                Some(("rdp-cookie", inside)) => inside.trim_end_matches(')').to_owned(),
                _ => {
                    line.not_one_of(word, "a persistence method", &["rdp-cookie"]);
                    return;
                }
            };
            draft.proxy.persist_rdp_cookie = Some(Spanned::new(name, line.span()));
        },
    ),
    Keyword::new(
        "force-persist",
        Places::BACK.no_defaults(),
        "if|unless <condition>",
        "4.2",
        "when a client keeps a server that is down",
        |line, draft| rule(line, draft, true),
    ),
    Keyword::new(
        "ignore-persist",
        Places::BACK.no_defaults(),
        "if|unless <condition>",
        "4.2",
        "when the cookie is not looked at",
        |line, draft| rule(line, draft, false),
    ),
    Keyword::new(
        "load-server-state-from-file",
        Places::BACK,
        "global|local|none",
        "4.2",
        "where the states of its servers are read from at the start",
        |line, draft| {
            let from = line.peek().map(spanned);
            if line.one_of(&["global", "local", "none"]) {
                draft.proxy.load_server_state = from;
            }
            line.skip_rest();
        },
    ),
    Keyword::new(
        "server-state-file-name",
        Places::BACK,
        "[<file>]",
        "4.2",
        "the file that `load-server-state-from-file local` reads",
        |line, draft| {
            let own = Spanned::new(String::new(), line.span());
            draft.proxy.server_state_file_name = Some(line.word().map_or(own, spanned));
            line.end();
        },
    ),
    Keyword::new(
        "http-send-name-header",
        Places::BACK,
        "<name>",
        "4.2",
        "a request header that carries the server's name",
        |line, draft| {
            let Some(name) = line.text("the name of a header") else { return };
            line.skip_rest();
            if line.target.is_from(3, 0) && name.value.eq_ignore_ascii_case("host") {
                let message =
                    "`Host` is the client's own header and cannot carry the server's name";
                line.error(codes::E0301, name.span, message);
                return;
            }
            draft.proxy.http_send_name_header = Some(name);
        },
    ),
    Keyword::new(
        "source",
        Places::BACK,
        "<address>[:<port>] [usesrc ...] [interface <name>]",
        "4.2",
        "the address that connections to servers come from",
        |line, draft| {
            let address = source(line);
            if let Some(extra) = line.peek() {
                line.not_one_of(extra, "an argument of `source`", &["interface", "usesrc"]);
                line.skip_rest();
            }
            if let Some(address) = address {
                draft.proxy.source = Some(Spanned::new(address, line.span()));
            }
        },
    ),
];

fn rule(line: &mut Directive<'_>, draft: &mut Draft, force: bool) {
    if let Some(condition) = line.condition_required() {
        let span = line.span();
        draft.proxy.persist_rules.push(PersistRule { force, condition, span });
    }
}

/// What stands behind `usesrc`.
fn usesrc(line: &mut Directive<'_>) -> Option<()> {
    let word = line.value("an address, `client`, `clientip` or `hdr_ip(NAME)`")?;
    let is_known = matches!(word.text.as_ref(), "client" | "clientip")
        || word.text.starts_with("hdr_ip(") && word.text.len() > "hdr_ip()".len();
    if !is_known
        && let Some(address) = line.address(word, AddressUse::Source)
        && let AddressKind::Inet { host: Host::Name(name), .. } = &address.kind
    {
        let message = format!("names are not looked up here: `{name}` is no address");
        line.error(codes::E0305, address.span, message);
    }
    Some(())
}

/// The arguments of `source`, on a line of its own or on a `server` line.
pub(super) fn source(line: &mut Directive<'_>) -> Option<config_parse::address::Address> {
    let word = line.value("an address")?;
    let address = line.address(word, AddressUse::Source);
    loop {
        match line.peek_text() {
            "usesrc" => {
                let word = line.word()?;
                line.refuse_as(codes::E0207, "transparent proxying is not built yet", word);
                usesrc(line)?;
            }
            "interface" => {
                let word = line.word()?;
                line.refuse_as(codes::E0207, "binding to an interface is not built yet", word);
                line.value("the name of an interface")?;
            }
            _ => return address,
        }
    }
}
