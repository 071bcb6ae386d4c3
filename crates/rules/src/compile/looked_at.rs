//! Lines that are not carried out: what they say to samples and conditions is checked like any other.

use config::model::{LookedAt, Proxy, Spot};
use diag::{Diagnostic, codes};
use sample::{Compiled, Place, Type};

use super::section::Section;

/// Compiles every such line of a section, for its findings alone.
pub(super) fn check(proxy: &Proxy, s: &mut Section<'_, '_>) {
    for line in &proxy.looked_at {
        if let Some(place) = place(line.spot, s) {
            one(line, place, s);
        }
    }
}

fn one(line: &LookedAt, place: Place, s: &mut Section<'_, '_>) {
    let compiled = line.expr.as_ref().and_then(|expr| s.expr(expr, place));
    if let Some(format) = &line.format {
        s.format(format, place);
    }
    s.condition(line.condition.as_ref(), place);
    let (Some(compiled), Some(table)) = (compiled, &line.key_of) else { return };
    let (out, span) = (compiled.output(), line.span);
    if let Some(kind) = s.table_kind(table)
        && !suits(&compiled, &kind, s.shared.target.haproxy())
    {
        let message = format!("{} is no key of `{table}`, whose type is `{kind}`", out.describe());
        s.report(Diagnostic::new(codes::E0504, span, message));
    }
}

/// Whether samples of a type can be keys of a table of this kind.
fn suits(key: &Compiled, kind: &str, haproxy: Option<(u8, u8)>) -> bool {
    let wanted = match kind {
        "ip" => Type::Ipv4,
        "ipv6" => Type::Ipv6,
        "integer" => Type::Int,
        "string" => Type::Str,
        "binary" => Type::Bin,
        _ => return true,
    };
    key.becomes(haproxy, wanted)
}

/// The place in this half of a section; `None`: the other half looks at it.
fn place(spot: Spot, s: &Section<'_, '_>) -> Option<Place> {
    let front = s.front;
    let back_only = |place| (!front).then_some(place);
    match spot {
        Spot::Connection => front.then_some(Place::TcpConnection),
        Spot::Session => front.then_some(Place::TcpSession),
        Spot::Content => Some(s.pick(Place::FrontendTcpContent, Place::BackendTcpContent)),
        Spot::Request => Some(s.pick(Place::FrontendHttpRequest, Place::BackendHttpRequest)),
        Spot::TcpResponse => back_only(Place::BackendTcpResponse),
        Spot::Response => Some(s.pick(Place::FrontendHttpResponse, Place::BackendHttpResponse)),
        Spot::Match => back_only(Place::UseServer),
        Spot::Store => back_only(Place::StickStore),
        Spot::Source => back_only(Place::ServerSource),
        Spot::Check => back_only(Place::Check),
        Spot::Log => Some(Place::Log),
        Spot::Reading => None,
    }
}
