//! The objects of the exporter and what is read of them: one table for each kind of object.

use std::fmt;

use config::model::Mode;
use health::CheckStatus;

use super::metric_tables;
use crate::counters::{Counter, Rate};
use crate::generation::Generation;
use crate::live::{Backend, Counters, FrontendState, Server};
use crate::process::Process;

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Process,
    Frontend,
    Backend,
    Server,
}

impl Group {
    /// The word in the names of its metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Group::Process => "process",
            Group::Frontend => "frontend",
            Group::Backend => "backend",
            Group::Server => "server",
        }
    }

    pub(super) fn metrics(self) -> &'static [Metric] {
        match self {
            Group::Process => metric_tables::PROCESS,
            Group::Frontend => metric_tables::FRONTEND,
            Group::Backend => metric_tables::BACKEND,
            Group::Server => metric_tables::SERVER,
        }
    }
}

/// A metric: its name behind `haproxy_GROUP_`, whether it only grows, and how it is read.
pub(crate) struct Metric {
    pub(super) name: &'static str,
    pub(super) counts: bool,
    pub(super) help: &'static str,
    pub(super) read: Read,
}

/// How a metric is read of an object that has it.
pub(super) enum Read {
    /// One number; an object of another kind has none.
    One(fn(&Subject<'_>) -> Option<Value>),
    /// The same, only where HTTP is spoken.
    Http(fn(&Subject<'_>) -> Option<Value>),
    /// A counter of the object.
    Counter(fn(&Counters) -> &Counter),
    /// The same, only where HTTP is spoken.
    HttpCounter(fn(&Counters) -> &Counter),
    /// The highest rate of the object.
    Most(fn(&Counters) -> &Rate),
    /// The rate of the object now.
    Now(fn(&Counters) -> &Rate),
    /// One of the average times: queue, connect, response, total.
    Average(usize),
    /// Responses, one number for each class of status.
    Responses,
    /// A number for each state of the object.
    States(fn(&Subject<'_>) -> Vec<(&'static str, u64)>),
    /// The version, as a label.
    Build,
}

/// A number of the text format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Int(i64),
    /// Milliseconds, written as seconds.
    Millis(u64),
    /// The object has no such number.
    None,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(number) => write!(f, "{number}"),
            Value::Millis(millis) => write!(f, "{}.{:03}000", millis / 1000, millis % 1000),
            Value::None => f.write_str("NaN"),
        }
    }
}

impl Value {
    pub(super) fn of(number: impl TryInto<i64>) -> Option<Value> {
        Some(Value::Int(number.try_into().unwrap_or(i64::MAX)))
    }
}

/// Who is shown each value of a metric, with the labels behind those of the object.
pub(super) type Show<'s> = dyn FnMut(&[(&str, &str)], Value) + 's;

/// A counter of an object.
type Of = fn(&Counters) -> &Counter;

/// One object.
pub(crate) struct Subject<'a> {
    pub(super) object: Object<'a>,
    pub(super) process: &'a Process,
    pub(super) generation: &'a Generation,
    /// Microseconds since the epoch.
    pub(super) micros: i64,
    http: bool,
}

/// What an object is.
pub(super) enum Object<'a> {
    Process,
    Frontend(&'a FrontendState, u32),
    Backend(&'a Backend),
    Server(&'a Backend, &'a Server, usize),
}

/// Every object, proxies in the order of the file.
pub(super) fn subjects<'a>(
    generation: &'a Generation,
    process: &'a Process,
    micros: i64,
    no_maint: bool,
) -> Vec<Subject<'a>> {
    let program = &generation.program;
    let new =
        |object, mode| Subject { object, process, generation, micros, http: mode == Mode::Http };
    let mut all = vec![new(Object::Process, Mode::Http)];
    for frontend in program.frontends() {
        let state = generation.frontend(frontend.reference());
        let limit = frontend.proxy().rate_limit_sessions.map_or(0, |limit| limit.value);
        all.push(new(Object::Frontend(state, limit), frontend.mode()));
    }
    for backend in program.backends() {
        let live = generation.backend(backend.reference());
        all.push(new(Object::Backend(live), backend.mode()));
        for (at, server) in live.servers.iter().enumerate() {
            if !(no_maint && server.state.health().admin().is_maint()) {
                all.push(new(Object::Server(live, server, at), backend.mode()));
            }
        }
    }
    all
}

