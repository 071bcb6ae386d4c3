//! `http-check expect hdr` and `fhdr`: a header field that the answer must have.

use memchr::memmem;
use regex::bytes::Regex;

/// How a name or value is compared.
#[derive(Debug, Clone)]
pub enum Method {
    /// `str`: it is this text.
    Exact(String),
    /// `beg`: it begins so.
    Begins(String),
    /// `end`: it ends so.
    Ends(String),
    /// `sub`: it contains this.
    Contains(String),
    /// `reg`: it matches.
    Regex(Regex),
}

/// A wanted field.
#[derive(Debug, Clone)]
pub struct HeaderMatch {
    /// Its name, compared in lower case; a regular expression looks at the lower case name.
    pub name: Method,
    /// Its value, when any will not do.
    pub value: Option<Method>,
    /// `fhdr`: the whole value counts, not its parts between commas.
    pub whole: bool,
}

impl HeaderMatch {
    /// Whether one of the fields is wanted.
    pub(super) fn is_in<'a>(&self, fields: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> bool {
        fields
            .into_iter()
            .filter(|(name, _)| self.name.takes(name.to_ascii_lowercase().as_bytes(), true))
            .any(|(_, value)| self.takes_value(value))
    }

    fn takes_value(&self, value: &[u8]) -> bool {
        let Some(wanted) = &self.value else { return true };
        if self.whole {
            return wanted.takes(value.trim_ascii(), false);
        }
        value.split(|byte| *byte == b',').any(|part| wanted.takes(part.trim_ascii(), false))
    }
}

impl Method {
    fn takes(&self, bytes: &[u8], lower: bool) -> bool {
        let wanted = |text: &String| if lower { text.to_ascii_lowercase() } else { text.clone() };
        match self {
            Method::Exact(text) => bytes == wanted(text).as_bytes(),
            Method::Begins(text) => bytes.starts_with(wanted(text).as_bytes()),
            Method::Ends(text) => bytes.ends_with(wanted(text).as_bytes()),
            Method::Contains(text) => memmem::find(bytes, wanted(text).as_bytes()).is_some(),
            Method::Regex(regex) => regex.is_match(bytes),
        }
    }
}
