//! A compiled expression and its evaluation.

use std::ops::ControlFlow;

use crate::arg::Args;
use crate::cast::{can_cast_for, cast};
use crate::place::Place;
use crate::registry::{ConvertEntry, FetchEntry, Stable, Visit, Walk};
use crate::{Context, Sample, Type, Value};

/// A fetch with its arguments and converters, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(crate) fetch: &'static FetchEntry,
    pub(crate) args: Args,
    pub(crate) steps: Vec<Step>,
    pub(crate) out: Type,
    /// Quirk: what `map_*_ip` gives in version 2.6 becomes no other type.
    pub(crate) unfit: bool,
    /// The place has no value for it: always missing (a warning said so).
    pub(crate) absent: bool,
    pub(crate) text: Box<str>,
}

/// Text fetches that look at nothing but the request's head.
const HEAD_FETCHES: [&str; 9] =
    ["base", "method", "path", "pathq", "query", "req.cook", "req.fhdr", "req.hdr", "url"];
/// Converters of text that look at nothing but their input.
const PURE_CONVERTERS: [&str; 8] =
    ["field", "host_only", "lower", "ltrim", "rtrim", "upper", "url_dec", "word"];

/// One converter of a chain.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) entry: &'static ConvertEntry,
    pub(crate) args: Args,
}

impl Compiled {
    /// The type of its values; [`Type::Any`] when only the value tells (`var`).
    pub fn output(&self) -> Type {
        self.out
    }

    /// Whether what it gives can become a type, for a HAProxy of a version; `None` is `proxyd`.
    pub fn becomes(&self, haproxy: Option<(u8, u8)>, wanted: Type) -> bool {
        !self.unfit && can_cast_for(haproxy, self.out, wanted)
    }

    /// The expression as it was written, without needless spaces.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of its fetch, resolved (`req.hdr` for `hdr` in a request rule).
    pub fn fetch_name(&self) -> &'static str {
        self.fetch.name
    }

    /// Whether its fetch has a value in a place.
    pub fn has_value_in(&self, place: Place) -> bool {
        self.fetch.places.has(place)
    }

    /// Whether it has no value in its place, and never will.
    pub fn is_absent(&self) -> bool {
        self.absent
    }

    /// Whether it reads the request's head and nothing else: evaluated twice on the same head it
    /// gives the same values, and it leaves nothing behind.
    pub fn reads_head_only(&self) -> bool {
        self.fetch.stable == Stable::Always
            && HEAD_FETCHES.contains(&self.fetch.name)
            && self.steps.iter().all(|step| PURE_CONVERTERS.contains(&step.entry.name))
    }

    /// One value: of a fetch with several it is the one that the manual names (the last for `hdr`).
    ///
    /// A value that may still change while bytes come in is [`Sample::Wait`].
    pub fn eval<'a>(&'a self, ctx: &Context<'a>) -> Sample<'a> {
        if self.may_change(ctx) { Sample::Wait } else { self.eval_now(ctx) }
    }

    /// As [`Compiled::eval`], with the value of this moment even when it may still change.
    pub fn eval_now<'a>(&'a self, ctx: &Context<'a>) -> Sample<'a> {
        if self.absent {
            return Sample::Missing;
        }
        match (self.fetch.one)(&self.args, ctx) {
            Sample::Known(value) => self.convert(value, ctx),
            open => open,
        }
    }

    /// One value as text, as log formats and header actions want it.
    pub fn eval_text<'a>(&'a self, ctx: &Context<'a>) -> Sample<'a> {
        match self.eval_now(ctx) {
            Sample::Known(value) => match cast(value, Type::Str) {
                Some(text) => Sample::Known(text),
                None => Sample::Missing,
            },
            open => open,
        }
    }

    /// Shows every value in order: what an ACL tests. Stops at a value that a converter refuses,
    /// as HAProxy does.
    pub fn each<'a>(
        &'a self,
        ctx: &Context<'a>,
        visit: &mut dyn FnMut(Value<'a>) -> ControlFlow<()>,
    ) -> Walk {
        if self.absent {
            return Walk::Done;
        }
        let Some(each) = self.fetch.each else {
            return match self.eval_now(ctx) {
                Sample::Known(value) => {
                    // There is no second value, so it does not matter what the visitor says.
                    let _ = visit(value);
                    Walk::Done
                }
                Sample::Missing => Walk::Done,
                Sample::Wait => Walk::Wait,
                Sample::Unknown(fact) => Walk::Unknown(fact),
            };
        };
        if self.steps.is_empty() {
            return each(&self.args, ctx, visit);
        }
        let mut open = Walk::Done;
        let mut converted = |value: Value<'a>| {
            open = match self.convert(value, ctx) {
                Sample::Known(value) => return visit(value),
                Sample::Missing => Walk::Done,
                Sample::Wait => Walk::Wait,
                Sample::Unknown(fact) => Walk::Unknown(fact),
            };
            ControlFlow::Break(())
        };
        let walk = each(&self.args, ctx, &mut converted as &mut Visit<'_, 'a>);
        if open == Walk::Done { walk } else { open }
    }

    /// Whether more input may give another value.
    pub fn may_change(&self, ctx: &Context<'_>) -> bool {
        let open_ended = || self.args.int(1) == Some(0);
        let buffer = match self.fetch.stable {
            Stable::RequestComplete => ctx.request_body,
            Stable::ResponseComplete => ctx.response_body,
            Stable::RequestOpenEnded if open_ended() => ctx.request_body,
            Stable::ResponseOpenEnded if open_ended() => ctx.response_body,
            _ => return false,
        };
        let settled = self.steps.iter().any(|step| step.entry.settles);
        !self.absent && !buffer.complete && !settled
    }

    fn convert<'a>(&'a self, value: Value<'a>, ctx: &Context<'a>) -> Sample<'a> {
        let mut value = value;
        for step in &self.steps {
            let Some(input) = cast(value, step.entry.input) else { return Sample::Missing };
            value = match (step.entry.run)(input, &step.args, ctx) {
                Sample::Known(value) => value,
                open => return open,
            };
        }
        Sample::Known(value)
    }
}