impl Subject<'_> {
    pub(super) fn group(&self) -> Group {
        match self.object {
            Object::Process => Group::Process,
            Object::Frontend(..) => Group::Frontend,
            Object::Backend(_) => Group::Backend,
            Object::Server(..) => Group::Server,
        }
    }

    pub(super) fn counters(&self) -> Option<&crate::PerThread<Counters>> {
        match &self.object {
            Object::Process => None,
            Object::Frontend(state, _) => Some(&state.counters),
            Object::Backend(backend) => Some(&backend.state.counters),
            Object::Server(_, server, _) => Some(&server.state.counters),
        }
    }

    /// The labels that say which object it is, with those of the metric behind them.
    pub(super) fn labels(&self, more: &[(&str, &str)], out: &mut String) {
        let own: [Option<(&str, &str)>; 2] = match &self.object {
            Object::Process => [None, None],
            Object::Frontend(state, _) => [Some(("proxy", state.name())), None],
            Object::Backend(backend) => [Some(("proxy", backend.state.name())), None],
            Object::Server(backend, server, _) => {
                [Some(("proxy", backend.state.name())), Some(("server", server.state.name()))]
            }
        };
        let mut separator = '{';
        for (name, value) in own.into_iter().flatten().chain(more.iter().copied()) {
            out.push(separator);
            separator = ',';
            out.push_str(name);
            out.push_str("=\"");
            for letter in value.chars() {
                match letter {
                    '"' | '\\' => out.extend(['\\', letter]),
                    '\n' => out.push_str("\\n"),
                    letter => out.push(letter),
                }
            }
            out.push('"');
        }
        if separator == ',' {
            out.push('}');
        }
    }

    /// Shows every value of the metric with its labels.
    pub(super) fn read(&self, metric: &Metric, show: &mut Show<'_>) {
        let counters = self.counters();
        let value = match metric.read {
            Read::One(read) => read(self),
            Read::Http(read) => read(self).filter(|_| self.http),
            Read::Counter(counter) => {
                counters.and_then(|counters| Value::of(counters.sum(counter)))
            }
            Read::HttpCounter(counter) => {
                counters.filter(|_| self.http).and_then(|counters| Value::of(counters.sum(counter)))
            }
            Read::Most(rate) => counters.and_then(|counters| Value::of(counters.rate_max(rate))),
            Read::Now(rate) => {
                counters.and_then(|counters| Value::of(counters.rate(self.micros, rate)))
            }
            Read::Average(which) => counters
                .and_then(|counters| counters.average_times().get(which).copied())
                .map(Value::Millis),
            Read::Responses => {
                self.responses(show);
                None
            }
            Read::States(read) => {
                for (state, count) in read(self) {
                    show(&[("state", state)], Value::Int(i64::try_from(count).unwrap_or(0)));
                }
                None
            }
            Read::Build => {
                show(&[("version", env!("CARGO_PKG_VERSION"))], Value::Int(1));
                None
            }
        };
        if let Some(value) = value {
            show(&[], value);
        }
    }

    fn responses(&self, show: &mut Show<'_>) {
        let Some(counters) = self.counters().filter(|_| self.http) else { return };
        let classes: [(&str, Of); 6] = [
            ("1xx", |c| &c.responses_1xx),
            ("2xx", |c| &c.responses_2xx),
            ("3xx", |c| &c.responses_3xx),
            ("4xx", |c| &c.responses_4xx),
            ("5xx", |c| &c.responses_5xx),
            ("other", |c| &c.responses_other),
        ];
        for (class, counter) in classes {
            let count = i64::try_from(counters.sum(counter)).unwrap_or(i64::MAX);
            show(&[("code", class)], Value::Int(count));
        }
    }

    /// A sum over all frontends.
    pub(super) fn all_frontends(&self, counter: fn(&Counters) -> &Counter) -> Option<Value> {
        let frontends = self.generation.live.frontends.iter();
        let sum = frontends.map(|frontend| frontend.counters.sum(counter));
        Value::of(sum.fold(0, u64::wrapping_add))
    }

    /// The rate of all frontends, now and at most.
    pub(super) fn all_rates(&self, rate: fn(&Counters) -> &Rate) -> [Option<Value>; 2] {
        let frontends = &self.generation.live.frontends;
        let now = frontends.iter().map(|frontend| frontend.counters.rate(self.micros, rate));
        let most = frontends.iter().map(|frontend| frontend.counters.rate_max(rate)).max();
        [Value::of(now.fold(0, u32::saturating_add)), Value::of(most.unwrap_or(0))]
    }
}

/// The states of a server, each with 1 where it is in it.
pub(super) fn server_states(server: &Server) -> [(&'static str, bool); 5] {
    let health = server.state.health();
    let admin = health.admin();
    let maint = admin.is_maint();
    let drain = !maint && admin.is_drain();
    let up = health.serves();
    [
        ("DOWN", !maint && !drain && !up),
        ("UP", !maint && !drain && up && health.takes_new()),
        ("MAINT", maint),
        ("DRAIN", drain),
        ("NOLB", !maint && !drain && up && !health.takes_new()),
    ]
}

/// Whether a backend takes streams: a server is up, or it needs none.
pub(super) fn is_up(backend: &Backend) -> bool {
    let mut servers = backend.servers.iter();
    backend.servers.is_empty() || servers.any(|server| server.state.health().takes_new())
}

/// The results of checks that have a state of their own here.
pub(super) fn check_states() -> impl Iterator<Item = CheckStatus> {
    CheckStatus::all().filter(|status| status.is_result())
}
