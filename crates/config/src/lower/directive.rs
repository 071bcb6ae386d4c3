//! One line being lowered: a cursor over its words that reports what is wrong with them.

use std::ops::RangeInclusive;
use std::time::Duration;

use config_parse::condition::{self, Condition};
use config_parse::env::Environment;
use config_parse::expr::{self, Expr};
use config_parse::log_format::{self, LogFormat};
use config_parse::quantity::{self, QuantityError, Unit};
use config_parse::tree::Word;
use diag::{Code, Diagnostic, Span, Spanned, codes};

use super::leading::leading_number;
use super::{Fit, InDefaults, Place, Places};
use crate::keyword::{self, Found, Missing, Status, Table};
use crate::model::{Global, Mention};
use crate::target::Target;

/// A `no` or `default` before the keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    No,
    Default,
}

/// Keywords that need a permission, and got it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Allowed {
    pub(crate) experimental: bool,
}

impl Allowed {
    pub(super) fn of(global: &Global) -> Self {
        let is_on = |name: &str| global.switches.iter().any(|switch| switch.value == name);
        Self { experimental: is_on("expose-experimental-directives") }
    }
}

/// A line and how far it has been read.
pub(crate) struct Directive<'a> {
    words: &'a [Word<'a>],
    next: usize,
    /// How many words name the keyword, for messages.
    head: usize,
    pub(crate) place: Place,
    pub(crate) target: Target,
    pub(crate) prefix: Option<Prefix>,
    /// What `global` allowed so far.
    pub(crate) allowed: Allowed,
    /// For the variables of addresses.
    pub(crate) env: &'a Environment,
    pub(crate) findings: &'a mut Vec<Diagnostic>,
    /// Samples and names that options mention, for whoever reads the line.
    pub(crate) samples: Vec<Expr>,
    pub(crate) mentions: Vec<Mention>,
    /// Reasons that were given on this line already: one cause, one error.
    said: Vec<&'static str>,
}

