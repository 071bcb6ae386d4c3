//! The words of the grammar: tokens, versions, line ends, field values.

use crate::Version;
use crate::bytes::{decimal, is_space};
use crate::error::HeadError;
use crate::fields::Slice;

/// Why reading stopped before the end of the head.
pub(crate) enum Stop {
    /// The buffer ends here.
    More,
    Bad(HeadError),
}

impl From<HeadError> for Stop {
    fn from(error: HeadError) -> Stop {
        Stop::Bad(error)
    }
}

pub(crate) type Step<T> = Result<T, Stop>;

/// Reads forward over the received bytes; `at` is the first byte not yet read.
pub(crate) struct Cursor<'a> {
    buf: &'a [u8],
    pub(crate) at: usize,
    /// A value went over several lines.
    pub(crate) folded: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(buf: &'a [u8]) -> Cursor<'a> {
        Cursor { buf, at: 0, folded: false }
    }

    pub(crate) fn peek(&self) -> Step<u8> {
        self.buf.get(self.at).copied().ok_or(Stop::More)
    }

    fn rest(&self) -> &[u8] {
        &self.buf[self.at..]
    }

    /// The longest run of bytes of a class, perhaps empty.
    pub(crate) fn span(&mut self, class: impl Fn(u8) -> bool) -> Slice {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.iter().position(|&b| !class(b)).unwrap_or(rest.len());
        Slice::new(start, self.at)
    }

    /// A run of at least one byte of a class that a space follows.
    pub(crate) fn word(
        &mut self,
        class: impl Fn(u8) -> bool,
        error: fn(usize) -> HeadError,
    ) -> Step<Slice> {
        let word = self.span(class);
        if !is_space(self.peek()?) || word.range().is_empty() {
            return Err(error(self.at).into());
        }
        Ok(word)
    }

    pub(crate) fn skip_spaces(&mut self) {
        self.span(is_space);
    }

    /// Empty lines before a request are skipped (RFC 9112 section 2.2).
    pub(crate) fn skip_empty_lines(&mut self) -> Step<()> {
        while matches!(self.peek()?, b'\r' | b'\n') {
            self.line_end(|at| HeadError::LineEnd { at })?;
        }
        Ok(())
    }

    /// `\r\n` or `\n`.
    pub(crate) fn line_end(&mut self, error: fn(usize) -> HeadError) -> Step<()> {
        match self.peek()? {
            b'\n' => self.at += 1,
            b'\r' => {
                self.at += 1;
                if self.peek()? != b'\n' {
                    return Err(HeadError::LineEnd { at: self.at }.into());
                }
                self.at += 1;
            }
            _ => return Err(error(self.at).into()),
        }
        Ok(())
    }

    /// `HTTP/` digit `.` digit, and where these digits stand.
    pub(crate) fn version(&mut self) -> Step<(Version, Slice)> {
        self.version_of(|at, byte| byte == b"HTTP/"[at])
    }

    /// The same for a response, whose protocol HAProxy takes by any name of four letters.
    pub(crate) fn response_version(&mut self) -> Step<(Version, Slice)> {
        self.version_of(|at, byte| if at < 4 { byte.is_ascii_uppercase() } else { byte == b'/' })
    }

    fn version_of(&mut self, expected: fn(usize, u8) -> bool) -> Step<(Version, Slice)> {
        for at in 0..b"HTTP/".len() {
            if !expected(at, self.peek()?) {
                return Err(HeadError::Version { at: self.at }.into());
            }
            self.at += 1;
        }
        let start = self.at;
        let major = self.digit()?;
        if self.peek()? != b'.' {
            return Err(HeadError::Version { at: self.at }.into());
        }
        self.at += 1;
        let minor = self.digit()?;
        let meaning = if (major, minor) >= (1, 1) { Version::Http11 } else { Version::Http10 };
        Ok((meaning, Slice::new(start, self.at)))
    }

    fn digit(&mut self) -> Step<u8> {
        match self.peek()? {
            digit @ b'0'..=b'9' => {
                self.at += 1;
                Ok(digit - b'0')
            }
            _ => Err(HeadError::Version { at: self.at }.into()),
        }
    }

    /// Three digits or a few more, as HAProxy takes them, then a space or the end of the line.
    pub(crate) fn status(&mut self) -> Step<u16> {
        let start = self.at;
        let digits = self.span(|b| b.is_ascii_digit());
        let ended = matches!(self.peek()?, b' ' | b'\t' | b'\r' | b'\n');
        let bad = HeadError::Status { at: start };
        if digits.range().len() < 3 || self.buf.get(start) == Some(&b'0') || !ended {
            return Err(bad.into());
        }
        let value = decimal(&self.buf[start..self.at]).and_then(|it| u16::try_from(it).ok());
        value.ok_or_else(|| bad.into())
    }

    /// Everything up to the line end.
    pub(crate) fn rest_of_line(&mut self) -> Step<Slice> {
        let start = self.at;
        let rest = self.rest();
        let end = memchr::memchr2(b'\r', b'\n', rest).ok_or(Stop::More)?;
        self.at += end;
        Ok(Slice::new(start, self.at))
    }

    /// A field value with its line end, and any folded lines (they begin with a space or tab).
    pub(crate) fn value(&mut self) -> Step<Slice> {
        self.skip_spaces();
        let start = self.at;
        let mut end;
        loop {
            let Some(stop) = memchr::memchr2(b'\r', b'\n', self.rest()) else {
                self.at = self.buf.len();
                return Err(Stop::More);
            };
            self.at += stop;
            end = self.at;
            self.line_end(|at| HeadError::Value { at })?;
            if !is_space(self.peek()?) {
                break;
            }
            self.folded = true;
        }
        let text = &self.buf[start..end];
        let inside = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let Some(first) = text.iter().position(inside) else {
            return Ok(Slice::new(start, start));
        };
        let last = text.iter().rposition(inside).unwrap_or(first);
        Ok(Slice::new(start + first, start + last + 1))
    }
}
