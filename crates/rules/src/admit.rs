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
    let rules = &program.frontend(stream.frontend).part().rules;
    let world = World::new(program, facts, stream, trace);
    let mut m = Moment::new(program, stream, &world);
    let lists = [&rules.tcp_connection, &rules.tcp_session];
    let mut admission = Admission::Accept;
    for (step, rules) in lists.into_iter().enumerate() {
        match run::rules(&List { step: step as u16, rules }, &mut m, trace) {
            Ending::Close(span) => admission = Admission::Reject(span),
            Ending::SilentDrop(span) => admission = Admission::SilentDrop(span),
            _ => continue,
        }
        break;
    }
    m.stream.cursor = Cursor::default();
    admission
}
