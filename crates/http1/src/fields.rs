//! Ordered header fields over one buffer.
//!
//! The received head is copied once into the arena and fields are offsets into it. An edit appends
//! its bytes to the arena, a removal only leaves the list; [`Fields::clear`] keeps both buffers, so
//! a connection allocates for its first request and then never again.
//! Names are stored in lower case, because that is how HAProxy sends them (it has since 2.0).

use crate::values::Values;

/// A range of bytes in the arena of a [`Fields`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slice {
    start: u32,
    end: u32,
}

impl Slice {
    /// Offsets past 4 GiB saturate: such a slice reads as empty or short, it never panics.
    pub(crate) fn new(start: usize, end: usize) -> Slice {
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Slice { start: clamp(start), end: clamp(end) }
    }

    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: Slice,
    pub(crate) value: Slice,
}

impl Field {
    /// What stands between name and value, when the value lies behind the name.
    fn inner_gap(&self) -> std::ops::Range<usize> {
        self.name.range().end..self.value.start()
    }
}

/// The header fields of one message, in order.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub(crate) arena: Vec<u8>,
    /// How much of the arena is the head as it was received.
    pub(crate) received: usize,
    pub(crate) list: Vec<Field>,
    /// The [`mark`] of every name that was ever in the list. Most questions are about a name that is not there.
    marks: u64,
}

/// One bit for a name in any case; several names share a bit.
fn mark(name: &[u8]) -> u64 {
    let first = name.first().map_or(0, |first| usize::from(first | 0x20));
    1 << ((name.len() * 7 + first) % 64)
}

impl Fields {
    /// No fields and no buffers yet.
    pub fn new() -> Fields {
        Fields::default()
    }

