//! Evaluates a rule's condition and tells the trace which term saw what.

use acl::{Condition, Observation, Outcome as Truth};
use diag::Span;
use sample::{Value, as_text};

use crate::moment::Moment;
use crate::{Event, Seen, Trace};

/// Whether a condition holds; always, when there is none. What its converters set is set.
pub(crate) fn holds<T: Trace>(
    condition: Option<&Condition>,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> Truth {
    let Some(condition) = condition else { return Truth::Yes };
    let truth = if T::ON {
        let mut watcher = Watcher::default();
        let truth = condition.eval(&m.context(), &mut watcher);
        m.flush(trace);
        watcher.tell(condition, trace);
        truth
    } else {
        condition.eval(&m.context(), &mut ())
    };
    m.settle();
    truth
}

/// One observation, owned.
struct Tried {
    name: Option<String>,
    truth: Truth,
    seen: Seen,
}

#[derive(Default)]
struct Watcher {
    tried: Vec<Tried>,
}

impl acl::Seen for Watcher {
    const ON: bool = true;

    fn test(&mut self, observation: Observation<'_, '_>) {
        let truth = observation.outcome;
        self.tried.push(Tried {
            name: observation.test.name().map(str::to_owned),
            truth,
            seen: Seen {
                span: observation.test.span(),
                result: known(truth),
                value: observation.value.as_ref().map(shown),
            },
        });
    }
}

impl Watcher {
    /// Gathers the observations into the terms they belong to: a named ACL has several lines.
    ///
    /// It walks the condition as the evaluation did, so that each observation finds its term.
    fn tell<T: Trace>(self, condition: &Condition, trace: &mut T) {
        let mut tried = self.tried.into_iter();
        let mut any = Truth::No;
        for terms in condition.alternatives() {
            let mut all = Truth::Yes;
            for (negated, tests) in terms {
                let truth = term(negated, tests.len(), condition.span(), &mut tried, trace);
                all = all.and(truth);
                if all == Truth::No {
                    break;
                }
            }
            any = any.or(all);
            if any == Truth::Yes {
                break;
            }
        }
    }
}

fn term<T: Trace>(
    negated: bool,
    tests: usize,
    whole: Span,
    tried: &mut impl Iterator<Item = Tried>,
    trace: &mut T,
) -> Truth {
    let mut truth = Truth::No;
    let mut acl = None;
    let mut seen = Vec::new();
    for Tried { name, truth: one, seen: line } in tried.take(tests) {
        truth = truth.or(one);
        acl = name;
        seen.push(line);
        if truth == Truth::Yes {
            break;
        }
    }
    let truth = if negated { truth.negate() } else { truth };
    let span = seen.first().map_or(whole, |line| line.span);
    trace.event(|| Event::Term { acl, span, result: known(truth), seen });
    truth
}

fn known(truth: Truth) -> Option<bool> {
    match truth {
        Truth::Yes => Some(true),
        Truth::No => Some(false),
        Truth::Wait | Truth::Unknown(_) => None,
    }
}

/// A value for people.
pub(crate) fn shown(value: &Value<'_>) -> String {
    let text = as_text(value.clone());
    String::from_utf8_lossy(&text).into_owned()
}
