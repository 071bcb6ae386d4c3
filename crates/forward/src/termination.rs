//! Who ended a stream, and when: HAProxy's two letters (manual 8.5).

/// The first letter: what ended the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cause {
    /// `-`: nothing special, both sides were done.
    #[default]
    Normal,
    /// `C`: the client closed.
    Client,
    /// `S`: the server closed, refused, or broke the connection.
    Server,
    /// `P`: the proxy refused, by rule or because of the syntax.
    Proxy,
    /// `L`: answered here, by a redirect, a `return`, the statistics page.
    Local,
    /// `R`: a resource ran out.
    Resource,
    /// `I`: a bug here.
    Internal,
    /// `D`: killed because the server was marked down.
    Down,
    /// `U`: killed because a primary server came up.
    Up,
    /// `K`: killed by an operator.
    Killed,
    /// `c`: the client was too slow.
    ClientTimeout,
    /// `s`: the server was too slow.
    ServerTimeout,
}

/// The second letter: what the stream was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// `-`: it was complete.
    #[default]
    Done,
    /// `R`: waiting for a complete request.
    Request,
    /// `Q`: waiting in a queue.
    Queue,
    /// `C`: connecting to the server.
    Connect,
    /// `H`: waiting for the response's head.
    Headers,
    /// `D`: passing data.
    Data,
    /// `L`: sending the last data to the client, the server being done.
    Last,
    /// `T`: the request was held in a tarpit.
    Tarpit,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Termination {
    /// What ended it.
    pub cause: Cause,
    /// What it was doing.
    pub phase: Phase,
}

impl Termination {
    /// A termination.
    pub const fn new(cause: Cause, phase: Phase) -> Termination {
        Termination { cause, phase }
    }

    /// Both letters of the log.
    pub fn letters(self) -> [u8; 2] {
        let cause = match self.cause {
            Cause::Normal => b'-',
            Cause::Client => b'C',
            Cause::Server => b'S',
            Cause::Proxy => b'P',
            Cause::Local => b'L',
            Cause::Resource => b'R',
            Cause::Internal => b'I',
            Cause::Down => b'D',
            Cause::Up => b'U',
            Cause::Killed => b'K',
            Cause::ClientTimeout => b'c',
            Cause::ServerTimeout => b's',
        };
        let phase = match self.phase {
            Phase::Done => b'-',
            Phase::Request => b'R',
            Phase::Queue => b'Q',
            Phase::Connect => b'C',
            Phase::Headers => b'H',
            Phase::Data => b'D',
            Phase::Last => b'L',
            Phase::Tarpit => b'T',
        };
        [cause, phase]
    }

    /// Whether nothing went wrong.
    pub fn is_normal(self) -> bool {
        self == Termination::default()
    }
}

/// How a stream ended, where it did not go on as it should.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    pub(crate) termination: Termination,
    /// The page to send; `None` closes without a word.
    pub(crate) status: Option<u16>,
}

impl Failure {
    pub(crate) fn new(cause: Cause, phase: Phase, status: u16) -> Failure {
        Failure { termination: Termination::new(cause, phase), status: Some(status) }
    }

    pub(crate) fn silent(cause: Cause, phase: Phase) -> Failure {
        Failure { termination: Termination::new(cause, phase), status: None }
    }
}
