//! Takes a request through the evaluator, step by step, as the daemon does.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use balance::Balancer;
use config::model::Mode;
use http1::{Limits, Parsed, RequestHead, Version};
use rules::{
    Admission, Choice, Event, Final, Program, Recorder, ReplyKind, Stream, TimeoutInForce, Verdict,
};
use sample::{Buffered, Fact};

use super::facts::{self, Given};
use super::request::Asked;
use crate::exit::CouldNot;

/// What lives from one explained request to the next: balancers, the number of streams.
pub(crate) struct World {
    balancers: HashMap<u32, Arc<Balancer>>,
    now: Option<i64>,
    seed: Option<u64>,
    streams: u64,
    on_connection: u64,
}

impl World {
    /// The servers of a program, with the facts of the command line.
    pub(crate) fn new(
        program: &Program,
        given: &[String],
        at: Option<i64>,
        seed: Option<u64>,
    ) -> Result<World, CouldNot> {
        let balancers = program
            .backends()
            .map(|backend| {
                let (spec, servers) = rules::server_table(program, backend.reference());
                (backend.reference().0, Arc::new(Balancer::new(spec, servers)))
            })
            .collect();
        for fact in given {
            facts::apply(fact, program, &balancers)?;
        }
        let now = at.map(|seconds| seconds.saturating_mul(1_000_000));
        Ok(World { balancers, now, seed, streams: 0, on_connection: 0 })
    }
}

/// How a request ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// It went to a backend; the server, if one can take it.
    Backend { server: Option<u32>, queued: bool },
    /// It was answered here.
    Reply(Box<Final>),
    /// The connection was closed: `reject`, `silent-drop`, by this rule.
    Closed { kind: &'static str, rule: diag::Span },
    /// The request itself is refused before any rule.
    BadRequest { status: u16, why: String },
    /// No rule chose a backend.
    NoBackend,
    /// It depends on a fact that was not given.
    Unknown(Fact),
}

/// Everything that is known of an explained request.
pub(crate) struct Explained {
    pub(crate) asked: Asked,
    pub(crate) stream: Stream,
    pub(crate) head: RequestHead,
    pub(crate) events: Vec<Event>,
    pub(crate) ending: Ending,
    pub(crate) timeouts: Vec<TimeoutInForce>,
    pub(crate) notes: Vec<String>,
}

impl Explained {
    /// Whether a server gets it.
    pub(crate) fn is_routed(&self) -> bool {
        matches!(
            self.ending,
            Ending::Backend { server: Some(_), .. } | Ending::Backend { queued: true, .. }
        ) || matches!(&self.ending, Ending::Reply(reply) if reply.kind == ReplyKind::Return)
    }
}

/// One request through all steps.
pub(crate) fn evaluate(program: &Program, world: &mut World, asked: &Asked) -> Explained {
    world.on_connection = if asked.same_connection { world.on_connection + 1 } else { 0 };
    let given = Given {
        src: asked.src,
        dst: asked.dst,
        listener: asked.listener,
        now_micros: world.now.unwrap_or_else(facts::now),
        seed: world.seed,
        stream: world.streams,
        balancers: &world.balancers,
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
    };
    walk.stream.requests_before = world.on_connection;
    let ending = walk.all(asked);
    let timeouts = rules::timeouts_in_force(program, &walk.stream);
    let Walk { stream, head, events, .. } = walk;
    let mut notes = Vec::new();
    if given.assumed.get() {
        notes.push("load was assumed to be that of a daemon that just started".to_owned());
    }
    if let Ending::Unknown(fact) = &ending {
        notes.push(format!("the verdict depends on {}, which was not given", in_words(*fact)));
    }
    Explained { asked: asked.clone(), stream, head, events, ending, timeouts, notes }
}

fn in_words(fact: Fact) -> String {
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
}

impl Walk<'_> {
    fn all(&mut self, asked: &Asked) -> Ending {
        if !asked.same_connection {
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
            let payload = [asked.head.as_slice(), asked.body.as_slice()].concat();
            let payload = Buffered { bytes: &payload, complete: true };
            rules::inspect(self.program, &mut self.stream, payload, &self.facts, &mut self.events)
        };
        self.end(verdict, http)
    }

    fn parse(&mut self, asked: &Asked) -> Result<(), Ending> {
        let global = &self.program.config().global;
        let bufsize = global.bufsize.map_or(16384, |size| size.value) as usize;
        let maxrewrite = global.maxrewrite.map_or(1024, |size| size.value) as usize;
        let limits = Limits {
            head_bytes: bufsize.saturating_sub(maxrewrite),
            fields: global.http_maxhdr.map_or(101, |count| count.value) as usize,
        };
        match http1::parse_request(&asked.head, &mut self.head, &limits) {
            Ok(Parsed::Complete { consumed }) if consumed == asked.head.len() => Ok(()),
            Ok(_) => Err(Ending::BadRequest {
                status: 400,
                why: "the head does not end where it should".into(),
            }),
            Err(why) => Err(Ending::BadRequest { status: why.status(), why: why.to_string() }),
        }
    }

    fn route(&mut self) -> Verdict {
        // The whole body is here, so the second call cannot wait.
        for _ in 0..2 {
            let body = Buffered { bytes: self.body, complete: true };
            let verdict = rules::route(
                self.program,
                &mut self.stream,
                &mut self.head,
                body,
                &self.facts,
                &mut self.events,
            );
            if !matches!(verdict, Verdict::Wait { .. }) {
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
            Verdict::Wait { .. } | Verdict::NoBackend => Ending::NoBackend,
        }
    }

    fn choose(&mut self, backend: sample::BackendRef, http: bool) -> Ending {
        let Some(balancer) = self.world.get(&backend.0) else {
            return Ending::NoBackend;
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
                if http {
                    rules::prepare(
                        self.program,
                        &mut self.stream,
                        server,
                        &mut self.head,
                        &self.facts,
                        &mut self.events,
                    );
                }
                Ending::Backend { server: Some(server), queued: false }
            }
            Choice::Queue | Choice::WaitBody => Ending::Backend { server: None, queued: true },
            Choice::NoServer => match self.facts.unanswered() {
                Some(fact @ Fact::Draw(_)) => Ending::Unknown(fact),
                _ => Ending::Backend { server: None, queued: false },
            },
        }
    }
}

/// The version of a head as it was sent.
pub(crate) fn version(head: &RequestHead) -> &'static str {
    match head.version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
    }
}