impl<'a> Directive<'a> {
    pub(crate) fn new(
        words: &'a [Word<'a>],
        place: Place,
        target: Target,
        env: &'a Environment,
        findings: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self {
            words,
            next: 0,
            head: 0,
            place,
            target,
            prefix: None,
            allowed: Allowed::default(),
            env,
            findings,
            samples: Vec::new(),
            mentions: Vec::new(),
            said: Vec::new(),
        }
    }

    /// The line, from its first word to its last.
    pub(crate) fn span(&self) -> Span {
        match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => Span::default(),
        }
    }

    /// The place behind the last word: where something is missing.
    fn end_span(&self) -> Span {
        self.words.last().map_or(Span::default(), |last| last.span)
    }

    /// The keyword as the user wrote it, for messages.
    pub(crate) fn phrase(&self) -> String {
        let words = self.words.iter().take(self.head.max(1));
        words.map(|word| word.text.as_ref()).collect::<Vec<_>>().join(" ")
    }

    /// The place of the keyword.
    pub(crate) fn keyword_span(&self) -> Span {
        let head = self.words.get(self.head.saturating_sub(1)).or(self.words.first());
        head.map_or(Span::default(), |word| word.span)
    }

    /// Says that what was read so far names the keyword.
    pub(crate) fn mark_head(&mut self) {
        self.head = self.next;
    }

    /// The next word, which stays to be read.
    ///
    /// Quirk: HAProxy before 3.0 takes an empty word for the end of the line; later ones refuse it.
    pub(crate) fn peek(&self) -> Option<&'a Word<'a>> {
        self.words.get(self.next).filter(|word| !word.text.is_empty())
    }

    pub(crate) fn peek_text(&self) -> &'a str {
        self.peek().map_or("", |word| word.text.as_ref())
    }

    /// The next word, if there is one.
    pub(crate) fn word(&mut self) -> Option<&'a Word<'a>> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    /// The word read last.
    pub(crate) fn last(&self) -> Option<&'a Word<'a>> {
        self.words.get(self.next.checked_sub(1)?)
    }

    /// Takes the next word when it is `text`.
    pub(crate) fn take(&mut self, text: &str) -> bool {
        let hit = self.peek().is_some_and(|word| word.text == text);
        self.next += usize::from(hit);
        hit
    }

    /// Gives the word read last back.
    pub(crate) fn back(&mut self) {
        self.next = self.next.saturating_sub(1);
    }

    /// All words that are left.
    pub(crate) fn rest(&mut self) -> &'a [Word<'a>] {
        let rest = self.words.get(self.next..).unwrap_or(&[]);
        self.next = self.words.len();
        rest
    }

    /// The texts of the words that are left, which stay to be read.
    pub(crate) fn words_left(&self) -> Vec<String> {
        self.words.iter().skip(self.next).map(|word| word.text.to_string()).collect()
    }

    /// How far the line is read, to come back to.
    pub(crate) fn mark(&self) -> usize {
        self.next
    }

    /// Goes back to a [`Self::mark`].
    pub(crate) fn reset(&mut self, mark: usize) {
        self.next = mark;
    }

    /// What is left is of no interest.
    pub(crate) fn skip_rest(&mut self) {
        self.next = self.words.len();
    }

    /// Skips `count` words.
    pub(crate) fn skip(&mut self, count: usize) {
        self.next = self.next.saturating_add(count).min(self.words.len());
    }

    /// The words up to a condition.
    pub(crate) fn until_condition(&mut self) -> Vec<Spanned<String>> {
        let mut words = Vec::new();
        while self.peek().is_some_and(|word| !condition::is_condition(&word.text)) {
            words.extend(self.word().map(spanned));
        }
        words
    }

    // What can be wrong.

    pub(crate) fn report(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(code, span, message));
    }

    /// Keeps the value, or reports the finding.
    pub(crate) fn keep<T>(&mut self, read: Result<T, Diagnostic>) -> Option<T> {
        read.map_err(|finding| self.report(finding)).ok()
    }

    /// The next word; `E0204` when there is none. `what` is "a time", "a name".
    pub(crate) fn arg(&mut self, what: &str) -> Option<&'a Word<'a>> {
        if let Some(word) = self.peek() {
            self.next += 1;
            return Some(word);
        }
        let (phrase, at) = (self.phrase(), self.end_span());
        let message = format!("`{phrase}` needs {what}");
        self.report(Diagnostic::new(codes::E0204, at, message).label("missing behind this"));
        None
    }

    /// The argument of an option on a line of options: named in messages by the option, not by the line.
    pub(crate) fn value(&mut self, what: &str) -> Option<&'a Word<'a>> {
        if let Some(word) = self.peek() {
            self.next += 1;
            return Some(word);
        }
        let name = self.last().map_or("", |word| word.text.as_ref());
        let message = format!("`{name}` needs {what}");
        let at = self.end_span();
        self.report(Diagnostic::new(codes::E0204, at, message).label("missing behind this"));
        None
    }

    /// `E0205` when words are left.
    pub(crate) fn end(&mut self) {
        let Some(extra) = self.peek() else { return };
        let (text, phrase, span) = (extra.text.as_ref(), self.phrase(), extra.span);
        self.next = self.words.len();
        let message = format!("`{text}` is one word too many for `{phrase}`");
        self.report(Diagnostic::new(codes::E0205, span, message).label("not expected here"));
    }

    /// `E0301`: the word is not one of those the keyword takes.
    pub(crate) fn not_one_of(&mut self, word: &Word<'_>, noun: &str, allowed: &[&str]) {
        let message = format!("`{}` is not {noun}", word.text);
        let mut finding = Diagnostic::new(codes::E0301, word.span, message);
        finding.help = Some(match keyword::nearest(&word.text, allowed.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of: {}", allowed.join(", ")),
        });
        self.report(finding);
    }

    /// Takes a word that is one of `allowed`; `E0301` for another, `E0204` for none.
    pub(crate) fn one_of(&mut self, allowed: &[&str]) -> bool {
        let Some(word) = self.value(&format!("one of {}", allowed.join(", "))) else {
            return false;
        };
        let hit = allowed.contains(&word.text.as_ref());
        if !hit {
            self.not_one_of(word, "one of the words that are allowed here", allowed);
        }
        hit
    }

    /// The keyword read last is experimental: `E0214` for a HAProxy that was not told to take those.
    pub(crate) fn experimental(&mut self) {
        if self.target.is_proxyd() || self.allowed.experimental {
            return;
        }
        let Some(word) = self.last() else { return };
        let message = format!("`{}` is experimental", word.text);
        let help = "write `expose-experimental-directives` in `global`, above it";
        self.report(Diagnostic::new(codes::E0214, word.span, message).help(help));
    }

    // Values.

    pub(crate) fn text(&mut self, what: &str) -> Option<Spanned<String>> {
        self.arg(what).map(spanned)
    }

    /// A word out of a list of words and their values.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        noun: &str,
        allowed: &[(&str, T)],
    ) -> Option<Spanned<T>> {
        let word = self.value(noun)?;
        match allowed.iter().find(|(name, _)| *name == word.text) {
            Some((_, value)) => Some(Spanned::new(*value, word.span)),
            None => {
                let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
                self.not_one_of(word, noun, &names);
                None
            }
        }
    }

    pub(crate) fn duration(&mut self, what: &str, unit: Unit) -> Option<Spanned<Duration>> {
        let word = self.value(what)?;
        if let Some(time) = self.cut_off(word, unit) {
            return Some(time);
        }
        let read = quantity::duration_word(word, unit);
        self.keep(read).map(|value| Spanned::new(value, word.span))
    }

    /// Quirk: HAProxy reads `1m30s` as `1m`, and warns.
    fn cut_off(&mut self, word: &Word<'_>, unit: Unit) -> Option<Spanned<Duration>> {
        let Err(QuantityError::Trailing(at)) = quantity::duration(&word.text, unit) else {
            return None;
        };
        if self.target.is_proxyd() {
            return None;
        }
        let (read, rest) = word.text.split_at(at);
        let value = quantity::duration(read, unit).ok()?;
        let message = format!("`{rest}` behind `{read}` is not read");
        self.report(Diagnostic::new(codes::W0309, word.span, message));
        Some(Spanned::new(value, word.span))
    }

    pub(crate) fn size(&mut self, what: &str) -> Option<Spanned<u64>> {
        let word = self.value(what)?;
        let read = quantity::size_word(word);
        self.keep(read).map(|value| Spanned::new(value, word.span))
    }

    /// A number in `range`; `E0302` for anything else.
    pub(crate) fn number(
        &mut self,
        what: &str,
        range: RangeInclusive<i64>,
    ) -> Option<Spanned<i64>> {
        let word = self.value(what)?;
        match word.text.parse::<i64>() {
            Ok(value) if range.contains(&value) => Some(Spanned::new(value, word.span)),
            _ => {
                self.out_of_range(word, what, &range);
                None
            }
        }
    }

    /// A number where HAProxy reads as many digits as there are, and 0 when there is none.
    ///
    /// Quirk: `maxconn 2k` is 2 there. It stays so here, with a warning.
    pub(crate) fn lenient(
        &mut self,
        what: &str,
        range: RangeInclusive<i64>,
    ) -> Option<Spanned<i64>> {
        let Some(word) = self.peek() else {
            return self.nothing_is_zero(what, &range);
        };
        self.next += 1;
        let value = leading_number(&word.text);
        if !range.contains(&value) {
            self.out_of_range(word, what, &range);
            return None;
        }
        if word.text.parse::<i64>().is_err() {
            let message = format!("`{}` is read as {value}", word.text);
            let finding = Diagnostic::new(codes::W0309, word.span, message);
            self.report(finding.label("reading stops at the first character that is no digit"));
        }
        Some(Spanned::new(value, word.span))
    }

    /// As [`Self::lenient`], in 32 bits. Quirk: a larger number wraps.
    pub(crate) fn wrapping(
        &mut self,
        what: &str,
        range: RangeInclusive<i64>,
    ) -> Option<Spanned<i64>> {
        let word = self.peek();
        let said = self.findings.len();
        let number = self.lenient(what, i64::MIN..=i64::MAX)?;
        #[expect(clippy::cast_possible_truncation, reason = "C's conversion, which wraps")]
        let number = number.map(|number| i64::from(number as i32));
        if let Some(word) = word.filter(|_| !range.contains(&number.value)) {
            // One cause, one finding.
            self.findings.truncate(said);
            self.out_of_range(word, what, &range);
            return None;
        }
        Some(number)
    }

    /// Quirk: a missing number at the end of the line is 0, where 0 is in range.
    fn nothing_is_zero(&mut self, what: &str, range: &RangeInclusive<i64>) -> Option<Spanned<i64>> {
        let at = self.end_span();
        if !range.contains(&0)
            || self.next <= self.head.max(1)
            || self.last().is_some_and(|word| !ZERO_IF_MISSING.contains(&&*word.text))
        {
            self.value(what);
            return None;
        }
        let message =
            format!("`{}` has no value and is read as 0", self.last().map_or("", |w| &w.text));
        self.report(Diagnostic::new(codes::W0309, at, message));
        Some(Spanned::new(0, at))
    }

    pub(crate) fn out_of_range(
        &mut self,
        word: &Word<'_>,
        what: &str,
        range: &RangeInclusive<i64>,
    ) {
        let message = format!("`{}` is not {what}", word.text);
        let mut finding = Diagnostic::new(codes::E0302, word.span, message);
        finding.help = Some(match (*range.start(), *range.end()) {
            (low, i64::MAX) => format!("a whole number, at least {low}"),
            (low, high) => format!("a whole number from {low} to {high}"),
        });
        self.report(finding);
    }

    pub(crate) fn log_format(&mut self, what: &str) -> Option<Spanned<LogFormat>> {
        let word = match self.words.get(self.next) {
            // Quirk: an empty format is a format of `set-var-fmt`. It is one everywhere for our daemon.
            Some(word) if word.text.is_empty() && self.takes_empty_formats() => {
                self.next += 1;
                word
            }
            _ => self.arg(what)?,
        };
        let read = log_format::parse(word);
        self.keep(read).map(|format| Spanned::new(format, word.span))
    }

    fn takes_empty_formats(&self) -> bool {
        let is_variable = |word: &Word<'_>| word.text.starts_with("set-var-fmt");
        self.target.is_proxyd() || self.words.iter().any(is_variable)
    }

    /// An expression; converters may be words of their own.
    pub(crate) fn expr(&mut self, what: &str) -> Option<Expr> {
        self.expr_in(what, usize::MAX)
    }

    /// The same in at most so many words.
    pub(crate) fn expr_in(&mut self, what: &str, most: usize) -> Option<Expr> {
        if self.peek().is_none() {
            self.arg(what);
            return None;
        }
        let words = self.words.get(self.next..).unwrap_or(&[]);
        let words = words.get(..most).unwrap_or(words);
        // What is no converter in any version and may stand behind an expression.
        let is_converter = |name: &str| match name {
            "if" | "unless" | "len" | "id" | "table" | "-m" | "|" => false,
            "proto" | "host" | "by" | "by_port" | "for" | "for_port" => false,
            name => !name.ends_with("-expr"),
        };
        match expr::parse_words(words, &is_converter) {
            Ok((expr, taken)) => {
                self.next += taken;
                Some(expr)
            }
            Err(finding) => {
                self.next += 1;
                self.report(finding);
                None
            }
        }
    }

    /// What is left is a condition or nothing. The outer `None`: it cannot be read, and was reported.
    pub(crate) fn condition(&mut self) -> Option<Option<Condition>> {
        match self.peek() {
            None => Some(None),
            Some(word) if condition::is_condition(&word.text) => {
                let words = self.rest();
                self.keep(condition::parse(words)).map(Some)
            }
            Some(word) => {
                let message = format!(
                    "`{}` is not expected here: `if` or `unless` and a condition, or nothing",
                    word.text
                );
                self.next = self.words.len();
                self.error(codes::E0509, word.span, message);
                None
            }
        }
    }

    /// What is left must be a condition: `E0605`.
    pub(crate) fn condition_required(&mut self) -> Option<Condition> {
        match self.peek() {
            Some(word) if condition::is_condition(&word.text) => self.condition().flatten(),
            other => {
                let at = other.map_or_else(|| self.end_span(), |word| word.span);
                self.next = self.words.len();
                let message = format!("`{}` needs a condition", self.phrase());
                let finding = Diagnostic::new(codes::E0605, at, message);
                self.report(finding.help("write `if` or `unless` and a condition"));
                None
            }
        }
    }

    // Keywords.

    /// Reads the next word as a keyword of `table` and lowers it into `to`. Whether it was known.
    pub(crate) fn keyword<T>(&mut self, table: &Table<T>, to: &mut T) -> bool {
        let Some(word) = self.word() else { return false };
        let name = word.text.split('(').next().unwrap_or("");
        if self.target.is_2_6() && keyword::than_2_6(table.noun, name) {
            self.too_new(word);
            return true;
        }
        match table.find(&word.text) {
            Found::Known(keyword) => {
                if keyword.places != Places::INSIDE {
                    self.mark_head();
                }
                if self.fits(keyword.places, &word.text, word.span) {
                    self.note(keyword.status, word);
                    keyword::tell_replaced(self, table.noun, word);
                    let said = self.findings.len();
                    let start = self.next;
                    if let Some(shape) = keyword.shape {
                        match keyword.places == Places::INSIDE {
                            true => shape.read(self),
                            false => shape.check(self),
                        }
                    }
                    let new = self.findings.get(said..).unwrap_or(&[]);
                    if !new.iter().any(Diagnostic::is_error) {
                        self.next = start;
                        (keyword.lower)(self, to);
                    }
                    // Refused by name: nothing more is to be said of it.
                    if self.target.is_proxyd() && matches!(keyword.status, Status::Refused(..)) {
                        self.findings.truncate(said);
                    }
                } else {
                    self.rest();
                }
                true
            }
            Found::Missing(missing, words) => {
                self.refuse(missing, word);
                self.skip(words.into());
                true
            }
            Found::Unknown => false,
        }
    }

    /// `E0202`: the word is none of `table`, and the nearest that is.
    pub(crate) fn unknown<T>(&mut self, table: &Table<T>, word: &Word<'_>) {
        let message = format!("no {} is named `{}`", table.noun, word.text);
        let finding = Diagnostic::new(codes::E0202, word.span, message);
        self.report(match table.nearest(&word.text) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        });
    }

    /// Reads options of `table` to the end of the line. Behind one that is not known it goes on at the
    /// next word that is: what stands between may be the argument of the unknown one.
    pub(crate) fn options<T>(&mut self, table: &Table<T>, to: &mut T) {
        while let Some(word) = self.peek() {
            if self.keyword(table, to) {
                continue;
            }
            self.unknown(table, word);
            while let Some(next) = self.peek()
                && matches!(table.find(&next.text), Found::Unknown)
            {
                self.word();
            }
        }
    }

    /// Whether the keyword may stand here; says so when not.
    fn fits(&mut self, places: Places, name: &str, span: Span) -> bool {
        if places == Places::INSIDE {
            return true;
        }
        let section = self.place.name();
        let strict = places.strict || places.strict_now && self.target.is_from(3, 5);
        match (Places { strict, ..places }).fit(self.place) {
            Fit::Yes => true,
            Fit::Ignored => {
                let side = if places.frontend { "frontend" } else { "backend" };
                let message = format!("`{name}` has no effect in a `{section}` section");
                let finding = Diagnostic::new(codes::W0211, span, message);
                let mut finding =
                    finding.label(format!("only a `{side}` or `listen` section reads it"));
                finding.help = match name {
                    "maxconn" => Some(
                        "a backend's limit is `fullconn`, a server's is its own `maxconn`".into(),
                    ),
                    "fullconn" => Some("a frontend's limit is `maxconn`".into()),
                    _ => None,
                };
                self.report(finding);
                true
            }
            Fit::Refused => {
                let named_only = self.place.is_defaults() && places.defaults == InDefaults::Named;
                let message = format!("`{name}` cannot stand in a `{section}` section");
                let mut finding = Diagnostic::new(codes::E0203, span, message);
                if named_only {
                    finding.message =
                        format!("`{name}` cannot stand in a `defaults` section without a name");
                    finding.help = Some("give the section a name: `defaults NAME`".into());
                }
                self.report(finding);
                false
            }
        }
    }

    /// Says of a keyword that is not carried out that it is not.
    pub(crate) fn note(&mut self, status: Status, word: &Word<'_>) {
        match status {
            Status::Supported => {}
            // What is switched off needs not be there.
            Status::Refused(..) | Status::Ignored(_) if self.prefix == Some(Prefix::No) => {}
            Status::Refused(code, why) => self.refuse_as(code, why, word),
            Status::Ignored(why) if self.target.is_proxyd() => {
                let message = format!("`{}` has no effect: {why}", word.text);
                self.report(Diagnostic::new(codes::N0208, word.span, message));
            }
            Status::Ignored(_) => {}
        }
    }

    /// The target does not know the word yet; what follows on the line is not looked at.
    pub(crate) fn too_new(&mut self, word: &Word<'_>) {
        self.skip_rest();
        let message = format!("`{}` is not known to HAProxy 2.6", word.text);
        self.error(codes::E0202, word.span, message);
    }

    /// A keyword that is refused by name: an error for the daemon, a warning when HAProxy takes it.
    pub(crate) fn refuse(&mut self, missing: &'static Missing, word: &Word<'_>) {
        self.refuse_as(missing.code, missing.why, word);
    }

    /// Reports that the line's keyword was removed, with the edit that puts another in its place, if there is one.
    pub(crate) fn removed(&mut self, message: &str, help: &str) {
        let finding = Diagnostic::new(codes::E0209, self.keyword_span(), message).help(help);
        let word = self.words.get(self.head.saturating_sub(1)).or(self.words.first());
        let cured = match word {
            Some(word) => self.cured(finding, word),
            None => finding,
        };
        self.report(cured);
    }

    fn cured(&self, mut finding: Diagnostic, word: &Word<'_>) -> Diagnostic {
        finding.fix = super::modern::cure(self.words, word).map(Box::new);
        finding
    }

    /// As [`Self::refuse`], for one value of a keyword that is otherwise supported.
    pub(crate) fn refuse_as(&mut self, code: Code, why: &'static str, word: &Word<'_>) {
        if self.said.contains(&why) {
            return;
        }
        self.said.push(why);
        if code == codes::E0209 {
            let message = format!("`{}` was removed from the language", word.text);
            let finding = self.cured(Diagnostic::new(code, word.span, message).help(why), word);
            self.report(finding);
            return;
        }
        if code == codes::E0202 {
            let message = format!("`{}` is not known to HAProxy {why}", word.text);
            return self.error(code, word.span, message);
        }
        let code = if self.target.is_proxyd() { code } else { codes::W0212 };
        let message = format!("`{}` is refused by proxyd: {why}", word.text);
        self.report(Diagnostic::new(code, word.span, message));
    }
}

/// A word as an owned value with its place.
pub(crate) fn spanned(word: &Word<'_>) -> Spanned<String> {
    Spanned::new(word.text.to_string(), word.span)
}

/// Server options whose number HAProxy reads even when there is none.
const ZERO_IF_MISSING: &[&str] = &["weight", "maxconn", "minconn", "maxqueue"];
