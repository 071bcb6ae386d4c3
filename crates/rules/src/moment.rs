//! One stream at one moment, with everything that a rule may look at or edit.

use std::cell::Cell;
use std::net::SocketAddr;

use http1::{RequestHead, ResponseHead};
use sample::{
    BackendRef, Buffered, CompiledFormat, Context, Effect, Escape, Fact, FactValue, Facts, Protocol,
};

use crate::known::Whereabouts;
use crate::{Change, Event, Overrides, Program, Recorder, Stream, Trace, so_far};

/// The request of a moment.
pub(crate) enum Request<'m> {
    /// There is none yet, or never will be (`mode tcp`).
    None,
    /// It went to the server already: it can be read.
    Sent(&'m RequestHead),
    /// It can be edited.
    Open(&'m mut RequestHead),
}

/// What a step works on.
pub(crate) struct Moment<'m> {
    pub(crate) program: &'m Program,
    pub(crate) stream: &'m mut Stream,
    pub(crate) request: Request<'m>,
    pub(crate) response: Option<&'m mut ResponseHead>,
    pub(crate) request_body: Buffered<'m>,
    pub(crate) response_body: Buffered<'m>,
    /// What the two hold.
    pub(crate) protocol: Protocol,
    pub(crate) world: &'m World<'m>,
    /// Conditions may say that they need more bytes.
    pub(crate) partial: bool,
}

/// The facts as a step reads them: with the addresses that rules set, and on record for a trace.
pub(crate) struct World<'f> {
    facts: &'f dyn Facts,
    known: Whereabouts<'f>,
    recorder: Recorder<'f>,
    records: bool,
    src: Cell<Option<SocketAddr>>,
    dst: Cell<Option<SocketAddr>>,
    /// Those of the connection itself, as rules set them.
    connection: Cell<(Option<SocketAddr>, Option<SocketAddr>)>,
    /// The last question without an answer.
    missing: Cell<Option<Fact>>,
}

impl<'f> World<'f> {
    /// The facts, recorded when the trace listens.
    pub(crate) fn new<T: Trace>(
        program: &'f Program,
        facts: &'f dyn Facts,
        stream: &Stream,
        _trace: &T,
    ) -> Self {
        let overrides = &stream.overrides;
        Self {
            facts,
            known: Whereabouts::of(program, stream),
            recorder: Recorder::new(facts),
            records: T::ON,
            src: Cell::new(overrides.source()),
            dst: Cell::new(overrides.destination()),
            connection: Cell::new((overrides.connection_src, overrides.connection_dst)),
            missing: Cell::default(),
        }
    }

    /// The stream goes to a backend: names are its names from now on.
    pub(crate) fn enter(&self, backend: Option<BackendRef>) {
        self.known.backend.set(backend);
    }

    /// The log line of a connection that never became a stream.
    pub(crate) fn without_stream(&self) {
        self.known.streamless.set(true);
    }

    /// The stream has its unique id from now on.
    pub(crate) fn identify(&self, id: &[u8]) {
        // One that is known stays: it is made once.
        let _ = self.known.unique_id.set(text(id));
    }

    /// Takes over what rules set: addresses, bounds, places in queues.
    pub(crate) fn take_over(&self, overrides: &Overrides) {
        self.known.limits.set(overrides.limits);
        self.known.priority.set((overrides.priority_class, overrides.priority_offset));
        self.src.set(overrides.source());
        self.dst.set(overrides.destination());
        self.connection.set((overrides.connection_src, overrides.connection_dst));
    }
}

impl Facts for World<'_> {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        let set = match fact {
            Fact::Src => self.src.get(),
            Fact::Dst => self.dst.get(),
            Fact::ConnectionSrc => self.connection.get().0,
            Fact::ConnectionDst => self.connection.get().1,
            _ => None,
        };
        if let Some(address) = set {
            return Some(FactValue::Addr(address));
        }
        let ask =
            |fact| if self.records { self.recorder.read(fact) } else { self.facts.read(fact) };
        // Who knows of no PROXY header knows one address.
        let ask = |fact| match fact {
            Fact::ConnectionSrc => ask(fact).or_else(|| ask(Fact::Src)),
            Fact::ConnectionDst => ask(fact).or_else(|| ask(Fact::Dst)),
            fact => ask(fact),
        };
        let answer = self.known.answer(fact, || ask(Fact::Listener)).or_else(|| ask(fact));
        let answer = match fact {
            Fact::ServerSideDst => answer.or_else(|| self.known.written_address()),
            _ => answer,
        };
        if answer.is_none() {
            self.missing.set(Some(fact));
        }
        answer
    }
}

impl<'m> Moment<'m> {
    /// A moment without messages.
    pub(crate) fn new(program: &'m Program, stream: &'m mut Stream, world: &'m World<'m>) -> Self {
        if let Some(process) = &program.process_vars {
            stream.vars.share(process);
        }
        Self {
            program,
            stream,
            request: Request::None,
            response: None,
            request_body: Buffered::default(),
            response_body: Buffered::default(),
            protocol: Protocol::Http,
            world,
            partial: false,
        }
    }

