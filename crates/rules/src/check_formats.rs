//! What health checks ask for while they run: the formats, samples and variables of `http-check` and `tcp-check`.
//!
//! A check has no stream: it knows its backend and server, its own variables, and what the server answered.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use health::script::Part;
use http1::{Limits, Parsed, ResponseHead};
use sample::{
    BackendRef, Buffered, Compiled, CompiledFormat, Context, Escape, Fact, FactValue, Facts,
    Protocol, Sample, Type, Value, VarId, Vars, cast,
};

use crate::Program;

/// What the steps of one backend's checks ask for.
#[derive(Debug, Default)]
pub(crate) struct CheckFormats {
    /// By the order of the steps.
    pub(crate) steps: Vec<StepAsks>,
    pub(crate) asked: Vec<Asked>,
    /// `unique-id-format` of the section.
    pub(crate) unique_id: Option<CompiledFormat>,
}

/// One thing to be asked for.
#[derive(Debug)]
pub(crate) enum Asked {
    Format(CompiledFormat),
    Value(Compiled),
    Set(VarId, Compiled),
    SetFormat(VarId, CompiledFormat),
    Unset(VarId),
}

/// What one step asks for, by the numbers that a [`CheckRun`] answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepAsks {
    /// Parts of the step that are made when its turn comes.
    pub parts: Vec<(Part, u32)>,
    /// The step is this act: a variable is set or forgotten.
    pub act: Option<u32>,
}

impl CheckFormats {
    pub(crate) fn add(&mut self, asked: Asked) -> u32 {
        self.asked.push(asked);
        u32::try_from(self.asked.len() - 1).unwrap_or(u32::MAX)
    }
}

/// Answers what one run of a check asks for.
pub struct CheckRun<'p> {
    program: &'p Program,
    backend: BackendRef,
    server: u32,
    facts: &'p dyn Facts,
    /// The answer is one of HTTP.
    http: bool,
    vars: RefCell<Vars>,
    /// The unique id is being made: what it asks for of itself is missing.
    identifying: Cell<bool>,
}

impl<'p> CheckRun<'p> {
    /// A run of a check of `server`, its variables not set yet.
    pub fn new(
        program: &'p Program,
        backend: BackendRef,
        server: u32,
        facts: &'p dyn Facts,
        http: bool,
    ) -> Self {
        let mut vars = Vars::default();
        if let Some(process) = &program.process_vars {
            vars.share(process);
        }
        let (vars, identifying) = (RefCell::new(vars), Cell::new(false));
        Self { program, backend, server, facts, http, vars, identifying }
    }

    fn formats(&self) -> &'p CheckFormats {
        self.program.backend(self.backend).check_formats(self.server)
    }

    fn asked(&self, what: u32) -> Option<&'p Asked> {
        self.formats().asked.get(what as usize)
    }

    /// Evaluates something, with the answer as far as it has come.
    fn with<R>(&self, answer: &[u8], evaluate: impl FnOnce(&Context<'_>) -> R) -> R {
        let mut head = ResponseHead::default();
        let limits = Limits { head_bytes: answer.len().max(1) * 2, fields: 1000, lax: true };
        let parsed = self.http.then(|| http1::parse_response(answer, &mut head, &limits));
        let body = match parsed {
            Some(Ok(Parsed::Complete { consumed })) => answer.get(consumed..).unwrap_or_default(),
            Some(_) => &[],
            None => answer,
        };
        let evaluated = {
            let vars = self.vars.borrow();
            evaluate(&Context {
                protocol: if self.http { Protocol::Http } else { Protocol::Tcp },
                request: None,
                response: matches!(parsed, Some(Ok(Parsed::Complete { .. }))).then_some(&head),
                request_body: Buffered::default(),
                response_body: Buffered { bytes: body, complete: true },
                vars: &vars,
                captured_request: &[],
                captured_response: &[],
                facts: self,
                log: None,
            })
        };
        // An evaluation within another one (the unique id) leaves this to the outer one.
        if let Ok(mut vars) = self.vars.try_borrow_mut() {
            vars.settle();
        }
        evaluated
    }

    fn written(&self, format: &CompiledFormat, answer: &[u8]) -> Vec<u8> {
        self.with(answer, |ctx| {
            let mut out = Vec::new();
            format.write_as(Escape::None, ctx, &mut out);
            out
        })
    }

    fn unique_id(&self) -> FactValue {
        let Some(format) = &self.formats().unique_id else { return FactValue::Missing };
        if self.identifying.replace(true) {
            return FactValue::Missing;
        }
        let id = self.written(format, b"");
        self.identifying.set(false);
        FactValue::Text(String::from_utf8_lossy(&id).into_owned())
    }
}

impl health::script::Asked for CheckRun<'_> {
    fn text(&self, what: u32, answer: &[u8]) -> Vec<u8> {
        match self.asked(what) {
            Some(Asked::Format(format)) => self.written(format, answer),
            _ => Vec::new(),
        }
    }

    fn number(&self, what: u32, answer: &[u8]) -> Option<i64> {
        let Some(Asked::Value(value)) = self.asked(what) else { return None };
        self.with(answer, |ctx| match value.eval_now(ctx).known() {
            Some(value) => match cast(value, Type::Int) {
                Some(Value::Int(number)) => Some(number),
                _ => None,
            },
            None => None,
        })
    }

    fn act(&self, what: u32, answer: &[u8]) {
        let (id, value) = match self.asked(what) {
            Some(Asked::Set(id, value)) => {
                let value = self.with(answer, |ctx| match value.eval_now(ctx) {
                    Sample::Known(value) => Some(value.into_owned()),
                    _ => None,
                });
                (*id, value)
            }
            Some(Asked::SetFormat(id, format)) => {
                let text = self.written(format, answer);
                (*id, Some(Value::Str(Cow::Owned(text))))
            }
            Some(Asked::Unset(id)) => (*id, None),
            _ => return,
        };
        let mut vars = self.vars.borrow_mut();
        match value {
            Some(value) => vars.set(id, value),
            None => vars.unset(id),
        }
    }
}

impl Facts for CheckRun<'_> {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        let backend = self.program.backend(self.backend);
        let number = |number: u32| Some(FactValue::Int(i64::from(number)));
        let line = || backend.servers().get(self.server as usize);
        match fact {
            Fact::BackendName => Some(FactValue::Text(backend.name().to_owned())),
            Fact::BackendId => number(backend.id()),
            Fact::ServerName => Some(FactValue::Text(line()?.name.value.clone())),
            Fact::ServerId => number(backend.server_id(self.server)),
            Fact::UniqueId => Some(self.unique_id()),
            fact => self.facts.read(fact),
        }
    }
}

impl fmt::Debug for CheckRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckRun").field("server", &self.server).finish_non_exhaustive()
    }
}
