//! Map files for the converters `map_*`: a matcher over the keys, and the values beside it.

use std::sync::Arc;

use config_parse::condition::MatchMethod;
use diag::Span;
use sample::{Map, MapBuilder, MapMethod, Type, Value, cast};

use crate::matcher::{Comparison, Hit, Matcher};
use crate::pattern::{Pattern, key_of, lines, value_of};

/// Makes map files ready: what [`sample::CompileEnv::maps`] wants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Maps;

impl MapBuilder for Maps {
    fn build(
        &self,
        method: MapMethod,
        out: Type,
        contents: &[u8],
    ) -> Result<Arc<dyn Map>, (usize, String)> {
        let mut keys = Vec::new();
        let mut values = Vec::new();
        for (line, entry) in lines(contents) {
            // What is asked for is the key itself when the values are of any type.
            let text = if out == Type::Any { key_of(&entry) } else { value_of(&entry) };
            let value = read_value(text, out)
                .ok_or_else(|| (line, format!("`{text}` is not {}", out.describe())))?;
            values.push(value);
            keys.push(Pattern {
                text: key_of(&entry).to_owned(),
                ignore_case: false,
                span: Span::default(),
                line,
            });
        }
        let at: Vec<usize> = keys.iter().map(|key| key.line).collect();
        let comparison = Comparison::By(match_method(method));
        let matcher = Matcher::compile(comparison, keys, false).map_err(|findings| {
            let first = findings.first().map_or("a key cannot be read", |it| it.message.as_str());
            (at.first().copied().unwrap_or(0), first.to_owned())
        })?;
        let groups = method == MapMethod::Regm;
        Ok(Arc::new(Loaded { matcher, values, out, groups }))
    }
}

fn match_method(method: MapMethod) -> MatchMethod {
    match method {
        MapMethod::Str => MatchMethod::Str,
        MapMethod::Beg => MatchMethod::Beg,
        MapMethod::End => MatchMethod::End,
        MapMethod::Sub => MatchMethod::Sub,
        MapMethod::Dir => MatchMethod::Dir,
        MapMethod::Dom => MatchMethod::Dom,
        MapMethod::Int => MatchMethod::Int,
        MapMethod::Ip => MatchMethod::Ip,
        MapMethod::Reg | MapMethod::Regm => MatchMethod::Reg,
    }
}

/// A value of the map's type; numbers must be nothing but numbers.
fn read_value(text: &str, out: Type) -> Option<Value<'static>> {
    match out {
        Type::Int => text.parse().ok().map(Value::Int),
        Type::Addr => cast(Value::Str(text.as_bytes().into()), Type::Addr).map(Value::into_owned),
        _ => Some(Value::Str(config_parse::stray::bytes(text).into_owned().into())),
    }
}

struct Loaded {
    matcher: Matcher,
    values: Vec<Value<'static>>,
    out: Type,
    /// The value refers to the groups of the match.
    groups: bool,
}

impl Map for Loaded {
    fn look_up(&self, key: &Value<'_>) -> Option<Value<'static>> {
        let hit @ Hit::Pattern(index) = self.matcher.find(key)? else { return None };
        let value = self.values.get(index as usize)?;
        match (self.groups, value) {
            (true, Value::Str(template)) => self.expand(hit, template, key),
            _ => Some(value.clone()),
        }
    }

    fn output(&self) -> Type {
        self.out
    }
}

impl Loaded {
    fn expand(&self, hit: Hit, template: &[u8], key: &Value<'_>) -> Option<Value<'static>> {
        let Some(Value::Str(text)) = cast(key.clone(), Type::Str) else { return None };
        let groups = self.matcher.regex(hit)?.captures(&text)?;
        let mut out = Vec::new();
        sample::regex::expand(template, &groups, &mut out);
        Some(Value::Str(out.into()))
    }
}
