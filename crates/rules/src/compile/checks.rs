//! The steps of health checks: they run without a stream, but what is wrong in them is found with all others.

use config::model::{ConnectStep, ExpectStep, HttpCheckStep, StepKind};
use config_parse::log_format::LogFormat;
use health::script::Part;
use sample::Place;

use super::section::Section;
use crate::check_formats::{Asked, CheckFormats, StepAsks};

/// What the steps of a check ask for while a check runs; reports what cannot be compiled.
pub(super) fn compile(steps: &[HttpCheckStep], s: &mut Section<'_, '_>) -> CheckFormats {
    let mut formats = CheckFormats::default();
    for step in steps {
        let asks = asks(step, &mut formats, s);
        formats.steps.push(asks);
    }
    formats
}

fn asks(step: &HttpCheckStep, to: &mut CheckFormats, s: &mut Section<'_, '_>) -> StepAsks {
    let mut asks = StepAsks::default();
    match &step.kind {
        StepKind::SetVar { name, value } => {
            let (id, value) = (s.var(name), s.expr(value, Place::Check));
            asks.act = id.zip(value).map(|(id, value)| to.add(Asked::Set(id, value)));
        }
        StepKind::SetVarFmt { name, value } => {
            let (id, value) = (s.var(name), s.format(value, Place::Check));
            asks.act = id.zip(value).map(|(id, value)| to.add(Asked::SetFormat(id, value)));
        }
        StepKind::UnsetVar { name } => asks.act = s.var(name).map(|id| to.add(Asked::Unset(id))),
        StepKind::Connect(step) => port(step, &mut asks, to, s),
        StepKind::Send { uri, headers, body, .. } => {
            format(Part::Uri, uri.as_ref(), &mut asks, to, s);
            for (at, (_, value)) in headers.iter().enumerate() {
                format(Part::Header(at), Some(value), &mut asks, to, s);
            }
            format(Part::Body, body.as_ref(), &mut asks, to, s);
        }
        StepKind::SendBytes { keyword, data } => {
            let part = if keyword.contains("binary") { Part::Hexadecimal } else { Part::Text };
            format(part, Some(data), &mut asks, to, s);
        }
        StepKind::Expect(expect) => {
            for pattern in patterns(expect) {
                s.regex(pattern, step.span);
            }
            expected(expect, &mut asks, to, s);
        }
        StepKind::Comment | StepKind::SendState | StepKind::DisableOn404 => {}
    }
    asks
}

/// A format in which something changes; fixed text is known to the script already.
fn format(
    part: Part,
    format: Option<&LogFormat>,
    asks: &mut StepAsks,
    to: &mut CheckFormats,
    s: &mut Section<'_, '_>,
) {
    let Some(format) = format.filter(|format| format.as_text().is_none()) else { return };
    if let Some(format) = s.format(format, Place::Check) {
        asks.parts.push((part, to.add(Asked::Format(format))));
    }
}

fn port(step: &ConnectStep, asks: &mut StepAsks, to: &mut CheckFormats, s: &mut Section<'_, '_>) {
    let Some(expr) = &step.port_expr else { return };
    if let Some(value) = s.expr(expr, Place::Check) {
        asks.parts.push((Part::Port, to.add(Asked::Value(value))));
    }
}

fn expected(
    expect: &ExpectStep,
    asks: &mut StepAsks,
    to: &mut CheckFormats,
    s: &mut Section<'_, '_>,
) {
    let part = |part: &Option<config::model::HeaderPattern>| {
        part.as_ref().and_then(|part| part.format.clone())
    };
    format(Part::Pattern, expect.pattern_format.as_ref(), asks, to, s);
    format(Part::Name, part(&expect.name).as_ref(), asks, to, s);
    format(Part::Value, part(&expect.value).as_ref(), asks, to, s);
    format(Part::OnSuccess, expect.on_success.as_ref(), asks, to, s);
    format(Part::OnError, expect.on_error.as_ref(), asks, to, s);
    if let Some(code) = &expect.status_code
        && let Some(value) = s.expr(code, Place::Check)
    {
        asks.parts.push((Part::Code, to.add(Asked::Value(value))));
    }
}

fn patterns(expect: &ExpectStep) -> impl Iterator<Item = &str> {
    let own = matches!(expect.matcher.as_str(), "rstatus" | "rstring" | "rbinary");
    let own = own.then_some(expect.pattern.as_str());
    let fields = [&expect.name, &expect.value].into_iter().flatten();
    let fields = fields.filter(|part| part.method == "reg").map(|part| part.text.as_str());
    own.into_iter().chain(fields)
}
