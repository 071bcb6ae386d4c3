//! Variables of the process, `proc.name`: one set of values for every stream of a program.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::{Value, VarId};

/// The values, shared by all streams of a program.
#[derive(Debug, Default)]
pub struct ProcVars {
    values: RwLock<HashMap<u32, Value<'static>>>,
}

impl ProcVars {
    /// The value, if it is set.
    pub fn get(&self, id: VarId) -> Option<Value<'static>> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values.get(&id.index).cloned()
    }

    /// Sets a variable for everyone.
    pub fn set(&self, id: VarId, value: Value<'static>) {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values.insert(id.index, value);
    }

    /// Takes over what another set has, whose numbers are the same.
    pub fn take_over(&self, other: &ProcVars) {
        let theirs = other.values.read().unwrap_or_else(PoisonError::into_inner).clone();
        *self.values.write().unwrap_or_else(PoisonError::into_inner) = theirs;
    }

    /// Forgets a variable.
    pub fn unset(&self, id: VarId) {
        self.values.write().unwrap_or_else(PoisonError::into_inner).remove(&id.index);
    }
}
