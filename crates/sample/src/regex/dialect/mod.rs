//! From PCRE's dialect to the engine's, where the same text would mean something else.
//!
//! Both read most expressions alike. They part in classes (`[[a]`, `[a&&b]`), in braces that repeat
//! nothing (`/{id}`), in escapes (`\<`, `\v`, `\h`, `\Q...\E`) and in bytes above 0x7f, each of which
//! is a character to PCRE. What the engine cannot do is named, never read as something else.

mod class;

use Refusal::{Lacks, Wrong};
use class::{HORIZONTAL, VERTICAL};

/// Why an expression has no translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// PCRE has it and the engine has not.
    Lacks(&'static str),
    /// PCRE refuses it too.
    Wrong(&'static str),
}

/// The expression in the engine's dialect.
pub(super) fn translate(pattern: &str) -> Result<String, Refusal> {
    let mut reader = Reader {
        rest: pattern.as_bytes(),
        out: String::with_capacity(pattern.len()),
        repeatable: false,
        lines: false,
    };
    while let Some(byte) = reader.next() {
        match byte {
            b'\\' => reader.escape()?,
            b'[' => reader.class()?,
            b'(' => reader.group()?,
            b'|' | b'^' => reader.plain(byte, false),
            b'$' if reader.lines => reader.plain(byte, false),
            b'$' => reader.end(),
            b'*' | b'+' | b'?' => {
                reader.repeat()?;
                reader.out.push(char::from(byte));
                reader.behind_quantifier()?;
            }
            b'{' => match quantifier(reader.rest) {
                Some(length) => {
                    reader.repeat()?;
                    reader.out.push('{');
                    reader.copy(length);
                    reader.behind_quantifier()?;
                }
                // Braces that count nothing are text.
                None => reader.literal(b'{'),
            },
            0..=127 => reader.plain(byte, true),
            128.. => reader.literal(byte),
        }
    }
    Ok(reader.out)
}

struct Reader<'p> {
    rest: &'p [u8],
    out: String,
    /// A quantifier may stand here.
    repeatable: bool,
    /// The flag `m` was set: `$` is the end of any line.
    lines: bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Passes over a text that stands here.
    fn skip(&mut self, text: &[u8]) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Copies ASCII as it is.
    fn copy(&mut self, length: usize) {
        for byte in self.rest.iter().take(length) {
            self.out.push(char::from(*byte));
        }
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// A byte that stands for itself, whatever flags are set.
    fn literal(&mut self, byte: u8) {
        push_byte(byte, &mut self.out);
        self.repeatable = true;
    }

    /// ASCII as it is.
    fn plain(&mut self, byte: u8, repeatable: bool) {
        self.out.push(char::from(byte));
        self.repeatable = repeatable;
    }

    /// `$` and `\Z` also match before a last line feed. Looking ahead is not needed for that: nothing
    /// that could match stands behind it.
    // Quirk: where the match is replaced, the line feed is too.
    fn end(&mut self) {
        self.out.push_str(r"(?:\n?\z)");
        self.repeatable = false;
    }

    fn repeat(&self) -> Result<(), Refusal> {
        if self.repeatable { Ok(()) } else { Err(Wrong("a quantifier has nothing to repeat")) }
    }

    fn behind_quantifier(&mut self) -> Result<(), Refusal> {
        self.repeatable = false;
        if self.skip(b"+") {
            return Err(Lacks("a possessive quantifier"));
        }
        if self.skip(b"?") {
            self.out.push('?');
        }
        Ok(())
    }

    /// What begins with `(`.
    fn group(&mut self) -> Result<(), Refusal> {
        if self.skip(b"?#") {
            while !matches!(self.next(), None | Some(b')')) {}
            return Ok(());
        }
        self.plain(b'(', false);
        if self.rest.starts_with(b"*") {
            return Err(Lacks("a verb of PCRE"));
        }
        let Some(kind) = self.rest.strip_prefix(b"?") else { return Ok(()) };
        match kind {
            [b'=' | b'!', ..] | [b'<', b'=' | b'!', ..] => Err(Lacks("look-around")),
            [b'>', ..] => Err(Lacks("an atomic group")),
            [b'|', ..] => Err(Lacks("a branch reset")),
            [b'(', ..] => Err(Lacks("a conditional group")),
            [b'R' | b'&' | b'0'..=b'9' | b'+', ..] | [b'-', b'0'..=b'9', ..] | [b'P', b'>', ..] => {
                Err(Lacks("recursion"))
            }
            [b'P', b'=', ..] => Err(Lacks("a back-reference")),
            [b'<', ..] => {
                self.copy(2);
                Ok(())
            }
            [b'P', ..] => {
                self.copy(3);
                Ok(())
            }
            [b'\'', name @ ..] => {
                let length = name.iter().take_while(|byte| **byte != b'\'').count();
                self.skip(b"?'");
                self.out.push_str("?<");
                self.copy(length);
                self.skip(b"'");
                self.out.push('>');
                Ok(())
            }
            flags => self.flags(flags),
        }
    }

    /// `?i:` of a group, or `?i)` of all that follows.
    fn flags(&mut self, flags: &[u8]) -> Result<(), Refusal> {
        let length = flags.iter().take_while(|byte| !matches!(byte, b':' | b')')).count();
        let (flags, rest) = flags.split_at(length);
        if let Some(flag) = flags.iter().find(|flag| !b"imsxU-".contains(flag)) {
            return Err(match flag {
                b'J' | b'n' | b'^' => Lacks("a flag of PCRE"),
                _ => Wrong("a flag does not exist"),
            });
        }
        let on = flags.split(|flag| *flag == b'-').next().unwrap_or_default();
        self.lines |= on.contains(&b'm');
        if flags.is_empty() && rest.starts_with(b")") {
            // `(?)` sets nothing, and the engine does not have it.
            self.out.pop();
            self.rest = self.rest.get(2..).unwrap_or_default();
            return Ok(());
        }
        self.copy(1 + length);
        if rest.starts_with(b")") {
            self.copy(1);
            self.repeatable = false;
        }
        Ok(())
    }

    /// What begins with `\`, outside of a class.
    fn escape(&mut self) -> Result<(), Refusal> {
        let Some(byte) = self.next() else {
            // The engine says what is wrong with it.
            self.out.push('\\');
            return Ok(());
        };
        match byte {
            b'1'..=b'9' => match self.octal(byte) {
                Some(byte) => self.literal(byte),
                None => return Err(Lacks("a back-reference")),
            },
            b'g' | b'k' => return Err(Lacks("a back-reference")),
            b'b' | b'B' | b'A' | b'z' => {
                self.out.push('\\');
                self.plain(byte, false);
            }
            b'Z' => self.end(),
            b'p' | b'P' | b'X' => return Err(Lacks("a property of Unicode")),
            b'K' => return Err(Lacks("`\\K`")),
            b'G' => return Err(Lacks("`\\G`")),
            b'h' => self.set("[", HORIZONTAL),
            b'H' => self.set("[^", HORIZONTAL),
            b'v' => self.set("[", VERTICAL),
            b'V' => self.set("[^", VERTICAL),
            b'N' => self.set("[^", r"\n"),
            b'Q' => self.quoted(),
            b'E' => {}
            b'0' | b'x' | b'e' => match self.number(byte) {
                Some(byte) => self.literal(byte),
                None => return Err(Lacks("a character above 255")),
            },
            byte if byte.is_ascii_alphanumeric() => {
                self.out.push('\\');
                self.plain(byte, true);
            }
            byte => self.literal(byte),
        }
        Ok(())
    }

    /// The byte of `\141`; a number below 10 refers to a group.
    fn octal(&mut self, first: u8) -> Option<u8> {
        let is_octal = |byte: &u8| matches!(byte, b'0'..=b'7');
        let alone = !self.rest.first().is_some_and(u8::is_ascii_digit);
        if alone || !is_octal(&first) {
            return None;
        }
        let digits = self.rest.iter().take(2).take_while(|byte| is_octal(byte)).count();
        let (digits, rest) = self.rest.split_at(digits);
        self.rest = rest;
        let first = u32::from(first - b'0');
        let number = digits.iter().fold(first, |sum, digit| sum * 8 + u32::from(digit - b'0'));
        u8::try_from(number).ok()
    }

    fn set(&mut self, open: &str, inside: &str) {
        self.repeatable = true;
        self.out.push_str(open);
        self.out.push_str(inside);
        self.out.push(']');
    }

    /// `\Q...\E`; without an end all that follows is text.
    fn quoted(&mut self) {
        while !self.rest.is_empty() && !self.skip(br"\E") {
            if let Some(byte) = self.next() {
                self.literal(byte);
            }
        }
    }

    /// The byte of `\012`, `\x1f`, `\x{1f}` and `\e`, whose first letter was read.
    fn number(&mut self, kind: u8) -> Option<u8> {
        if kind == b'e' {
            return Some(0x1b);
        }
        let braces = kind == b'x' && self.skip(b"{");
        let (radix, most) = match (kind, braces) {
            (b'x', true) => (16, 8),
            (b'x', false) => (16, 2),
            _ => (8, 2),
        };
        let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
        let digits = self.rest.iter().take(most).take_while(is_digit).count();
        let (digits, rest) = self.rest.split_at(digits);
        self.rest = rest;
        let number = digits.iter().try_fold(0_u32, |sum, digit| {
            sum.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?)
        });
        if braces && !self.skip(b"}") {
            return None;
        }
        u8::try_from(number?).ok()
    }
}