    /// What expressions see.
    pub(crate) fn context(&self) -> Context<'_> {
        let bodies = (self.so_far(self.request_body), self.so_far(self.response_body));
        let protocol = self.protocol;
        let response = self.response.as_deref();
        Context { protocol, ..context(self.stream, self.head(), response, bodies, self.world) }
    }

    /// Appends a format; its aliases see the stream as it is now.
    pub(crate) fn write(&self, format: &CompiledFormat, escape: Escape, out: &mut Vec<u8>) {
        let record = format.has_aliases().then(|| so_far::record(self));
        format.write_as(escape, &Context { log: record.as_ref(), ..self.context() }, out);
    }

    /// Only `tcp-request content` and its sister wait for bytes to come; elsewhere what is there
    /// is final.
    fn so_far(&self, bytes: Buffered<'m>) -> Buffered<'m> {
        Buffered { complete: bytes.complete || !self.partial, ..bytes }
    }

    /// The request's head, if there is one.
    pub(crate) fn head(&self) -> Option<&RequestHead> {
        match &self.request {
            Request::None => None,
            Request::Sent(head) => Some(head),
            Request::Open(head) => Some(head),
        }
    }

    /// The request's head while it can still be edited.
    pub(crate) fn head_mut(&mut self) -> Option<&mut RequestHead> {
        match &mut self.request {
            Request::Open(head) => Some(head),
            Request::None | Request::Sent(_) => None,
        }
    }

    /// The fields of the message that rules edit now: the response's once there is one.
    pub(crate) fn fields_mut(&mut self) -> Option<&mut http1::Fields> {
        match &mut self.response {
            Some(response) => Some(&mut response.fields),
            None => match &mut self.request {
                Request::Open(head) => Some(&mut head.fields),
                Request::None | Request::Sent(_) => None,
            },
        }
    }

    /// Appends a format as it is, which cannot say itself that it lacked a fact; says which one it lacked.
    pub(crate) fn write_or_missing(
        &self,
        format: &CompiledFormat,
        out: &mut Vec<u8>,
    ) -> Option<Fact> {
        self.world.missing.set(None);
        self.write(format, Escape::None, out);
        self.world.missing.get()
    }

    /// Carries out what converters noted: `set-var` and `capture-req` inside expressions.
    pub(crate) fn settle(&mut self) {
        let part = self.program.frontend(self.stream.frontend).part();
        for effect in self.stream.vars.settle() {
            let captures = &mut self.stream.captures;
            // A slot that nobody declares is never filled, and none beyond its length.
            let (declared, kept, slot, mut text) = match effect {
                Effect::CaptureRequest(slot, text) => {
                    (&part.request_slots, &mut captures.request, slot, text)
                }
                Effect::CaptureResponse(slot, text) => {
                    (&part.response_slots, &mut captures.response, slot, text)
                }
                Effect::Set(..) | Effect::Unset(_) => continue,
            };
            if let Some(place) = declared.get(slot as usize) {
                text.truncate(place.len);
                store(kept, slot, text);
            }
        }
    }

    /// Writes the facts that were read since the last call to the trace.
    pub(crate) fn flush<T: Trace>(&self, trace: &mut T) {
        if T::ON {
            for event in self.world.recorder.take() {
                trace.event(|| event);
            }
        }
    }
}

/// The context of an expression for this stream.
pub(crate) fn context<'c>(
    stream: &'c Stream,
    request: Option<&'c RequestHead>,
    response: Option<&'c ResponseHead>,
    (request_body, response_body): (Buffered<'c>, Buffered<'c>),
    facts: &'c dyn Facts,
) -> Context<'c> {
    Context {
        protocol: Protocol::Http,
        request,
        response,
        request_body,
        response_body,
        vars: &stream.vars,
        captured_request: &stream.captures.request,
        captured_response: &stream.captures.response,
        facts,
        log: None,
    }
}

/// Puts a text into a capture slot, making room for it.
pub(crate) fn store(slots: &mut Vec<Option<Vec<u8>>>, slot: u32, text: Vec<u8>) {
    // A slot was declared when the program was compiled, so there are few.
    let slot = slot as usize;
    if slots.len() <= slot {
        slots.resize(slot + 1, None);
    }
    if let Some(place) = slots.get_mut(slot) {
        *place = Some(text);
    }
}

/// Bytes for a trace.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A change for a trace.
pub(crate) fn change(
    what: impl Into<String>,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> Change {
    Change { what: what.into(), before: before.map(text), after: after.map(text) }
}

/// Tells a trace of an edit that no rule made.
pub(crate) fn edited<T: Trace>(trace: &mut T, span: diag::Span, make: impl FnOnce() -> Change) {
    trace.event(|| Event::Edit { span, change: make() });
}
