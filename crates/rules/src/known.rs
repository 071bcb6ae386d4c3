//! Facts that the program and the stream know by themselves: names and ids of where the stream is.
//!
//! The daemon and `lbctl` need not answer them, and so cannot answer them differently.

use std::cell::{Cell, OnceCell};
use std::net::SocketAddr;

use config::model::{FileLines, Proxy};
use config_parse::address::{AddressKind, Host, Ports};
use diag::Span;
use sample::{BackendRef, Bound, Fact, FactValue, FrontendRef};

use crate::{Limits, Program, Stream, limits};

/// Where a stream is.
pub(crate) struct Whereabouts<'p> {
    program: &'p Program,
    frontend: FrontendRef,
    pub(crate) backend: Cell<Option<BackendRef>>,
    server: Option<u32>,
    first_request: bool,
    /// What rules set of the bounds of the stream.
    pub(crate) limits: Cell<Limits>,
    pub(crate) priority: Cell<(i32, i32)>,
    last_rule: Option<Span>,
    /// The connection ended before there was a stream: it has no backend and counts no request.
    pub(crate) streamless: Cell<bool>,
    pub(crate) unique_id: OnceCell<String>,
}

impl<'p> Whereabouts<'p> {
    pub(crate) fn of(program: &'p Program, stream: &Stream) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            program,
            frontend: stream.frontend,
            backend: Cell::new(stream.backend),
            server: stream.server,
            first_request: stream.requests_before == 0,
            limits: Cell::new(stream.overrides.limits),
            priority: Cell::new((
                stream.overrides.priority_class,
                stream.overrides.priority_offset,
            )),
            last_rule: stream.last_rule,
            streamless: Cell::new(false),
            unique_id: stream
                .unique_id
                .as_ref()
                .map(|id| text(id))
                .map_or_else(OnceCell::new, OnceCell::from),
        }
    }

    /// The answer, if it is of this kind. `listener` gives the index of the listener.
    pub(crate) fn answer(
        &self,
        fact: Fact,
        listener: impl FnOnce() -> Option<FactValue>,
    ) -> Option<FactValue> {
        let frontend = self.program.frontend(self.frontend);
        let number = |number: u32| FactValue::Int(i64::from(number));
        Some(match fact {
            Fact::BackendName | Fact::BackendId | Fact::FirstRequest if self.streamless.get() => {
                FactValue::Missing
            }
            Fact::FrontendName => text(frontend.name()),
            Fact::FrontendId => number(frontend.id()),
            Fact::FrontendDefault => {
                let default = frontend.proxy().default_backend.as_ref();
                default.map_or(FactValue::Missing, |backend| text(&backend.value))
            }
            // Before a backend is chosen it is the frontend itself, as in HAProxy.
            Fact::BackendName => match self.backend.get() {
                Some(backend) => text(self.program.backend(backend).name()),
                None => text(frontend.name()),
            },
            Fact::BackendId => match self.backend.get() {
                Some(backend) => number(self.program.backend(backend).id()),
                None => number(frontend.id()),
            },
            Fact::ServerName => self.server(|backend, at| {
                let line = self.program.backend(backend).servers().get(at as usize)?;
                Some(text(&line.name.value))
            }),
            Fact::ServerId => {
                self.server(|backend, at| Some(number(self.program.backend(backend).server_id(at))))
            }
            Fact::ListenerName | Fact::ListenerId => {
                let Some(FactValue::Int(index)) = listener() else { return None };
                let known =
                    usize::try_from(index).ok().and_then(|at| self.program.listeners().get(at))?;
                match fact {
                    Fact::ListenerId => number(known.id),
                    _ => known.name.as_deref().map_or(FactValue::Missing, text),
                }
            }
            Fact::FirstRequest => FactValue::Bool(self.first_request),
            Fact::FrontendTimeout(bound) => FactValue::Int(limits::millis(frontend.proxy(), bound)),
            Fact::BackendTimeout(bound) => FactValue::Int(limits::millis(self.proxy(), bound)),
            Fact::CurrentTimeout(bound) => FactValue::Int(match self.limits.get().of(bound) {
                Some(set) => limits::as_millis(set),
                None if bound == Bound::Client => limits::millis(frontend.proxy(), bound),
                None => limits::millis(self.proxy(), bound),
            }),
            Fact::BackendRetries => number(self.retries()),
            Fact::CurrentRetries => {
                number(self.limits.get().retries.unwrap_or_else(|| self.retries()))
            }
            Fact::PriorityClass => FactValue::Int(self.priority.get().0.into()),
            Fact::PriorityOffset => FactValue::Int(self.priority.get().1.into()),
            Fact::LastRuleFile => self.last_rule(|file, _| text(&file.name)),
            Fact::LastRuleLine => self.last_rule(|file, rule| number(file.line(rule.start))),
            Fact::UniqueId => self.unique_id.get().map_or(FactValue::Missing, |id| text(id)),
            _ => return None,
        })
    }

    /// The server's address as its line writes it: for who asks without a connection.
    pub(crate) fn written_address(&self) -> Option<FactValue> {
        let mut found = None;
        self.server(|backend, at| {
            let line = self.program.backend(backend).servers().get(at as usize)?;
            if let AddressKind::Inet { host: Host::Ip(ip), ports: Ports::One(port), .. } =
                &line.address.kind
            {
                found = Some(FactValue::Addr(SocketAddr::new(*ip, *port)));
            }
            None
        });
        found
    }

    /// The backend, or the frontend before one was chosen.
    fn proxy(&self) -> &'p Proxy {
        match self.backend.get() {
            Some(backend) => self.program.backend(backend).proxy(),
            None => self.program.frontend(self.frontend).proxy(),
        }
    }

    fn retries(&self) -> u32 {
        self.proxy().retries.map_or(3, |retries| retries.value)
    }

    fn last_rule(&self, show: impl FnOnce(&FileLines, Span) -> FactValue) -> FactValue {
        let files = &self.program.config.files;
        let known = self.last_rule.and_then(|rule| Some((files.get(rule.file.0 as usize)?, rule)));
        known.map_or(FactValue::Missing, |(file, rule)| show(file, rule))
    }

    fn server(&self, ask: impl FnOnce(BackendRef, u32) -> Option<FactValue>) -> FactValue {
        let chosen = self.backend.get().zip(self.server);
        chosen.and_then(|(backend, at)| ask(backend, at)).unwrap_or(FactValue::Missing)
    }
}

fn text(text: &str) -> FactValue {
    FactValue::Text(text.to_owned())
}
