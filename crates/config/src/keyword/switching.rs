//! Which backend and server: `use_backend`, `default_backend`, `use-server`, `dispatch` (manual 4.2).

use diag::{Diagnostic, Spanned, codes};

use super::options::switch;
use super::{Keyword, Places};
use crate::lower::{AddressUse, Draft};
use crate::model::{LookedAt, Spot, SwitchingRule, UseServerRule};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "use_backend",
        Places::FRONT.no_defaults(),
        "<backend> [if|unless <condition>]",
        "4.2",
        "sends requests to a backend; the first line that holds wins",
        |line, draft| {
            let Some(backend) = line.log_format("the name of a backend") else {
                line.rest();
                return;
            };
            let Some(condition) = line.condition() else { return };
            // Quirk: a backend does not use the line, and HAProxy reads the name all the same.
            if line.place.name() == "backend" {
                let format = Some(backend.value.clone());
                let looked_at = LookedAt { format, ..LookedAt::new(Spot::Request, line.span()) };
                draft.proxy.looked_at.push(looked_at);
            }
            draft.proxy.switching.push(SwitchingRule { backend, condition, span: line.span() });
        },
    ),
    Keyword::new(
        "default_backend",
        Places::FRONT,
        "<backend>",
        "4.2",
        "the backend when no `use_backend` line holds",
        |line, draft| {
            if let Some(name) = line.text("the name of a backend") {
                line.end();
                draft.proxy.default_backend = Some(name);
            }
        },
    ),
    Keyword::new(
        "force-be-switch",
        Places::FRONT.no_defaults().strict(),
        "if|unless <condition>",
        "4.2",
        "when a backend that is disabled or unpublished is switched to",
        |line, draft| {
            draft.proxy.force_switch.extend(line.condition_required());
        },
    ),
    Keyword::new(
        "be-unpublished",
        Places::BACK.no_defaults().strict(),
        "",
        "4.2",
        "no rule switches to it until `publish backend` is ordered",
        |line, draft| {
            draft.proxy.unpublished = Some(line.span());
            // Quirk: HAProxy does not look at what follows.
            line.skip_rest();
        },
    ),
    Keyword::new(
        "use-server",
        Places::BACK.no_defaults(),
        "<server> if|unless <condition>",
        "4.2",
        "sends requests to one server",
        |line, draft| {
            let Some(server) = line.log_format("the name of a server") else {
                line.rest();
                return;
            };
            let Some(condition) = line.condition_required() else { return };
            let condition = Some(condition);
            draft.proxy.use_server.push(UseServerRule { server, condition, span: line.span() });
        },
    ),
    Keyword::new(
        "dispatch",
        Places::BACK.no_defaults(),
        "<address>:<port>",
        "4.2",
        "one server address without a name",
        |line, draft| {
            if line.target.is_from(3, 5) {
                let message = "`dispatch` was removed from the language";
                let finding = Diagnostic::new(codes::E0209, line.keyword_span(), message);
                line.report(finding.help("write a `server` line with the same address"));
                line.skip_rest();
                return;
            }
            let Some(word) = line.arg("an address") else { return };
            line.end();
            if let Some(address) = line.address(word, AddressUse::Dispatch) {
                draft.proxy.dispatch = Some(Spanned::new(address, line.span()));
            }
        },
    ),
    Keyword::new(
        "transparent",
        Places::BACK,
        "",
        "4.2",
        "the old name of `option transparent`",
        |line, draft| switch(line, &mut draft.proxy.options.transparent),
    ),
];
