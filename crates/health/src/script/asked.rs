//! What a rule knows only when its turn comes: formats and samples, evaluated by whoever drives the check.

use std::borrow::Cow;
use std::fmt::Debug;

use regex::bytes::Regex;

use super::expect::{Expect, Expectation};
use super::header::Method;
use super::told::{Code, Told};
use super::{Action, Check, HttpRequest, Rule};

/// Which part of a rule is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// `port` of `connect`.
    Port,
    /// `uri-lf`.
    Uri,
    /// The value of the n-th `hdr` of `send`.
    Header(usize),
    /// `body-lf`.
    Body,
    /// What `send-lf` sends.
    Text,
    /// What `send-binary-lf` sends, in hexadecimal.
    Hexadecimal,
    /// `string-lf` and `binary-lf`.
    Pattern,
    /// `name-lf`.
    Name,
    /// `value-lf`.
    Value,
    /// `on-success`.
    OnSuccess,
    /// `on-error`.
    OnError,
    /// `status-code`.
    Code,
}

/// Answers what rules ask for. `answer` is what the server has said since the check last spoke.
pub trait Asked: Debug {
    /// The text of a format.
    fn text(&self, what: u32, answer: &[u8]) -> Vec<u8>;
    /// A sample as a number.
    fn number(&self, what: u32, answer: &[u8]) -> Option<i64>;
    /// Has a variable set or forgotten.
    fn act(&self, what: u32, answer: &[u8]);
}

impl Check<'_> {
    /// The action of a rule with all that it asks for.
    pub(super) fn filled<'r>(&self, rule: &'r Rule) -> Cow<'r, Action> {
        let Some(asked) = self.asked.filter(|_| !rule.asks.is_empty()) else {
            return Cow::Borrowed(&rule.action);
        };
        let mut action = rule.action.clone();
        for (part, what) in &rule.asks {
            match *part {
                Part::Port | Part::Code => {
                    action.fill_number(*part, asked.number(*what, &self.received));
                }
                part => action.fill(part, asked.text(*what, &self.received)),
            }
        }
        Cow::Owned(action)
    }
}

impl Action {
    fn fill_number(&mut self, part: Part, number: Option<i64>) {
        let number = number.and_then(|number| u16::try_from(number).ok());
        match self {
            Action::Connect(connect) if part == Part::Port => {
                connect.port = number.filter(|port| *port > 0).or(connect.port);
            }
            Action::Expect(expect) if part == Part::Code => {
                expect.code = Some(Code::Fixed(number.unwrap_or(0)));
            }
            _ => {}
        }
    }

    fn fill(&mut self, part: Part, text: Vec<u8>) {
        match self {
            Action::Send(bytes) => {
                *bytes = if part == Part::Hexadecimal { from_hexadecimal(&text) } else { text };
            }
            Action::Request(request) => request.fill(part, text),
            Action::Expect(expect) => expect.fill(part, text),
            _ => {}
        }
    }
}

impl HttpRequest {
    fn fill(&mut self, part: Part, text: Vec<u8>) {
        let words = || String::from_utf8_lossy(&text).into_owned();
        match part {
            // Quirk: a target that comes out empty is the default one.
            Part::Uri => self.uri = (!text.is_empty()).then(words),
            Part::Header(at) => {
                if let Some((_, value)) = self.headers.get_mut(at) {
                    *value = words();
                }
            }
            Part::Body => self.body = text,
            _ => {}
        }
    }
}

impl Expect {
    fn fill(&mut self, part: Part, text: Vec<u8>) {
        let words = || String::from_utf8_lossy(&text).into_owned();
        match (part, &mut self.what) {
            (Part::OnSuccess, _) => self.on_success = Some(Told::Text(words())),
            (Part::OnError, _) => self.on_error = Some(Told::Text(words())),
            (Part::Pattern, Expectation::BinaryFormat(pattern)) => {
                *pattern = from_hexadecimal(&text)
            }
            (
                Part::Pattern,
                Expectation::Body(pattern)
                | Expectation::Text(pattern)
                | Expectation::Format(pattern),
            ) => *pattern = text,
            (Part::Name, Expectation::Header(header)) => header.name.fill(words()),
            (Part::Value, Expectation::Header(header)) => {
                if let Some(value) = &mut header.value {
                    value.fill(words());
                }
            }
            _ => {}
        }
    }
}

impl Method {
    fn fill(&mut self, words: String) {
        match self {
            Method::Exact(text)
            | Method::Begins(text)
            | Method::Ends(text)
            | Method::Contains(text) => *text = words,
            Method::Regex(regex) => {
                // One that cannot be read matches nothing, as the pattern before it does.
                if let Ok(new) = Regex::new(&words) {
                    *regex = new;
                }
            }
        }
    }
}

fn from_hexadecimal(text: &[u8]) -> Vec<u8> {
    let digits = text.iter().filter_map(|digit| char::from(*digit).to_digit(16));
    let digits: Vec<u8> = digits.filter_map(|digit| u8::try_from(digit).ok()).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
}
