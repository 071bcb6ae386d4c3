//! `server`, `server-template`, `default-server` lines (manual 4.2, 5.2).

use diag::{Diagnostic, Span, Spanned, codes};

use super::{Keyword, Places, SERVER_OPTIONS};
use crate::lower::{AddressUse, Directive, Draft, leading_number, names};
use crate::model::{LookedAt, Proxy, Server, ServerSettings, Spot};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "server",
        Places::BACK.no_defaults().strict(),
        "<name> <address>[:<port>] [options]",
        "4.2",
        "a server",
        |line, draft| {
            let what = "a name and an address";
            let Some(name) = line.text(what) else { return };
            names::check(line, &name, "a server");
            if let Some(server) = server(line, &draft.default_server, &mut draft.proxy, name) {
                draft.proxy.servers.push(server);
            }
            draft.declared.mentions.append(&mut line.mentions);
        },
    ),
    Keyword::new(
        "default-server",
        Places::BACK.strict(),
        "[options]",
        "4.2",
        "settings of the servers below",
        |line, draft| line.options(&SERVER_OPTIONS, &mut draft.default_server),
    ),
    Keyword::new(
        "server-template",
        Places::BACK.no_defaults().strict(),
        "<prefix> <n>|<from>-<to> <address>[:<port>] [options]",
        "4.2",
        "several servers that differ in their names only",
        template,
    ),
];

fn server(
    line: &mut Directive<'_>,
    defaults: &ServerSettings,
    proxy: &mut Proxy,
    name: Spanned<String>,
) -> Option<Server> {
    let word = line.arg("an address")?;
    let address = line.address(word, AddressUse::Server);
    let mut settings = defaults.clone();
    line.options(&SERVER_OPTIONS, &mut settings);
    let samples = std::mem::take(&mut line.samples);
    proxy.looked_at.extend(
        samples
            .into_iter()
            .map(|expr| LookedAt { expr: Some(expr), ..LookedAt::new(Spot::Source, line.span()) }),
    );
    // A server whose address cannot be read stays known by name: one cause, one error.
    let address = address.unwrap_or_else(|| unreadable(word.span));
    Some(Server { name, address, settings, span: line.span() })
}

/// Stands for an address that was reported.
fn unreadable(span: Span) -> config_parse::address::Address {
    use config_parse::address::{Address, AddressKind};
    Address { kind: AddressKind::Other(String::new()), span }
}

/// As many servers as a template may make here; more is a slip of the hand.
const MAX_TEMPLATE: u32 = 65_536;

/// As many servers as the templates of one section may make.
const MAX_SERVERS: usize = 1 << 18;

fn template(line: &mut Directive<'_>, draft: &mut Draft) {
    let Some(prefix) = line.text("a prefix, a number and an address") else { return };
    names::check(line, &prefix, "a server");
    let Some(range) = line.arg("a number or a range") else { return };
    // Quirk: HAProxy reads the digits and looks at nothing behind them.
    let number = |text: &str| u32::try_from(leading_number(text)).ok();
    let read = match range.text.split_once('-') {
        Some(("", _)) => None,
        Some((low, high)) => number(low).zip(number(high)),
        // None is refused below: from 1 to 0.
        None => number(&range.text).map(|count| (1, count)),
    };
    let Some((low, high)) = read.filter(|(low, high)| low <= high && high - low < MAX_TEMPLATE)
    else {
        let message = format!("`{}` is not a number or range of servers", range.text);
        let finding = Diagnostic::new(codes::E0302, range.span, message);
        line.report(finding.help("write `5`, or `1-5`"));
        return;
    };
    if draft.proxy.servers.len() + (high - low) as usize > MAX_SERVERS {
        let message = format!("templates make more than {MAX_SERVERS} servers of this section");
        line.report(Diagnostic::new(codes::E0709, range.span, message));
        return;
    }
    let Some(first) = server(line, &draft.default_server, &mut draft.proxy, prefix) else { return };
    draft.proxy.servers.extend((low..=high).map(|number| {
        let name = first.name.clone().map(|prefix| format!("{prefix}{number}"));
        Server { name, ..first.clone() }
    }));
}
