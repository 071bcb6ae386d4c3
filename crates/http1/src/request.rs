//! The head of a request: request line and fields.

use crate::Version;
use crate::fields::{Fields, Slice};
use crate::target::Target;

/// The head of one request. [`RequestHead::clear`] makes it ready for the next one.
#[derive(Debug, Clone, Default)]
pub struct RequestHead {
    /// The header fields; also the buffer in which the request line lies.
    pub fields: Fields,
    /// What the request line's version means.
    pub version: Version,
    pub(crate) version_text: Slice,
    pub(crate) method: Slice,
    pub(crate) target: Slice,
    /// Method and target before any edit: the buffer only grows, so their bytes stay.
    pub(crate) received: (Slice, Slice),
}

impl RequestHead {
    /// An empty head without buffers.
    pub fn new() -> RequestHead {
        RequestHead::default()
    }

    /// A head of the given request line without fields, for tests and for requests of our own.
    pub fn with(method: &[u8], target: &[u8], version: Version) -> RequestHead {
        let mut head = RequestHead { version, ..RequestHead::default() };
        head.set_method(method);
        head.set_target(target);
        head.received = (head.method, head.target);
        head
    }

    /// The method as it was received; methods are case-sensitive.
    pub fn method(&self) -> &[u8] {
        self.fields.bytes(self.method)
    }

    /// The whole request target as it was received or set (HAProxy's `url`).
    pub fn target(&self) -> &[u8] {
        self.fields.bytes(self.target)
    }

    /// The method as the client sent it, whatever was set since.
    pub fn received_method(&self) -> &[u8] {
        self.fields.bytes(self.received.0)
    }

    /// The target as the client sent it, whatever was set since.
    pub fn received_target(&self) -> &[u8] {
        self.fields.bytes(self.received.1)
    }

    /// The target cut into its parts.
    pub fn target_parts(&self) -> Target<'_> {
        Target::new(self.target())
    }

    /// The path without the query; empty for `*` and the authority form.
    pub fn path(&self) -> &[u8] {
        self.target_parts().path()
    }

    /// The query without its `?`; `None` when the target has no `?`.
    pub fn query(&self) -> Option<&[u8]> {
        self.target_parts().query()
    }

    /// Path and query as they stand in the target (HAProxy's `pathq`).
    pub fn path_and_query(&self) -> &[u8] {
        self.target_parts().path_and_query()
    }

    /// Host and port of an absolute or authority-form target.
    pub fn authority(&self) -> Option<&[u8]> {
        self.target_parts().authority()
    }

    /// The first `Host` field's value, or the target's authority where there is no such field.
    pub fn host(&self) -> Option<&[u8]> {
        self.fields.get(b"host").or_else(|| self.authority())
    }

    /// Replaces the method (`http-request set-method`).
    pub fn set_method(&mut self, method: &[u8]) {
        self.method = self.fields.push(method);
    }

    /// Replaces the whole target (`http-request set-uri`).
    pub fn set_target(&mut self, target: &[u8]) {
        self.target = self.fields.push(target);
    }

    /// Replaces the path and keeps scheme, authority and query (`http-request set-path`).
    ///
    /// Quirk: a target without a path (`http://host`, `*`) is replaced as a whole.
    pub fn set_path(&mut self, path: &[u8]) {
        let (start, end) = (self.path_or_whole(), self.target_parts().path_end());
        self.splice_target(start, end, &[path]);
    }

    /// Replaces path and query and keeps scheme and authority (`http-request set-pathq`).
    pub fn set_path_and_query(&mut self, path_and_query: &[u8]) {
        let start = self.path_or_whole();
        self.splice_target(start, self.target().len(), &[path_and_query]);
    }

    /// Replaces the query, given without `?` (`http-request set-query`).
    ///
    /// Quirk: an empty one leaves a `?` that was there and adds none.
    pub fn set_query(&mut self, query: &[u8]) {
        let parts = self.target_parts();
        let start = parts.path_end();
        let mark: &[u8] = if query.is_empty() && parts.query().is_none() { b"" } else { b"?" };
        self.splice_target(start, self.target().len(), &[mark, query]);
    }

    /// The version's digits as they were received, `1.1`; what `req.ver` and `res.ver` read.
    pub fn version_text(&self) -> &[u8] {
        match self.fields.bytes(self.version_text) {
            b"" => &self.version.as_bytes()[b"HTTP/".len()..],
            text => text,
        }
    }

    /// Forgets everything and keeps the buffers.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.version = Version::default();
        self.version_text = Slice::default();
        self.method = Slice::default();
        self.target = Slice::default();
        self.received = (Slice::default(), Slice::default());
    }

    /// Appends the head as HTTP/1 text, with the empty line that ends it.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let line = self.method().len() + self.target().len() + b"  HTTP/1.1\r\n\r\n".len();
        out.reserve(line + self.fields.written_len());
        out.extend_from_slice(self.method());
        out.push(b' ');
        out.extend_from_slice(self.target());
        out.push(b' ');
        self.version.write_to(self.version_text(), out);
        out.extend_from_slice(b"\r\n");
        self.fields.write_to(out);
        out.extend_from_slice(b"\r\n");
    }

    /// Where the path begins, or the start of a target that has none.
    fn path_or_whole(&self) -> usize {
        let parts = self.target_parts();
        if parts.path().is_empty() { 0 } else { parts.path_start() }
    }

    /// A new target: the old one with `start..end` replaced by the parts.
    pub(crate) fn splice_target(&mut self, start: usize, end: usize, parts: &[&[u8]]) {
        let old = self.target.range();
        let arena = &mut self.fields.arena;
        let begin = arena.len();
        arena.extend_from_within(old.start..old.start + start);
        for part in parts {
            arena.extend_from_slice(part);
        }
        arena.extend_from_within(old.start + end..old.end);
        self.target = Slice::new(begin, self.fields.arena.len());
    }
}

/// Equal when both would be written as the same bytes.
impl PartialEq for RequestHead {
    fn eq(&self, other: &RequestHead) -> bool {
        self.method() == other.method()
            && self.target() == other.target()
            && self.version == other.version
            && self.fields == other.fields
    }
}

impl Eq for RequestHead {}
