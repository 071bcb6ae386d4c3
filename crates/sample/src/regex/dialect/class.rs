//! Classes: `[a-z[:digit:]\w]`, where PCRE knows no unions, intersections or differences.

use super::Refusal::{self, Lacks, Wrong};
use super::{Reader, push_byte};

/// The characters that PCRE calls vertical and horizontal spaces, as they stand in a class.
pub(super) const VERTICAL: &str = r"\n\x0B\x0C\r\x85";
pub(super) const HORIZONTAL: &str = r"\t\x20\xA0";

/// What stands in a class.
enum Item {
    /// A byte, which may be an end of a range.
    Byte(u8),
    /// A set, in the engine's dialect.
    Set(String),
}

impl Reader<'_> {
    /// What begins with `[`.
    pub(super) fn class(&mut self) -> Result<(), Refusal> {
        self.out.push('[');
        if self.skip(b"^") {
            self.out.push('^');
        }
        // The first `]` is a character.
        let mut first = true;
        while first || !self.rest.starts_with(b"]") {
            first = false;
            let Some(low) = self.item()? else {
                // Not closed: the engine says so.
                return Ok(());
            };
            match low {
                Item::Byte(low) => self.range(low)?,
                Item::Set(set) => {
                    self.out.push_str(&set);
                    if matches!(self.rest, [b'-', second, ..] if *second != b']') {
                        return Err(Wrong("a set cannot begin a range"));
                    }
                }
            }
        }
        self.rest = self.rest.get(1..).unwrap_or_default();
        self.plain(b']', true);
        Ok(())
    }

    /// A byte of a class, or a range that begins with it.
    fn range(&mut self, low: u8) -> Result<(), Refusal> {
        push_byte(low, &mut self.out);
        let is_range = matches!(self.rest, [b'-', second, ..] if *second != b']');
        if !is_range {
            return Ok(());
        }
        self.skip(b"-");
        match self.item()? {
            Some(Item::Byte(high)) => {
                self.out.push('-');
                push_byte(high, &mut self.out);
            }
            Some(Item::Set(_)) => return Err(Wrong("a set cannot end a range")),
            None => {}
        }
        Ok(())
    }

    fn item(&mut self) -> Result<Option<Item>, Refusal> {
        let Some(byte) = self.next() else { return Ok(None) };
        Ok(Some(match byte {
            b'[' => match posix(self.rest) {
                Some(length) if !is_known(self.rest, length) => {
                    return Err(Wrong("a class of this name does not exist"));
                }
                Some(length) => {
                    let name = self.rest.get(..length).unwrap_or_default();
                    let set = format!("[{}", String::from_utf8_lossy(name));
                    self.rest = self.rest.get(length..).unwrap_or_default();
                    Item::Set(set)
                }
                None => Item::Byte(b'['),
            },
            b'\\' => match self.next() {
                None => return Ok(None),
                Some(byte) => self.class_escape(byte)?,
            },
            byte => Item::Byte(byte),
        }))
    }

    fn class_escape(&mut self, byte: u8) -> Result<Item, Refusal> {
        Ok(match byte {
            b'a' => Item::Byte(7),
            b'b' => Item::Byte(8),
            b't' => Item::Byte(b'\t'),
            b'n' => Item::Byte(b'\n'),
            b'f' => Item::Byte(12),
            b'r' => Item::Byte(b'\r'),
            b'1'..=b'7' => Item::Byte(self.octal(byte).unwrap_or(byte - b'0')),
            b'8' | b'9' => Item::Byte(byte),
            b'0' | b'x' | b'e' => match self.number(byte) {
                Some(byte) => Item::Byte(byte),
                None => return Err(Lacks("a character above 255")),
            },
            b'h' => Item::Set(HORIZONTAL.to_owned()),
            b'v' => Item::Set(VERTICAL.to_owned()),
            b'H' => Item::Set(format!("[^{HORIZONTAL}]")),
            b'V' => Item::Set(format!("[^{VERTICAL}]")),
            b'p' | b'P' => return Err(Lacks("a property of Unicode")),
            b'Q' | b'E' => return Err(Lacks("`\\Q` in a class")),
            byte if byte.is_ascii_alphanumeric() => Item::Set(format!("\\{}", char::from(byte))),
            byte => Item::Byte(byte),
        })
    }
}

/// The length of `:alpha:]` behind a `[`; also of what is written like it with `.` or `=`.
fn posix(rest: &[u8]) -> Option<usize> {
    let (mark, name) = rest.split_first().filter(|(mark, _)| b":.=".contains(mark))?;
    let name = name.strip_prefix(b"^").unwrap_or(name);
    let letters = name.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let closed = name.get(letters..)?.starts_with(&[*mark, b']']);
    closed.then(|| rest.len() - name.len() + letters + 2)
}

/// Whether such a class is one that POSIX or PCRE names.
fn is_known(rest: &[u8], length: usize) -> bool {
    const NAMES: [&[u8]; 14] = [
        b"alnum", b"alpha", b"ascii", b"blank", b"cntrl", b"digit", b"graph", b"lower", b"print",
        b"punct", b"space", b"upper", b"word", b"xdigit",
    ];
    let name = rest.get(1..length.saturating_sub(2)).unwrap_or_default();
    let name = name.strip_prefix(b"^").unwrap_or(name);
    rest.starts_with(b":") && NAMES.contains(&name)
}
