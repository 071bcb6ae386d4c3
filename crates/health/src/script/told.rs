//! What a result tells: fixed words, or a piece of the answer.

/// `on-success` and `on-error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// These words.
    Text(String),
    /// The answer from this byte to the end of its line.
    Line(usize),
    /// The answer from this byte to its first NUL.
    UntilNul(usize),
}

/// Where a status code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// This number.
    Fixed(u16),
    /// The first three bytes of the answer, as SMTP has it.
    Digits,
}

impl Told {
    pub(super) fn of(&self, answer: &[u8]) -> String {
        let (start, ends): (usize, &[u8]) = match self {
            Told::Text(text) => return text.clone(),
            Told::Line(start) => (*start, b"\r\n\0"),
            Told::UntilNul(start) => (*start, b"\0"),
        };
        let rest = answer.get(start..).unwrap_or_default();
        let end = rest.iter().position(|byte| ends.contains(byte)).unwrap_or(rest.len());
        String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned()
    }
}

impl Code {
    pub(super) fn of(&self, answer: &[u8]) -> u16 {
        match self {
            Code::Fixed(code) => *code,
            Code::Digits => {
                let digits = answer.get(..3).unwrap_or(answer);
                let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
                digits.fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
            }
        }
    }
}
