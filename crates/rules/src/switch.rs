//! Which backend: `use_backend`, `default_backend`, a `listen` section itself; then what
//! `force-persist` and `ignore-persist` of that backend say.

use acl::Outcome as Truth;
use diag::Span;
use sample::{BackendRef, CompiledFormat, Fact, FactValue, Facts as _};

use crate::moment::Moment;
use crate::{Event, Outcome, RuleFamily, Trace, condition};

/// A compiled `use_backend`.
#[derive(Debug)]
pub(crate) struct Switch {
    pub(crate) to: Target,
    pub(crate) condition: Option<acl::Condition>,
    pub(crate) span: Span,
}

/// A name that is known when the program is compiled, or one that the request makes.
#[derive(Debug)]
pub(crate) enum Target {
    Backend(BackendRef),
    Named(CompiledFormat),
}

/// A compiled `force-persist` or `ignore-persist`.
#[derive(Debug)]
pub(crate) struct PersistRule {
    pub(crate) force: bool,
    pub(crate) condition: acl::Condition,
    pub(crate) span: Span,
}

/// Which of these can hold for a request, where that is worth knowing.
pub(crate) fn shortlist(switches: &[Switch]) -> Option<acl::Shortlist> {
    let conditions: Vec<_> = switches.iter().map(|switch| switch.condition.as_ref()).collect();
    acl::Shortlist::new(&conditions)
}

/// The places of the rules to be looked at: all of them when a trace is to tell of each.
fn candidates<'m, T: Trace>(m: &Moment<'m>) -> impl Iterator<Item = usize> + use<'m, T> {
    let program = m.program;
    let rules = &program.frontend(m.stream.frontend).part().rules;
    let list = rules.switchable.as_ref().filter(|_| !T::ON);
    let picked = list.and_then(|list| list.pick(&m.context()).map(|picked| (list, picked)));
    let (all, mut from) = (rules.switching.len(), 0);
    std::iter::from_fn(move || {
        let at = match &picked {
            Some((list, picked)) => list.next(from, picked)?,
            None => (from < all).then_some(from)?,
        };
        from = at + 1;
        Some(at)
    })
}

/// The backend of the stream, `None` when there is none.
///
/// # Errors
/// The fact that the choice depends on, when it is not known.
pub(crate) fn backend<T: Trace>(
    m: &mut Moment<'_>,
    trace: &mut T,
) -> Result<Option<BackendRef>, Fact> {
    let program = m.program;
    let frontend = program.frontend(m.stream.frontend);
    let switches = &frontend.part().rules.switching;
    let mut chosen = None;
    for at in candidates::<T>(m) {
        let Some(switch) = switches.get(at) else { break };
        let truth = condition::holds(switch.condition.as_ref(), m, trace);
        let outcome = match truth {
            Truth::Yes => Outcome::Taken,
            Truth::No | Truth::Wait => Outcome::NotTaken,
            Truth::Unknown(_) => Outcome::Unknown,
        };
        m.flush(trace);
        tell(RuleFamily::UseBackend, switch.span, outcome, trace);
        match truth {
            Truth::No | Truth::Wait => continue,
            Truth::Unknown(fact) => return Err(fact),
            Truth::Yes => {}
        }
        // A name that no backend has ends the list and leaves `default_backend` (manual 4.2).
        chosen = resolve(&switch.to, m)?;
        m.flush(trace);
        // One that takes no traffic does not.
        if let Some(backend) = chosen
            && !takes_traffic(backend, m, trace)?
        {
            chosen = None;
            continue;
        }
        if T::ON {
            for skipped in &switches[at + 1..] {
                tell(RuleFamily::UseBackend, skipped.span, Outcome::Skipped, trace);
            }
        }
        break;
    }
    if let Some((default, span)) = frontend.part().rules.default_backend {
        let outcome = match chosen {
            Some(_) => Outcome::Skipped,
            None if takes_traffic(default, m, trace)? => Outcome::Taken,
            None => Outcome::NotTaken,
        };
        tell(RuleFamily::DefaultBackend, span, outcome, trace);
        chosen = chosen.or((outcome == Outcome::Taken).then_some(default));
    }
    let chosen = chosen.or_else(|| frontend.own_backend().map(|own| own.reference()));
    if let Some(backend) = chosen {
        persist(backend, m, trace)?;
    }
    Ok(chosen)
}

/// Whether rules may switch to a backend: one that is disabled or unpublished only when a
/// `force-be-switch` condition holds.
fn takes_traffic<T: Trace>(
    backend: BackendRef,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> Result<bool, Fact> {
    let program = m.program;
    let proxy = program.backend(backend).proxy();
    let fact = Fact::BackendPublished(backend);
    let published = match m.world.read(fact) {
        Some(FactValue::Bool(published)) => published,
        // Who knows of no orders knows the lines.
        _ => proxy.unpublished.is_none(),
    };
    if proxy.disabled.is_none() && published {
        return Ok(true);
    }
    for force in &program.frontend(m.stream.frontend).part().rules.force_switch {
        let truth = condition::holds(Some(force), m, trace);
        m.flush(trace);
        let outcome = match truth {
            Truth::Yes => Outcome::Taken,
            Truth::No | Truth::Wait => Outcome::NotTaken,
            Truth::Unknown(_) => Outcome::Unknown,
        };
        tell(RuleFamily::ForceBeSwitch, force.span(), outcome, trace);
        match truth {
            Truth::Yes => return Ok(true),
            Truth::No | Truth::Wait => {}
            Truth::Unknown(fact) => return Err(fact),
        }
    }
    Ok(false)
}

fn resolve(target: &Target, m: &mut Moment<'_>) -> Result<Option<BackendRef>, Fact> {
    let format = match target {
        Target::Backend(backend) => return Ok(Some(*backend)),
        Target::Named(format) => format,
    };
    let mut name = Vec::new();
    let missing = m.write_or_missing(format, &mut name);
    m.settle();
    match missing {
        Some(fact) => Err(fact),
        None => Ok(m.program.backend_by_bytes(&name)),
    }
}

/// The first `force-persist` or `ignore-persist` whose condition holds counts.
fn persist<T: Trace>(backend: BackendRef, m: &mut Moment<'_>, trace: &mut T) -> Result<(), Fact> {
    let program = m.program;
    for rule in &program.backend(backend).part().rules.persist {
        let truth = condition::holds(Some(&rule.condition), m, trace);
        m.flush(trace);
        let family = if rule.force { RuleFamily::ForcePersist } else { RuleFamily::IgnorePersist };
        match truth {
            Truth::Yes => {
                tell(family, rule.span, Outcome::Taken, trace);
                m.stream.persistence.forced = Some(rule.force);
                return Ok(());
            }
            Truth::No | Truth::Wait => tell(family, rule.span, Outcome::NotTaken, trace),
            Truth::Unknown(fact) => {
                tell(family, rule.span, Outcome::Unknown, trace);
                return Err(fact);
            }
        }
    }
    Ok(())
}

fn tell<T: Trace>(family: RuleFamily, span: Span, outcome: Outcome, trace: &mut T) {
    trace.event(|| Event::Rule { family, span, outcome, changes: Vec::new() });
}