    /// How many fields there are; a name that occurs twice counts twice.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Every field in order, as (name, value); names are in lower case.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> + ExactSizeIterator {
        self.list.iter().map(|field| (self.bytes(field.name), self.bytes(field.value)))
    }

    /// Every field's name in order, repeated where a field is.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        self.list.iter().map(|field| self.bytes(field.name))
    }

    /// The name and value at one position.
    pub fn at(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let field = self.list.get(index)?;
        Some((self.bytes(field.name), self.bytes(field.value)))
    }

    /// The whole value of the first field with this name, in any case.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The whole value of the last field with this name.
    pub fn get_last(&self, name: &[u8]) -> Option<&[u8]> {
        self.all(name).next_back()
    }

    /// The whole value of each field with this name, in order: what `req.fhdr` reads.
    pub fn all(&self, name: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
        let list = if self.may_have(name) { self.list.as_slice() } else { &[] };
        list.iter()
            .filter(move |field| self.bytes(field.name).eq_ignore_ascii_case(name))
            .map(|field| self.bytes(field.value))
    }

    /// Whether to look for this name at all: `false` only when no field has it.
    pub(crate) fn may_have(&self, name: &[u8]) -> bool {
        self.marks & mark(name) != 0
    }

    /// Notes the name of a field that the parser put into the list.
    pub(crate) fn note_name(&mut self, name: Slice) {
        self.marks |= mark(self.bytes(name));
    }

    /// Each comma-separated element of the fields with this name: what `req.hdr` reads.
    ///
    /// Commas inside double quotes do not separate; white space around an element is cut off.
    pub fn values(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        self.all(name).flat_map(Values::new)
    }

    /// How many fields have this name (not how many elements they hold).
    pub fn count(&self, name: &[u8]) -> usize {
        self.all(name).count()
    }

    /// Where the first field with this name stands.
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        self.may_have(name).then(|| self.names().position(|it| it.eq_ignore_ascii_case(name)))?
    }

    /// Whether a field has this name.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.get(name).is_some()
    }

    /// Appends a field at the end. The name is stored in lower case, the value as it is.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let field = self.store(name, value);
        self.list.push(field);
    }

    /// Puts a field at one position; past the end it is appended.
    pub fn insert(&mut self, index: usize, name: &[u8], value: &[u8]) {
        let field = self.store(name, value);
        self.list.insert(index.min(self.list.len()), field);
    }

    /// Removes every field with this name and adds one at the end (`http-request set-header`).
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        self.remove(name);
        self.add(name, value);
    }

    /// Removes every field with this name; returns how many there were.
    pub fn remove(&mut self, name: &[u8]) -> usize {
        if !self.may_have(name) {
            return 0;
        }
        self.remove_where(|it, _| it.eq_ignore_ascii_case(name))
    }

    /// Removes the fields for which the closure, given name and value, says so.
    pub fn remove_where(&mut self, mut unwanted: impl FnMut(&[u8], &[u8]) -> bool) -> usize {
        let before = self.list.len();
        let arena = &self.arena;
        self.list.retain(|field| !unwanted(bytes(arena, field.name), bytes(arena, field.value)));
        before - self.list.len()
    }

    /// Removes the field at one position; `false` when there is none.
    pub fn remove_at(&mut self, index: usize) -> bool {
        let there = index < self.list.len();
        if there {
            self.list.remove(index);
        }
        there
    }

    /// Gives the field at one position another value and keeps its name and place
    /// (`http-request replace-header`); `false` when there is none.
    pub fn replace_at(&mut self, index: usize, value: &[u8]) -> bool {
        let value = self.push(value);
        self.list.get_mut(index).map(|field| field.value = value).is_some()
    }

    /// Forgets all fields and keeps the buffers.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.received = 0;
        self.list.clear();
        self.marks = 0;
    }

    /// Appends each field as `name: value` and a line end, without the empty line that ends a head.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let mut rest = self.list.as_slice();
        while let Some((first, later)) = rest.split_first() {
            // Fields that lie behind one another as they will be sent are one copy.
            let (mut last, mut run) = (first, 0);
            let lies = |gap: std::ops::Range<usize>, as_sent: &[u8]| {
                self.arena.get(gap).is_some_and(|between| between == as_sent)
            };
            if lies(first.inner_gap(), b": ") {
                let follows = |last: &Field, next: &Field| {
                    lies(last.value.range().end..next.name.start(), b"\r\n")
                        && lies(next.inner_gap(), b": ")
                };
                while let Some(next) = later.get(run).filter(|next| follows(last, next)) {
                    (last, run) = (next, run + 1);
                }
                let lines = first.name.start()..last.value.range().end;
                out.extend_from_slice(self.arena.get(lines).unwrap_or_default());
            } else {
                out.extend_from_slice(self.bytes(first.name));
                out.extend_from_slice(b": ");
                out.extend_from_slice(self.bytes(first.value));
            }
            out.extend_from_slice(b"\r\n");
            rest = later.get(run..).unwrap_or_default();
        }
    }

    /// How many bytes [`Fields::write_to`] appends.
    pub fn written_len(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len() + b": \r\n".len()).sum()
    }

    /// Bytes of the head as it was received, 0 for one of our own.
    pub fn received_len(&self) -> usize {
        self.received
    }

    /// An upper bound of the head's size that costs nothing: with what edits took away.
    pub fn stored_len(&self) -> usize {
        self.arena.len()
    }

    pub(crate) fn bytes(&self, slice: Slice) -> &[u8] {
        bytes(&self.arena, slice)
    }

    /// Appends bytes that belong to no field yet, for the start line.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Slice {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        Slice::new(start, self.arena.len())
    }

    fn store(&mut self, name: &[u8], value: &[u8]) -> Field {
        let name = self.push(name);
        if let Some(stored) = self.arena.get_mut(name.range()) {
            stored.make_ascii_lowercase();
        }
        self.note_name(name);
        Field { name, value: self.push(value) }
    }
}

fn bytes(arena: &[u8], slice: Slice) -> &[u8] {
    arena.get(slice.range()).unwrap_or_default()
}

/// Equal when the same names and values stand in the same order; the arenas do not matter.
impl PartialEq for Fields {
    fn eq(&self, other: &Fields) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields {}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in pairs {
            fields.add(name.as_ref(), value.as_ref());
        }
        fields
    }
}