/// Letters and digits as they are, all else by its number: no flag and no operator of the engine's
/// dialect changes that.
fn push_byte(byte: u8, out: &mut String) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_') {
        out.push(char::from(byte));
    } else {
        out.push_str(&format!("\\x{byte:02X}"));
    }
}

/// The length of `2}`, `2,}` or `2,5}` behind a `{`.
fn quantifier(rest: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'}', rest)?;
    let inside = rest.get(..end)?;
    let comma = memchr::memchr(b',', inside).unwrap_or(end);
    let (low, high) = inside.split_at(comma);
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let counts = !low.is_empty() && digits(low) && digits(high.get(1..).unwrap_or_default());
    counts.then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: Result<&str, Refusal>) {
        assert_eq!(translate(pattern).as_deref().map_err(|why| *why), expected, "{pattern}");
    }

    #[test]
    fn what_both_read_alike_stays_as_it_is() {
        for pattern in [
            "^/api/(v[0-9]+)/",
            r"\.(?:css|js)",
            "(?i)a|b",
            "a{2}b{2,}c{2,5}d*?",
            r"\bword\b",
            "[[:alpha:][:^digit:]]",
            r"(?P<name>x)\d\W",
            "(?<name>x)",
        ] {
            let same = translate(pattern).map(|text| text.replace(r"\x2E", r"\."));
            assert_eq!(same.as_deref(), Ok(pattern));
        }
    }

    #[test]
    fn what_they_read_differently_is_written_out() {
        check("/{id}/{,5}x{2", Ok(r"/\x7Bid}/\x7B,5}x\x7B2"));
        check("[[a]", Ok(r"[\x5Ba]"));
        check("[]a]", Ok(r"[\x5Da]"));
        check("[a&&b~~c--d]", Ok(r"[a\x26\x26b\x7E\x7Ec-\x2Dd]"));
        check(r"[\w.-]", Ok(r"[\w\x2E\x2D]"));
        check("a$", Ok(r"a(?:\n?\z)"));
        check(r"\141[\141\1]", Ok(r"a[a\x01]"));
        check("(?'n'a)", Ok("(?<n>a)"));
        check("[a-]", Ok(r"[a\x2D]"));
        check(r"\<a\>", Ok(r"\x3Ca\x3E"));
        check(r"\b{start}", Ok(r"\b\x7Bstart}"));
        check(r"\v\h[\v\b]", Ok(r"[\n\x0B\x0C\r\x85][\t\x20\xA0][\n\x0B\x0C\r\x85\x08]"));
        check(r"\Qa.b\Ec", Ok(r"a\x2Ebc"));
        check("é+[é]", Ok(r"\xC3\xA9+[\xC3\xA9]"));
        check(r"\x4\012\x{e9}\e", Ok(r"\x04\x0A\xE9\x1B"));
        check("a(?#not this)b", Ok("ab"));
    }

    #[test]
    fn what_the_engine_does_not_have_is_named() {
        for (pattern, what) in [
            ("a++", "a possessive quantifier"),
            ("a{2}+", "a possessive quantifier"),
            ("[+]?+", "a possessive quantifier"),
            ("^(?!/api)", "look-around"),
            ("(?<=a)b", "look-around"),
            ("(?>a)", "an atomic group"),
            (r"(a)\1", "a back-reference"),
            ("(?P=a)", "a back-reference"),
            ("(?R)", "recursion"),
            ("(?|a|b)", "a branch reset"),
            ("(*UTF)a", "a verb of PCRE"),
            (r"\p{L}", "a property of Unicode"),
        ] {
            check(pattern, Err(Lacks(what)));
        }
    }

    #[test]
    fn what_pcre_refuses_is_refused() {
        for pattern in ["*a", "^*", "$*", r"\b+", "a|*", "a**", "a{2}{3}", "(?i)*", "{2}"] {
            check(pattern, Err(Wrong("a quantifier has nothing to repeat")));
        }
        check(r"[\w-.]", Err(Wrong("a set cannot begin a range")));
        check("[a-[:digit:]]", Err(Wrong("a set cannot end a range")));
        check("(?u)a", Err(Wrong("a flag does not exist")));
    }

    #[test]
    fn the_same_signs_elsewhere_are_no_such_construct() {
        for pattern in [r"\++", "[*+]+", r"a\?+", "[(?=]", r"\\1"] {
            assert!(translate(pattern).is_ok(), "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_translated_or_refused(pattern in ".{0,40}") {
            let _ = super::super::compile(&pattern, false);
        }

        #[test]
        fn signs_in_any_order_are_translated_or_refused(pattern in r"[\[\]\\(){}?*+^$:a-c<=!0-9,&~-]{0,24}") {
            let _ = super::super::compile(&pattern, false);
        }
    }
}
