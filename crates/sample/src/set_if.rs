//! When `set-var` sets: its conditions (manual 7.3.1, `set-var`).

use crate::{Value, VarId, Vars};

/// One condition of `set-var(name,condition,...)`. All of them must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are the manual's own, without their `if`")]
pub enum SetIf {
    Exists,
    NotExists,
    Empty,
    NotEmpty,
    Set,
    NotSet,
    Greater,
    Less,
}

impl SetIf {
    /// The condition of a word; `None` when it is none.
    pub fn from_word(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"ifexists" => Self::Exists,
            b"ifnotexists" => Self::NotExists,
            b"ifempty" => Self::Empty,
            b"ifnotempty" => Self::NotEmpty,
            b"ifset" => Self::Set,
            b"ifnotset" => Self::NotSet,
            b"ifgt" => Self::Greater,
            b"iflt" => Self::Less,
            _ => return None,
        })
    }

    /// Whether it lets a variable become a value.
    pub fn allows(self, id: VarId, new: &Value<'_>, vars: &Vars) -> bool {
        let old = vars.read(id);
        // A variable of the process exists as soon as the configuration names it.
        let exists = old.is_some() || id.scope == crate::Scope::Proc;
        let empty = matches!(new, Value::Str(text) | Value::Bin(text) | Value::Meth(text) if text.is_empty());
        let compares = |order| match (&old, new) {
            // The variable is what is greater or less; other types are not compared.
            (Some(Value::Int(old)), Value::Int(new)) => old.cmp(new) == order,
            _ => true,
        };
        match self {
            Self::Exists => exists,
            Self::NotExists => !exists,
            Self::Empty => empty,
            Self::NotEmpty => !empty,
            Self::Set => old.is_some(),
            Self::NotSet => old.is_none(),
            Self::Greater => compares(std::cmp::Ordering::Greater),
            Self::Less => compares(std::cmp::Ordering::Less),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SetIf;
    use crate::{Value, VarNames, Vars};

    #[track_caller]
    fn check(word: &str, name: &str, old: Option<i64>, new: i64, expected: bool) {
        let id = VarNames::default().intern(name).unwrap();
        let mut vars = Vars::default();
        if let Some(old) = old {
            vars.set(id, Value::Int(old));
        }
        let condition = SetIf::from_word(word.as_bytes()).unwrap();
        assert_eq!(condition.allows(id, &Value::Int(new), &vars), expected, "{word} {name}");
    }

    #[test]
    fn a_variable_is_compared_with_what_it_would_become() {
        check("ifgt", "txn.a", Some(5), 2, true);
        check("ifgt", "txn.a", Some(5), 7, false);
        check("iflt", "txn.a", Some(5), 7, true);
        check("iflt", "txn.a", None, 7, true);
    }

    #[test]
    fn a_variable_of_the_process_always_exists() {
        check("ifexists", "proc.a", None, 1, true);
        check("ifnotexists", "proc.a", None, 1, false);
        check("ifexists", "txn.a", None, 1, false);
        check("ifset", "proc.a", None, 1, false);
        check("ifnotset", "txn.a", Some(1), 1, false);
    }

    #[test]
    fn a_number_is_never_empty() {
        check("ifempty", "txn.a", None, 0, false);
        check("ifnotempty", "txn.a", None, 0, true);
    }
}
