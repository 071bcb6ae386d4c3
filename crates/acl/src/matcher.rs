//! Compares values with patterns.

use config_parse::condition::MatchMethod;
use diag::Diagnostic;
use sample::{Type, Value, cast};

use crate::pattern::Pattern;

/// Compiled patterns of one method.
#[derive(Debug)]
pub struct Matcher {
    method: MatchMethod,
    patterns: Vec<Pattern>,
}

impl Matcher {
    /// Compiles patterns.
    ///
    /// # Errors
    /// One finding for each pattern that cannot be read.
    pub fn compile(
        method: MatchMethod,
        patterns: Vec<Pattern>,
    ) -> Result<Matcher, Vec<Diagnostic>> {
        Ok(Matcher { method, patterns })
    }

    /// The pattern that matches a value, by its place among the patterns.
    pub fn find(&self, value: &Value<'_>) -> Option<usize> {
        match self.method {
            MatchMethod::Found => return Some(usize::MAX),
            MatchMethod::Bool => {
                return matches!(cast(value.clone(), Type::Bool), Some(Value::Bool(true)))
                    .then_some(usize::MAX);
            }
            _ => {}
        }
        let Some(Value::Str(text)) = cast(value.clone(), Type::Str) else { return None };
        self.patterns.iter().position(|pattern| {
            let pattern = pattern.text.as_bytes();
            match self.method {
                MatchMethod::Beg => text.starts_with(pattern),
                MatchMethod::End => text.ends_with(pattern),
                _ => *text == *pattern,
            }
        })
    }

    /// A pattern as written.
    pub fn pattern(&self, index: usize) -> Option<&str> {
        self.patterns.get(index).map(|pattern| pattern.text.as_str())
    }

    /// All patterns as written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|pattern| pattern.text.as_str())
    }
}
