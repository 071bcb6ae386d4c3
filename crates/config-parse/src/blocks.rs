//! Conditional blocks while a file is read: which lines count (manual 2.4).

use diag::{Diagnostic, Span, codes};

use crate::env::Environment;
use crate::predicate;
use crate::tree::Word;

/// How deep `.if` may nest (HAProxy's limit).
const MAX_NESTED: usize = 99;

/// What the lines of one level are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// They count.
    Taken,
    /// They do not, and a later branch may.
    NotYet,
    /// They do not, nor will a later branch: one was taken, or the level around it does not count.
    Over,
}

#[derive(Debug)]
struct Block {
    state: State,
    opened: Span,
    else_at: Option<Span>,
}

/// The open blocks, outermost first.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    open: Vec<Block>,
}

/// Whether a first word is one of the eight macros.
pub(crate) fn is_macro(word: &str) -> bool {
    matches!(
        word,
        ".if" | ".elif" | ".else" | ".endif" | ".notice" | ".warning" | ".alert" | ".diag"
    )
}

impl Blocks {
    /// Whether lines count here.
    pub(crate) fn is_active(&self) -> bool {
        self.open.last().is_none_or(|block| block.state == State::Taken)
    }

    /// Follows a macro line, `words` with the macro itself.
    pub(crate) fn line(
        &mut self,
        words: &[Word<'_>],
        span: Span,
        env: &Environment,
    ) -> Option<Diagnostic> {
        let (first, args) = words.split_first()?;
        match first.text.as_ref() {
            ".if" => self.open_block(args, span, env),
            ".elif" => self.else_if(args, first.span, env),
            ".else" => self.otherwise(first.span).or_else(|| no_argument(args, &first.text)),
            ".endif" => self.close(first.span).or_else(|| no_argument(args, &first.text)),
            name if self.is_active() => message(name, args, span),
            _ => None,
        }
    }

    /// A block may not go on in the next file.
    pub(crate) fn end_of_file(&mut self) -> Vec<Diagnostic> {
        let unclosed = |block: Block| {
            Diagnostic::new(codes::E0105, block.opened, "an `.if` has no `.endif` in this file")
                .help("close the block with `.endif`")
        };
        self.open.drain(..).map(unclosed).collect()
    }

    fn open_block(
        &mut self,
        args: &[Word<'_>],
        opened: Span,
        env: &Environment,
    ) -> Option<Diagnostic> {
        if self.open.len() >= MAX_NESTED {
            self.open.push(Block { state: State::Over, opened, else_at: None });
            let message = format!("`.if` blocks nest deeper than {MAX_NESTED} levels");
            return Some(Diagnostic::new(codes::E0105, opened, message));
        }
        let (state, finding) =
            if self.is_active() { branch(args, env) } else { (State::Over, None) };
        self.open.push(Block { state, opened, else_at: None });
        finding
    }

    fn else_if(&mut self, args: &[Word<'_>], at: Span, env: &Environment) -> Option<Diagnostic> {
        let Some(block) = self.open.last_mut() else { return Some(lone(".elif", at)) };
        if let Some(before) = block.else_at {
            return Some(after_else(".elif", at, before));
        }
        match block.state {
            State::NotYet => {
                let (state, finding) = branch(args, env);
                block.state = state;
                finding
            }
            State::Taken | State::Over => {
                block.state = State::Over;
                None
            }
        }
    }

    fn otherwise(&mut self, at: Span) -> Option<Diagnostic> {
        let Some(block) = self.open.last_mut() else { return Some(lone(".else", at)) };
        if let Some(before) = block.else_at {
            return Some(after_else(".else", at, before));
        }
        block.else_at = Some(at);
        block.state = if block.state == State::NotYet { State::Taken } else { State::Over };
        None
    }

    fn close(&mut self, at: Span) -> Option<Diagnostic> {
        self.open.pop().is_none().then(|| lone(".endif", at))
    }
}

/// A branch whose condition cannot be read is not taken, and its `.else` neither.
fn branch(args: &[Word<'_>], env: &Environment) -> (State, Option<Diagnostic>) {
    match predicate::evaluate(args, env) {
        Ok(true) => (State::Taken, None),
        Ok(false) => (State::NotYet, None),
        Err(finding) => (State::Over, Some(finding)),
    }
}

fn no_argument(args: &[Word<'_>], name: &str) -> Option<Diagnostic> {
    let extra = args.first()?;
    let message = format!("`{name}` takes no argument");
    Some(Diagnostic::new(codes::E0105, extra.span, message).help("put a `#` before a comment"))
}

fn lone(name: &str, at: Span) -> Diagnostic {
    Diagnostic::new(codes::E0105, at, format!("`{name}` stands outside of any `.if`"))
}

fn after_else(name: &str, at: Span, before: Span) -> Diagnostic {
    Diagnostic::new(codes::E0105, at, format!("`{name}` stands behind the `.else` of its block"))
        .related(before, "the `.else`")
}

/// `.notice`, `.warning`, `.alert`, `.diag`: what the line's author wants to be told.
fn message(name: &str, args: &[Word<'_>], span: Span) -> Option<Diagnostic> {
    if let Some(extra) = args.get(1) {
        let message = format!("`{name}` takes one argument, and `{}` is a second", extra.text);
        let finding = Diagnostic::new(codes::E0205, extra.span, message);
        return Some(finding.help("put the message in quotes"));
    }
    let code = match name {
        ".alert" => codes::E0109,
        ".warning" => codes::W0110,
        _ => codes::N0111,
    };
    let text = args.first().map_or("", |word| word.text.as_ref());
    Some(Diagnostic::new(code, span, text))
}
