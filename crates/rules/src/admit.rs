//! Whether a connection may go on: `tcp-request connection`, then `tcp-request session`.

use sample::Facts;

use crate::moment::{Moment, World};
use crate::run::{self, Ending, List};
use crate::{Admission, Cursor, Program, Stream, Trace};

/// Runs `tcp-request connection`, then `tcp-request session`, on a connection that was accepted.
///
/// A fact that is not known counts as a condition that does not hold; the trace tells.
pub fn admit<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    facts: &dyn Facts,
    trace: &mut T,
) -> Admission {
    match admit_connection(program, stream, facts, trace) {
        Admission::Accept => admit_session(program, stream, facts, trace),
        refused => refused,
    }
}

/// Runs `tcp-request connection`: before a PROXY header is read, on the addresses of the connection itself. Whether
/// a rule expects a header is in the stream's overrides afterwards.
pub fn admit_connection<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    facts: &dyn Facts,
    trace: &mut T,
) -> Admission {
    let rules = &program.frontend(stream.frontend).part().rules.tcp_connection;
    list(program, stream, &List { step: 0, rules }, facts, trace)
}

/// Runs `tcp-request session`: the addresses are those that a PROXY header told.
pub fn admit_session<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    facts: &dyn Facts,
    trace: &mut T,
) -> Admission {
    let rules = &program.frontend(stream.frontend).part().rules.tcp_session;
    list(program, stream, &List { step: 1, rules }, facts, trace)
}

fn list<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    list: &List<'_>,
    facts: &dyn Facts,
    trace: &mut T,
) -> Admission {
    if list.rules.is_empty() {
        return Admission::Accept;
    }
    let world = World::new(program, facts, stream, trace);
    let mut m = Moment::new(program, stream, &world);
    let ending = run::rules(list, &mut m, trace);
    m.stream.cursor = Cursor::default();
    match ending {
        Ending::Close(span) => Admission::Reject(span),
        Ending::SilentDrop(span) => Admission::SilentDrop(span),
        _ => Admission::Accept,
    }
}
