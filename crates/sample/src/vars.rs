//! Variables: `txn.name` and its sisters, interned to small numbers when a program is compiled (manual 2.8).

use crate::Value;

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
        let index = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        Ok(VarId { scope, index: index as u32 })
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
}

impl Vars {
    /// The value, if it is set.
    pub fn get(&self, id: VarId) -> Option<&Value<'static>> {
        self.values.iter().find(|(known, _)| *known == id).map(|(_, value)| value)
    }

    /// Sets a variable.
    pub fn set(&mut self, id: VarId, value: Value<'static>) {
        match self.values.iter_mut().find(|(known, _)| *known == id) {
            Some((_, old)) => *old = value,
            None => self.values.push((id, value)),
        }
    }

    /// Forgets a variable.
    pub fn unset(&mut self, id: VarId) {
        self.values.retain(|(known, _)| *known != id);
    }

    /// Forgets all of one scope: `req` after the request, `res` after the response, `txn` between transactions.
    pub fn end(&mut self, scope: Scope) {
        self.values.retain(|(known, _)| known.scope != scope);
    }
}
