//! The four forms of a request target (RFC 9112 section 3.2) and their parts.

/// Which form a request target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://authority/path?query`
    Absolute,
    /// `host:port`, for `CONNECT`.
    Authority,
    /// `*`, for `OPTIONS`.
    Asterisk,
    /// Something else, which HAProxy forwards as it is.
    Other,
}

/// A request target cut into its parts; the parts are ranges of the one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    text: &'a [u8],
    form: TargetForm,
    authority: (usize, usize),
    path: usize,
    query: usize,
}

impl<'a> Target<'a> {
    /// Cuts a target; total, any bytes have a form.
    pub fn new(text: &'a [u8]) -> Target<'a> {
        let none = (0, 0);
        let (form, authority, path) = match text {
            [b'/', ..] => (TargetForm::Origin, none, 0),
            b"*" => (TargetForm::Asterisk, none, text.len()),
            _ => match authority_of_absolute(text) {
                Some((start, end)) => (TargetForm::Absolute, (start, end), end),
                None if memchr::memchr(b':', text).is_some() => {
                    (TargetForm::Authority, (0, text.len()), text.len())
                }
                None => (TargetForm::Other, none, text.len()),
            },
        };
        // The query begins at the first `?` of the whole target, whatever its form.
        let query = memchr::memchr(b'?', text).unwrap_or(text.len());
        let path = path.min(query);
        Target { text, form, authority, path, query }
    }

    /// Which form it has.
    pub fn form(&self) -> TargetForm {
        self.form
    }

    /// Scheme of the absolute form, without `://`.
    pub fn scheme(&self) -> Option<&'a [u8]> {
        match self.form {
            TargetForm::Absolute => self.text.get(..self.authority.0 - b"://".len()),
            _ => None,
        }
    }

    /// Host and port of the absolute and the authority form.
    pub fn authority(&self) -> Option<&'a [u8]> {
        let (start, end) = self.authority;
        (end > start).then(|| &self.text[start..end])
    }

    /// The path without the query; empty where the form has none.
    pub fn path(&self) -> &'a [u8] {
        &self.text[self.path..self.query]
    }

    /// The bytes after the first `?`, without it; `None` when there is no `?`.
    pub fn query(&self) -> Option<&'a [u8]> {
        self.text.get(self.query + 1..).filter(|_| self.query < self.text.len())
    }

    /// Path and query together, with the `?`: what `pathq` reads; empty without a path.
    pub fn path_and_query(&self) -> &'a [u8] {
        if self.path().is_empty() { &[] } else { &self.text[self.path..] }
    }

    /// Where the path begins in the text.
    pub(crate) fn path_start(&self) -> usize {
        self.path
    }

    /// Where the path ends: at the `?`, or at the end.
    pub(crate) fn path_end(&self) -> usize {
        self.query
    }
}

/// The range of the authority in `scheme://authority/...`.
fn authority_of_absolute(text: &[u8]) -> Option<(usize, usize)> {
    let colon = memchr::memchr(b':', text)?;
    let scheme = &text[..colon];
    let named = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let rest = text[colon..].strip_prefix(b"://").filter(|_| named)?;
    let start = colon + b"://".len();
    // HAProxy ends an authority at the slash only: `http://a?q` has the authority `a?q`.
    let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
    Some((start, start + end))
}
