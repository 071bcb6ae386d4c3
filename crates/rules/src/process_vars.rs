//! Variables of the process: set by `global` before the first stream, then by any of them.

use std::borrow::Cow;
use std::sync::Arc;

use sample::{Buffered, Context, Facts, ProcVars, Protocol, Sample, Value, VarId, Vars};

use crate::Program;
use crate::action::variable::owned;
use crate::compile::process_value;
use crate::program::GlobalValue;

impl Program {
    /// Sets what the `set-var` lines of `global` say, in their order. Facts are the process's own:
    /// a value that needs another one is missing.
    pub fn set_process_vars(&self, facts: &dyn Facts) {
        let Some(process) = &self.process_vars else { return };
        let mut vars = Vars::default();
        vars.share(process);
        for (id, value) in &self.set_at_start {
            if let Some(value) = evaluate(value, &vars, facts) {
                process.set(*id, value);
            }
            // Captures of converters have no stream here.
            let _ = vars.settle();
        }
    }

    /// Sets a variable of the process to what an expression or a format gives now.
    ///
    /// # Errors
    /// Why it was not set.
    pub fn set_process_var(
        &self,
        name: &str,
        text: &str,
        format: bool,
        facts: &dyn Facts,
    ) -> Result<(), NotSet> {
        if !name.starts_with("proc.") {
            return Err(NotSet::Scope);
        }
        let (Some(process), Some(id)) = (&self.process_vars, self.var(name)) else {
            return Err(NotSet::Unused);
        };
        let value = process_value(self, text, format).map_err(NotSet::Value)?;
        let mut vars = Vars::default();
        vars.share(process);
        if let Some(value) = evaluate(&value, &vars, facts) {
            process.set(id, value);
        }
        let _ = vars.settle();
        Ok(())
    }

    /// The value of a variable of the process, `proc.name`; `None` when it is not set.
    pub fn process_var(&self, name: &str) -> Option<Value<'static>> {
        self.process_vars.as_ref()?.get(self.var(name)?)
    }

    /// The names of the variables of the process that the configuration uses.
    pub fn process_var_names(&self) -> impl Iterator<Item = &str> {
        self.vars.names().filter(|name| name.starts_with("proc."))
    }

    /// The variables of the process, for whoever sets one by its number ([`Program::var`]).
    pub fn process_vars(&self) -> Option<&Arc<ProcVars>> {
        self.process_vars.as_ref()
    }
}

/// Why a variable of the process was not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSet {
    /// It is none of the process.
    Scope,
    /// Nothing in the configuration reads or sets it.
    Unused,
    /// The value cannot be read.
    Value(String),
}

fn evaluate(value: &GlobalValue, vars: &Vars, facts: &dyn Facts) -> Option<Value<'static>> {
    let none = Buffered { bytes: &[], complete: true };
    let ctx = Context {
        protocol: Protocol::Tcp,
        request: None,
        response: None,
        request_body: none,
        response_body: none,
        vars,
        captured_request: &[],
        captured_response: &[],
        facts,
        log: None,
    };
    match value {
        GlobalValue::Expr(expr) => match expr.eval_now(&ctx) {
            Sample::Known(value) => Some(owned(value)),
            Sample::Missing | Sample::Wait | Sample::Unknown(_) => None,
        },
        GlobalValue::Format(format) => {
            let mut out = Vec::new();
            format.write_as(sample::Escape::None, &ctx, &mut out);
            Some(Value::Str(Cow::Owned(out)))
        }
    }
}

/// Those of a program that names any.
pub(crate) fn of(names: &sample::VarNames) -> Option<Arc<ProcVars>> {
    names.names().any(|name| name.starts_with("proc.")).then(Arc::default)
}

/// A variable and what it is set to at the start.
pub(crate) type AtStart = (VarId, GlobalValue);
