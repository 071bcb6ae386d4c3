//! Map files for the converters `map_*`: a matcher over the keys, and the values beside it.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use config_parse::condition::MatchMethod;
use diag::Span;
use sample::lists::{Entry, List, LookedUp, Use};
use sample::{Map, MapBuilder, MapMethod, Type, Value, as_text, cast};

use crate::live::first;
use crate::matcher::{Comparison, Hit, Matcher};
use crate::pattern::Pattern;

/// Makes map files ready: what [`sample::CompileEnv::maps`] wants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Maps;

impl MapBuilder for Maps {
    fn build(
        &self,
        method: MapMethod,
        out: Type,
        list: &Arc<List>,
        span: Span,
    ) -> Result<Arc<dyn Map>, (usize, String)> {
        let (list, building) = (Arc::clone(list), Mutex::default());
        let now = ArcSwap::from_pointee(Built::new(&list, method, out)?);
        let live = Arc::new(Live { list, method, out, now, building });
        let by: Arc<dyn Use> = Arc::clone(&live) as _;
        live.list.used(span, &by);
        Ok(live)
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

/// The map as it is now.
struct Live {
    list: Arc<List>,
    method: MapMethod,
    out: Type,
    now: ArcSwap<Built>,
    /// Held while the index is made again.
    building: Mutex<()>,
}

/// An index and the state of the list that it was made of.
struct Built {
    version: u64,
    matcher: Matcher,
    values: Vec<Value<'static>>,
}

impl Built {
    fn new(list: &List, method: MapMethod, out: Type) -> Result<Built, (usize, String)> {
        let version = list.version();
        let entries = list.entries();
        let mut keys = Vec::with_capacity(entries.len());
        let mut values = Vec::with_capacity(entries.len());
        for Entry { key, value, line, .. } in entries {
            // What is asked for is the key itself when the values are of any type.
            let text = if out == Type::Any { &key } else { &value };
            let value = read_value(text, out)
                .ok_or_else(|| (line, format!("`{text}` is not {}", out.describe())))?;
            values.push(value);
            keys.push(Pattern { text: key, ignore_case: false, span: Span::default(), line });
        }
        let at = keys.first().map_or(0, |key| key.line);
        let comparison = Comparison::By(match_method(method));
        let matcher =
            Matcher::compile(comparison, keys, false).map_err(|findings| (at, first(&findings)))?;
        Ok(Built { version, matcher, values })
    }
}

impl Live {
    /// The index of what is in the list now.
    fn now(&self) -> Guard<Arc<Built>> {
        let built = self.now.load();
        if built.version == self.list.version() { built } else { self.again() }
    }

    #[cold]
    fn again(&self) -> Guard<Arc<Built>> {
        // Who comes second finds it done.
        let _one = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        let built = self.now.load();
        if built.version == self.list.version() {
            return built;
        }
        // An entry is read before it is taken in, so all can be.
        if let Ok(built) = Built::new(&self.list, self.method, self.out) {
            self.now.store(Arc::new(built));
        }
        self.now.load()
    }
}

impl Map for Live {
    fn look_up(&self, key: &Value<'_>) -> Option<Value<'static>> {
        let now = self.now();
        let hit @ Hit::Pattern(index) = now.matcher.find(key)? else { return None };
        let value = now.values.get(index as usize)?;
        match (self.method, value) {
            // The value refers to the groups of the match.
            (MapMethod::Regm, Value::Str(template)) => now.expand(hit, template, key),
            _ => Some(value.clone()),
        }
    }

    fn output(&self) -> Type {
        self.out
    }
}

impl Use for Live {
    fn check(&self, key: &str, value: &str) -> Result<(), String> {
        if self.out != Type::Any && read_value(value, self.out).is_none() {
            return Err(format!("`{value}` is not {}", self.out.describe()));
        }
        let text = key.to_owned();
        let pattern = Pattern { text, ignore_case: false, span: Span::default(), line: 0 };
        let comparison = Comparison::By(match_method(self.method));
        Matcher::compile(comparison, vec![pattern], false)
            .map(|_| ())
            .map_err(|findings| first(&findings))
    }

    fn look_up(&self, text: &str) -> LookedUp {
        let now = self.now();
        let found = now.matcher.find(&Value::Str(text.as_bytes().into()));
        let found = found.and_then(|hit| {
            let Hit::Pattern(index) = hit else { return None };
            let value = now.values.get(index as usize)?.clone();
            let shown = String::from_utf8_lossy(&as_text(value)).into_owned();
            let kind = match self.out {
                Type::Int => "sint",
                Type::Addr => "ip",
                _ => "str",
            };
            Some((now.matcher.pattern(hit)?.to_owned(), Some((shown, kind))))
        });
        LookedUp { method: match_method(self.method).name(), ignores_case: false, found }
    }
}

impl Built {
    fn expand(&self, hit: Hit, template: &[u8], key: &Value<'_>) -> Option<Value<'static>> {
        let Some(Value::Str(text)) = cast(key.clone(), Type::Str) else { return None };
        let groups = self.matcher.regex(hit)?.captures(&text)?;
        let mut out = Vec::new();
        sample::regex::expand(template, &groups, &mut out);
        Some(Value::Str(out.into()))
    }
}
