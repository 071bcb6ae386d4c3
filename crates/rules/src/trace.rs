//! The trace: each step of an evaluation, with the values it saw. Recording nothing costs nothing.

use diag::Span;

/// Takes the steps of an evaluation.
pub trait Trace {
    /// Whether anything is recorded; `false` lets the compiler drop every step.
    const ON: bool;

    /// Takes a step; the closure is only called when [`Trace::ON`].
    fn event(&mut self, event: impl FnOnce() -> Event);
}

/// Records nothing: the daemon's hot path.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTrace;

impl Trace for NoTrace {
    const ON: bool = false;

    #[inline(always)]
    fn event(&mut self, _event: impl FnOnce() -> Event) {}
}

impl Trace for Vec<Event> {
    const ON: bool = true;

    fn event(&mut self, event: impl FnOnce() -> Event) {
        self.push(event());
    }
}

/// Which list a rule stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum RuleFamily {
    TcpRequestConnection,
    TcpRequestSession,
    TcpRequestContent,
    TcpResponseContent,
    HttpRequest,
    HttpResponse,
    HttpAfterResponse,
    Redirect,
    UseBackend,
    ForceBeSwitch,
    DefaultBackend,
    UseServer,
    MonitorUri,
    MonitorFail,
    ForcePersist,
    IgnorePersist,
    Stats,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Its condition held, or it has none.
    Taken,
    /// Its condition did not hold.
    NotTaken,
    /// An earlier rule ended the list.
    Skipped,
    /// It depends on a fact that was not given.
    Unknown,
}

/// A change that a rule made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What: `header x-forwarded-for`, `path`, `var txn.user`, `timeout tunnel`.
    pub what: String,
    /// Before; `None` when it was not there.
    pub before: Option<String>,
    /// After; `None` when it is gone.
    pub after: Option<String>,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A proxy's rules begin: `frontend fe`, `backend be`.
    Enter {
        /// The section's name.
        proxy: String,
        /// Its section line.
        span: Span,
    },
    /// A condition's term was tested. Comes before its rule.
    Term {
        /// The ACL's name; `None` for an anonymous one.
        acl: Option<String>,
        /// The `acl` line or the anonymous expression.
        span: Span,
        /// What the term said, its `!` applied; `None` is unknown.
        result: Option<bool>,
        /// Each ACL line that was tried for the name: its place, result and the value it saw.
        seen: Vec<Seen>,
    },
    /// A rule was decided.
    Rule {
        /// Its list.
        family: RuleFamily,
        /// Its line.
        span: Span,
        /// What became of it.
        outcome: Outcome,
        /// What it changed.
        changes: Vec<Change>,
    },
    /// A fact was read.
    Fact {
        /// The question.
        fact: sample::Fact,
        /// The answer.
        value: Option<sample::FactValue>,
    },
    /// The persistence cookie was looked at.
    Persistence {
        /// In words: `cookie SRV=s1 names s1, which is up`.
        text: String,
        /// The line of `cookie`.
        span: Span,
    },
    /// The balance step.
    Balance {
        /// The algorithm's name.
        algorithm: String,
        /// The key, if it has one.
        key: Option<String>,
        /// The hash of the key.
        hash: Option<u32>,
        /// Servers passed over and why.
        passed: Vec<(String, String)>,
        /// The server picked.
        pick: Option<String>,
        /// Why, in words.
        reason: String,
        /// The line of `balance`; the section's when there is none.
        span: Span,
    },
    /// A change that no rule made: forwardfor, cookies, unique-id.
    Edit {
        /// The directive behind it.
        span: Span,
        /// The change.
        change: Change,
    },
}

/// One ACL line that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The `acl` line, or the anonymous expression.
    pub span: Span,
    /// Yes, no, or unknown.
    pub result: Option<bool>,
    /// The last value its fetch gave; `None`: none.
    pub value: Option<String>,
}
