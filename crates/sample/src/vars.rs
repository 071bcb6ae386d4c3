//! Variables: `txn.name` and its sisters, interned to small numbers when a program is compiled (manual 2.8).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::{ProcVars, Value};

/// What evaluating an expression changes: `set-var`, `unset-var`, `capture-req` as converters.
///
/// Evaluation is pure, so it only leaves a note; whoever evaluated settles it (see [`Vars::settle`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A variable gets a value.
    Set(VarId, Value<'static>),
    /// A variable is forgotten.
    Unset(VarId),
    /// A capture slot of the request gets a text.
    CaptureRequest(u32, Vec<u8>),
    /// A capture slot of the response gets a text.
    CaptureResponse(u32, Vec<u8>),
}

/// How long a variable lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum Scope {
    Proc,
    Sess,
    Txn,
    Req,
    Res,
    Check,
}

/// A variable of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId {
    /// Its life.
    pub scope: Scope,
    /// Its number among the program's variables.
    pub index: u32,
}

/// The variables of a program by name.
#[derive(Debug, Clone, Default)]
pub struct VarNames {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl VarNames {
    /// The variable of this name (`txn.user`), made if it is new.
    ///
    /// # Errors
    /// The word before the first dot when it is no scope.
    pub fn intern(&mut self, name: &str) -> Result<VarId, String> {
        let (scope, rest) = name.split_once('.').ok_or_else(|| name.to_owned())?;
        let scope = match scope {
            "proc" => Scope::Proc,
            "sess" => Scope::Sess,
            "txn" => Scope::Txn,
            "req" => Scope::Req,
            "res" => Scope::Res,
            "check" => Scope::Check,
            other => return Err(other.to_owned()),
        };
        if rest.is_empty() {
            return Err(name.to_owned());
        }
        let index = self.numbers.get(name).copied().unwrap_or_else(|| {
            let index = self.names.len() as u32;
            self.names.push(name.to_owned());
            self.numbers.insert(name.to_owned(), index);
            index
        });
        Ok(VarId { scope, index })
    }

    /// Every name, in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The name of a variable, `txn.user`.
    pub fn name(&self, id: VarId) -> &str {
        self.names.get(id.index as usize).map_or("", String::as_str)
    }
}

/// The values of one stream.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    values: Vec<(VarId, Value<'static>)>,
    /// Those of the process; without them `proc.name` lives as long as the stream.
    shared: Option<Arc<ProcVars>>,
    effects: RefCell<Vec<Effect>>,
}

impl Vars {
    /// From now on `proc.name` is read and set there.
    pub fn share(&mut self, process: &Arc<ProcVars>) {
        if !self.shared.as_ref().is_some_and(|known| Arc::ptr_eq(known, process)) {
            self.shared = Some(Arc::clone(process));
        }
    }

    fn process(&self, id: VarId) -> Option<&ProcVars> {
        self.shared.as_deref().filter(|_| id.scope == Scope::Proc)
    }

    /// The value, if it is set; for variables of the process see [`Vars::read`].
    pub fn get(&self, id: VarId) -> Option<&Value<'static>> {
        self.values.iter().find(|(known, _)| *known == id).map(|(_, value)| value)
    }

    /// Whether nothing is set or noted.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.effects.borrow().is_empty()
    }

    /// The value as of now, effects that are not settled included.
    pub fn read(&self, id: VarId) -> Option<Value<'_>> {
        for effect in self.effects.borrow().iter().rev() {
            match effect {
                Effect::Set(known, value) if *known == id => return Some(value.clone()),
                Effect::Unset(known) if *known == id => return None,
                _ => {}
            }
        }
        match self.process(id) {
            Some(process) => process.get(id),
            None => self.get(id).map(borrow),
        }
    }

    /// Notes a change that a converter asks for.
    pub fn leave(&self, effect: Effect) {
        self.effects.borrow_mut().push(effect);
    }

    /// Carries out the noted changes of variables; returns those of captures, for the caller.
    ///
    /// Call it after an evaluation; it costs nothing when there was no such converter.
    pub fn settle(&mut self) -> Vec<Effect> {
        let mut captures = Vec::new();
        for effect in std::mem::take(self.effects.get_mut()) {
            match effect {
                Effect::Set(id, value) => self.set(id, value),
                Effect::Unset(id) => self.unset(id),
                capture => captures.push(capture),
            }
        }
        captures
    }

    /// Sets a variable.
    pub fn set(&mut self, id: VarId, value: Value<'static>) {
        if let Some(process) = self.process(id) {
            return process.set(id, value);
        }
        match self.values.iter_mut().find(|(known, _)| *known == id) {
            Some((_, old)) => *old = value,
            None => self.values.push((id, value)),
        }
    }

    /// Forgets a variable.
    pub fn unset(&mut self, id: VarId) {
        if let Some(process) = self.process(id) {
            return process.unset(id);
        }
        self.values.retain(|(known, _)| *known != id);
    }

    /// Forgets all of one scope: `req` after the request, `res` after the response, `txn` between transactions.
    pub fn end(&mut self, scope: Scope) {
        self.values.retain(|(known, _)| known.scope != scope);
    }
}

/// The same value, borrowing its text.
fn borrow<'v>(value: &'v Value<'static>) -> Value<'v> {
    match value {
        Value::Bool(yes) => Value::Bool(*yes),
        Value::Int(number) => Value::Int(*number),
        Value::Ip(ip) => Value::Ip(*ip),
        Value::Str(text) => Value::Str(Cow::Borrowed(text)),
        Value::Bin(text) => Value::Bin(Cow::Borrowed(text)),
        Value::Meth(text) => Value::Meth(Cow::Borrowed(text)),
    }
}
