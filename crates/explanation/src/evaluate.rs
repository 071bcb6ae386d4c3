//! Takes a request through the evaluator, step by step, as the daemon does.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use balance::Balancer;
use config::model::Mode;
use http1::{Limits, Parsed, RequestHead, ResponseHead, Version};
use rules::{
    Admission, Choice, Event, Final, NoTrace, Program, Recorder, ReplyKind, Stream, TimeoutInForce,
    Verdict,
};
use sample::{Buffered, Fact, FactValue};

use crate::facts::{self, Given};
use crate::request::{Answer, Asked};

/// What lives from one explained request to the next: balancers, the number of streams.
pub struct World {
    balancers: HashMap<u32, Arc<Balancer>>,
    now: Option<i64>,
    seed: Option<u64>,
    streams: u64,
    on_connection: u64,
    /// The program serves traffic: its maps and pattern files are left as they are.
    pub changes_nothing: bool,
    /// Answers that are assumed, to follow a branch.
    pub answers: HashMap<Fact, FactValue>,
}

impl World {
    /// The balancer of a backend, for what a running daemon says of its servers.
    pub fn balancer(&self, backend: sample::BackendRef) -> Option<&Balancer> {
        self.balancers.get(&backend.0).map(AsRef::as_ref)
    }

    /// The servers of a program, all of them up.
    pub fn new(program: &Program, at: Option<i64>, seed: Option<u64>) -> World {
        let balancers = program
            .backends()
            .map(|backend| {
                let (spec, servers) = rules::server_table(program, backend.reference());
                (backend.reference().0, Arc::new(Balancer::new(spec, servers)))
            })
            .collect();
        let now = at.map(|seconds| seconds.saturating_mul(1_000_000));
        World {
            balancers,
            now,
            seed,
            streams: 0,
            on_connection: 0,
            changes_nothing: false,
            answers: HashMap::new(),
        }
    }
}

/// How a request ended.
#[derive(Debug)]
pub enum Ending {
    /// It went to a backend and this server; the status that the client sees, if the server answers as assumed.
    Server {
        /// Its place in the backend.
        server: u32,
        /// What the client sees; 0 in `mode tcp`.
        status: u16,
    },
    /// It went to the address of `dispatch`, or where the client wanted to go (`option transparent`).
    Direct {
        /// What the client sees; 0 in `mode tcp`.
        status: u16,
    },
    /// It waits in the queue of its backend.
    Queued,
    /// It was answered here.
    Reply(Box<Final>),
    /// The connection was closed: `reject`, `silent-drop`, by this rule.
    Closed {
        /// The action.
        kind: &'static str,
        /// Its rule.
        rule: diag::Span,
    },
    /// The request itself is refused before any rule.
    BadRequest {
        /// What the client gets.
        status: u16,
        /// What is wrong with it.
        why: String,
    },
    /// No rule chose a backend, or no server can take it: this page says so.
    Nowhere {
        /// The page.
        page: Box<Final>,
    },
    /// It depends on a fact that was not given.
    Unknown(Fact),
}

/// Everything that is known of an explained request.
pub struct Explained {
    /// What was asked.
    pub asked: Asked,
    /// The evaluator's memory at the end.
    pub stream: Stream,
    /// The head as the server would see it.
    pub head: RequestHead,
    /// Every step.
    pub events: Vec<Event>,
    /// How it ended.
    pub ending: Ending,
    /// The timeouts of each phase.
    pub timeouts: Vec<TimeoutInForce>,
    /// What was assumed.
    pub notes: Vec<String>,
}

impl Explained {
    /// The server that gets it.
    pub fn server(&self) -> Option<u32> {
        match self.ending {
            Ending::Server { server, .. } => Some(server),
            _ => None,
        }
    }

    /// Whether a server gets it.
    pub fn is_routed(&self) -> bool {
        matches!(self.ending, Ending::Server { .. } | Ending::Direct { .. } | Ending::Queued)
            || matches!(&self.ending, Ending::Reply(reply) if reply.kind == ReplyKind::Return)
    }
}

/// One request through all steps.
pub fn evaluate(program: &Program, world: &mut World, asked: &Asked) -> Explained {
    world.on_connection = if asked.same_connection { world.on_connection + 1 } else { 0 };
    let given = Given {
        src: asked.src,
        dst: asked.dst,
        listener: asked.listener,
        now_micros: world.now.unwrap_or_else(facts::now),
        seed: world.seed,
        stream: world.streams,
        balancers: &world.balancers,
        answers: &world.answers,
        assumed: Cell::new(false),
    };
    world.streams += 1;
    let mut walk = Walk {
        program,
        world: &world.balancers,
        facts: Recorder::new(&given),
        stream: Stream::new(asked.frontend),
        head: RequestHead::default(),
        events: Vec::new(),
        body: &asked.body,
        answer: asked.answer.clone(),
        notes: Vec::new(),
    };
    walk.stream.requests_before = world.on_connection;
    walk.stream.changes_nothing = world.changes_nothing;
    let ending = walk.all(asked);
    let timeouts = rules::timeouts_in_force(program, &walk.stream);
    let Walk { stream, head, events, mut notes, .. } = walk;
    if given.assumed.get() {
        notes.push("load was assumed to be that of a daemon that just started".to_owned());
    }
    if let Ending::Unknown(fact) = &ending {
        notes.push(format!("the verdict depends on {}, which was not given", in_words(*fact)));
    }
    Explained { asked: asked.clone(), stream, head, events, ending, timeouts, notes }
}

/// A fact that is not known, and what would give it.
pub fn in_words(fact: Fact) -> String {
    match fact {
        Fact::Draw(_) => "a random draw (give --seed)".into(),
        other => format!("{other:?}"),
    }
}

struct Walk<'w> {
    program: &'w Program,
    world: &'w HashMap<u32, Arc<Balancer>>,
    facts: Recorder<'w>,
    stream: Stream,
    head: RequestHead,
    events: Vec<Event>,
    body: &'w [u8],
    answer: Answer,
    /// What was assumed on the way.
    notes: Vec<String>,
}

impl Walk<'_> {
    fn all(&mut self, asked: &Asked) -> Ending {
        if asked.same_connection {
            // It was admitted with its first request; what those rules set holds for all that follow.
            rules::admit(self.program, &mut self.stream, &self.facts, &mut NoTrace);
        } else {
            match rules::admit(self.program, &mut self.stream, &self.facts, &mut self.events) {
                Admission::Accept => {}
                Admission::Reject(rule) => return Ending::Closed { kind: "reject", rule },
                Admission::SilentDrop(rule) => return Ending::Closed { kind: "silent-drop", rule },
            }
        }
        let http = self.program.frontend(asked.frontend).mode() == Mode::Http;
        let verdict = if http {
            match self.parse(asked) {
                Ok(()) => self.route(),
                Err(ending) => return ending,
            }
        } else {
            let payload = match &asked.hello {
                Some(hello) => hello.clone(),
                None => [asked.head.as_slice(), asked.body.as_slice()].concat(),
            };
            self.inspect(&payload)
        };
        if !matches!(verdict, Verdict::SwitchMode) {
            return self.end(verdict, http);
        }
        self.stream.cursor = rules::Cursor::default();
        if let Err(ending) = self.parse(asked) {
            return ending;
        }
        let verdict = self.route();
        self.end(verdict, true)
    }

    /// The rules of `mode tcp` run before the first bytes; what came meanwhile counts where one waits for it. Where
    /// none does, bytes that come with the connection may count too: a note says when that makes a difference.
    fn inspect(&mut self, payload: &[u8]) -> Verdict {
        let mut early = (self.stream.clone(), Vec::new());
        let nothing = Buffered { bytes: &[], complete: false };
        let whole = Buffered { bytes: payload, complete: true };
        let verdict =
            rules::inspect(self.program, &mut early.0, nothing, &self.facts, &mut early.1);
        if matches!(verdict, Verdict::Wait { .. }) {
            return rules::inspect(
                self.program,
                &mut self.stream,
                whole,
                &self.facts,
                &mut self.events,
            );
        }
        let mut at_once = self.stream.clone();
        let other = rules::inspect(self.program, &mut at_once, whole, &self.facts, &mut NoTrace);
        let [one, other] = [&verdict, &other].map(|verdict| self.in_short(verdict));
        if one != other {
            self.notes.push(format!(
                "nothing waits for the first bytes here (`tcp-request inspect-delay`): if they come with the \
                 connection, {other}"
            ));
        }
        self.stream = early.0;
        self.events.append(&mut early.1);
        verdict
    }

    /// What becomes of a connection, so that two ends can be told apart.
    fn in_short(&self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Forward(backend) => {
                format!("it goes to {}", self.program.backend(*backend).name())
            }
            Verdict::Close(_) | Verdict::SilentDrop(_) => "it is closed".into(),
            Verdict::SwitchMode => "it goes on as HTTP".into(),
            Verdict::NoBackend | Verdict::Reply(_) => "no backend is chosen".into(),
            Verdict::Wait { .. } | Verdict::Pause(_) | Verdict::Resolve(_) => "it waits".into(),
            Verdict::Unknown(fact) => format!("it depends on {}", in_words(*fact)),
        }
    }

    fn parse(&mut self, asked: &Asked) -> Result<(), Ending> {
        let global = &self.program.config().global;
        let bufsize = global.bufsize.map_or(16384, |size| size.value) as usize;
        let maxrewrite = global.maxrewrite.map_or(1024, |size| size.value) as usize;
        let limits = Limits {
            head_bytes: bufsize.saturating_sub(maxrewrite),
            fields: global.http_maxhdr.map_or(101, |count| count.value) as usize,
            lax: self
                .program
                .frontend(asked.frontend)
                .proxy()
                .options
                .accept_unsafe_http_request
                .is_some_and(|on| on.value),
        };
        match http1::parse_request(&asked.head, &mut self.head, &limits) {
            Ok(Parsed::Complete { consumed }) if consumed == asked.head.len() => {
                http1::strip_connection(&mut self.head.fields);
                Ok(())
            }
            Ok(_) => Err(Ending::BadRequest {
                status: 400,
                why: "the head does not end where it should".into(),
            }),
            Err(why) => Err(Ending::BadRequest { status: why.status(), why: why.to_string() }),
        }
    }

    fn route(&mut self) -> Verdict {
        // The whole body is here, so a second call waits for nothing; each `pause` takes one more.
        for _ in 0..100 {
            let body = Buffered { bytes: self.body, complete: true };
            let verdict = rules::route(
                self.program,
                &mut self.stream,
                &mut self.head,
                body,
                &self.facts,
                &mut self.events,
            );
            if let Verdict::Resolve(ask) = &verdict {
                let name = &ask.name;
                self.notes
                    .push(format!("`{name}` would be looked up: it was taken to have no address"));
            }
            let goes_on =
                matches!(verdict, Verdict::Wait { .. } | Verdict::Pause(_) | Verdict::Resolve(_));
            if !goes_on {
                return verdict;
            }
        }
        Verdict::NoBackend
    }

    fn end(&mut self, verdict: Verdict, http: bool) -> Ending {
        match verdict {
            Verdict::Forward(backend) => self.choose(backend, http),
            Verdict::Reply(mut reply) => {
                let head = http.then_some(&self.head);
                rules::reply(
                    self.program,
                    &mut self.stream,
                    head,
                    &mut reply,
                    &self.facts,
                    &mut self.events,
                );
                Ending::Reply(reply)
            }
            Verdict::Close(rule) => Ending::Closed { kind: "reject", rule },
            Verdict::SilentDrop(rule) => Ending::Closed { kind: "silent-drop", rule },
            Verdict::Unknown(fact) => Ending::Unknown(fact),
            Verdict::Wait { .. }
            | Verdict::Pause(_)
            | Verdict::Resolve(_)
            | Verdict::NoBackend
            | Verdict::SwitchMode => self.nowhere(),
        }
    }

    /// The page for a request that no server gets.
    fn nowhere(&mut self) -> Ending {
        let mut page = Box::new(rules::error_page(self.program, &self.stream, 503));
        rules::reply(
            self.program,
            &mut self.stream,
            Some(&self.head),
            &mut page,
            &self.facts,
            &mut self.events,
        );
        Ending::Nowhere { page }
    }

    /// The response rules, on the answer that the server is assumed to give.
    fn respond(&mut self, server: Option<u32>) -> Ending {
        let mut response = ResponseHead::with_status(self.answer.status);
        for (name, value) in &self.answer.headers {
            response.fields.add(name.as_bytes(), value.as_bytes());
        }
        let verdict = rules::respond(
            self.program,
            &mut self.stream,
            &self.head,
            &mut response,
            Buffered { bytes: &[], complete: true },
            &self.facts,
            &mut self.events,
        );
        match verdict {
            Verdict::Forward(_)
            | Verdict::Wait { .. }
            | Verdict::Pause(_)
            | Verdict::Resolve(_)
            | Verdict::NoBackend => reached(server, response.status),
            other => self.end(other, true),
        }
    }

    /// The request as it is sent, and what becomes of the answer.
    fn exchange(&mut self, server: Option<u32>, http: bool) -> Ending {
        if !http {
            return reached(server, 0);
        }
        rules::prepare(
            self.program,
            &mut self.stream,
            server,
            &mut self.head,
            &self.facts,
            &mut self.events,
        );
        self.respond(server)
    }

    fn choose(&mut self, backend: sample::BackendRef, http: bool) -> Ending {
        let Some(balancer) = self.world.get(&backend.0) else {
            return self.nowhere();
        };
        let choice = rules::choose(
            self.program,
            &mut self.stream,
            http.then_some(&self.head),
            Buffered { bytes: self.body, complete: true },
            balancer,
            &self.facts,
            None,
            &mut self.events,
        );
        match choice {
            Choice::Server { server, .. } => {
                balancer.take(server as usize);
                balancer.release(server as usize);
                let (program, stream) = (self.program, &mut self.stream);
                let head = http.then_some(&self.head);
                let elsewhere =
                    head.and_then(|head| rules::server_redirect(program, stream, server, head));
                match elsewhere {
                    Some(answer) => self.end(Verdict::Reply(Box::new(answer)), http),
                    None => self.exchange(Some(server), http),
                }
            }
            Choice::Direct => self.exchange(None, http),
            Choice::Queue | Choice::WaitBody => Ending::Queued,
            Choice::NoServer => match self.facts.unanswered() {
                Some(fact @ Fact::Draw(_)) => Ending::Unknown(fact),
                _ => self.nowhere(),
            },
        }
    }
}

fn reached(server: Option<u32>, status: u16) -> Ending {
    match server {
        Some(server) => Ending::Server { server, status },
        None => Ending::Direct { status },
    }
}

/// The version of a head as it was sent.
pub(crate) fn version(head: &RequestHead) -> &'static str {
    match head.version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
    }
}
