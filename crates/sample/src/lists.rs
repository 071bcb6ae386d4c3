//! Pattern files and maps as they are now: operators and rules change them while the program runs (management,
//! `show map`; manual 7.1.4).
//!
//! A list belongs to its file's name, and all that use the file share it. What is compared with values is an index
//! that each use makes for itself (crate `acl`) and makes again when [`List::version`] says that the entries changed:
//! a look at a list that nobody changes costs one load.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use diag::Span;

/// The lists of a program, in the order in which they were named.
#[derive(Debug, Default)]
pub struct Lists(Mutex<Vec<Arc<List>>>);

/// How the lines of a file are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// The whole line is the pattern.
    One,
    /// The first word is the key, the rest the value.
    Two,
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Names it for `del map` and `set map`; from 1, never used again.
    pub reference: u64,
    /// The pattern.
    pub key: String,
    /// What a map gives for it.
    pub value: String,
    /// The line of its file, from 1; 0 when it was added later.
    pub line: usize,
}

/// Which entries a change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which<'a> {
    /// All with this key.
    Key(&'a str),
    /// The one with this reference.
    Reference(u64),
}

impl Which<'_> {
    fn is(&self, entry: &Entry) -> bool {
        match self {
            Which::Key(key) => entry.key == *key,
            Which::Reference(reference) => entry.reference == *reference,
        }
    }
}

/// Why a list was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A use cannot read the entry: why.
    Entry(String),
    /// The version was not prepared yet.
    Future,
    /// There is no such version to take effect.
    OutOfRange,
    /// There is no such entry.
    Missing,
}

/// An expression that looks values up in a list.
pub trait Use: Send + Sync {
    /// Whether it could read an entry.
    ///
    /// # Errors
    /// Why not.
    fn check(&self, key: &str, value: &str) -> Result<(), String>;
    /// What it finds for a text.
    fn look_up(&self, text: &str) -> LookedUp;
}

/// What a use finds for a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookedUp {
    /// The name of its match method.
    pub method: &'static str,
    /// It takes upper and lower case for the same.
    pub ignores_case: bool,
    /// The key, and of a map the value and its type.
    pub found: Option<(String, Option<(String, &'static str)>)>,
}

#[derive(Debug)]
struct Inner {
    /// What takes effect.
    now: Entries,
    current: u32,
    next: u32,
    /// What was prepared, by version.
    prepared: Vec<(u32, Vec<Entry>)>,
    references: u64,
}

/// A file that nobody changed is kept as it is.
#[derive(Debug)]
enum Entries {
    File(Arc<[u8]>),
    Changed(Vec<Entry>),
}

struct Used {
    span: Span,
    by: Weak<dyn Use>,
}

/// One list.
pub struct List {
    /// Its number among the lists.
    pub id: u32,
    /// The file's name.
    pub name: String,
    /// How lines are read.
    pub columns: Columns,
    version: AtomicU64,
    inner: Mutex<Inner>,
    uses: Mutex<Vec<Used>>,
}

impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("List").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Lists {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<List>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list of a file, read by `files` when it is new.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn open(
        &self,
        name: &str,
        columns: Columns,
        files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Arc<List>, String> {
        let mut lists = self.lock();
        let known = lists.iter().find(|list| list.name == name && list.columns == columns);
        if let Some(known) = known {
            return Ok(Arc::clone(known));
        }
        let contents = files(name)?;
        let references = contents.split(|byte| *byte == b'\n').count() as u64;
        let list = Arc::new(List {
            id: u32::try_from(lists.len()).unwrap_or(u32::MAX),
            name: name.to_owned(),
            columns,
            version: AtomicU64::new(0),
            inner: Mutex::new(Inner {
                now: Entries::File(contents.into()),
                current: 0,
                next: 0,
                prepared: Vec::new(),
                references,
            }),
            uses: Mutex::default(),
        });
        lists.push(Arc::clone(&list));
        Ok(list)
    }

    /// Takes over what the lists of another program hold by now.
    pub fn take_over(&self, other: &Lists) {
        for list in self.all() {
            let theirs = other.all();
            let same =
                |known: &&Arc<List>| known.name == list.name && known.columns == list.columns;
            if let Some(known) = theirs.iter().find(same) {
                list.take_over(known);
            }
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<List>> {
        self.lock().clone()
    }

    /// Those of a file's name, or the one with the number behind a `#`.
    pub fn find(&self, name: &str) -> Vec<Arc<List>> {
        let number = name.strip_prefix('#').and_then(|number| number.parse::<u32>().ok());
        let is = |list: &&Arc<List>| number.map_or(list.name == name, |number| list.id == number);
        self.lock().iter().filter(is).cloned().collect()
    }
}

/// The entries of a file: lines that begin with `#` and empty ones are none, blanks at either end do not count.
pub fn lines(contents: &[u8]) -> impl Iterator<Item = (usize, String)> {
    contents.split(|byte| *byte == b'\n').enumerate().filter_map(|(index, line)| {
        if line.starts_with(b"#") {
            return None;
        }
        let entry = config_parse::stray::text(line.trim_ascii()).into_owned();
        (!entry.is_empty()).then_some((index + 1, entry))
    })
}

/// The key of a map's line and its value.
pub fn parted(line: &str) -> (&str, &str) {
    const BLANKS: [char; 2] = [' ', '\t'];
    let (key, rest) = line.split_once(BLANKS).unwrap_or((line, ""));
    (key, rest.trim_start_matches(BLANKS))
}

fn read(contents: &[u8], columns: Columns) -> impl Iterator<Item = Entry> {
    lines(contents).map(move |(line, text)| {
        let (key, value) = match columns {
            Columns::One => (text.as_str(), ""),
            Columns::Two => parted(&text),
        };
        let (key, value) = (key.to_owned(), value.to_owned());
        Entry { reference: line as u64, key, value, line }
    })
}

impl List {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Each step leaves the entries whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes with the entries that take effect.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn changed(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    fn take_over(&self, other: &List) {
        let (now, current, next, prepared, references) = {
            let theirs = other.inner();
            let Entries::Changed(now) = &theirs.now else { return };
            let prepared = theirs.prepared.clone();
            (now.clone(), theirs.current, theirs.next, prepared, theirs.references)
        };
        *self.inner() = Inner { now: Entries::Changed(now), current, next, prepared, references };
        self.changed();
    }

    /// The entries that take effect, in order.
    pub fn entries(&self) -> Vec<Entry> {
        match &self.inner().now {
            Entries::File(contents) => read(contents, self.columns).collect(),
            Entries::Changed(entries) => entries.clone(),
        }
    }

    /// The entries of a version; none of one that does not exist.
    pub fn entries_of(&self, version: u32) -> Vec<Entry> {
        let inner = self.inner();
        if version == inner.current {
            drop(inner);
            return self.entries();
        }
        let found = inner.prepared.iter().find(|(known, _)| *known == version);
        found.map_or_else(Vec::new, |(_, entries)| entries.clone())
    }

    /// The version that takes effect, the last one prepared, and the entries of all.
    pub fn versions(&self) -> (u32, u32, usize) {
        let inner = self.inner();
        let now = match &inner.now {
            Entries::File(contents) => lines(contents).count(),
            Entries::Changed(entries) => entries.len(),
        };
        let prepared: usize = inner.prepared.iter().map(|(_, entries)| entries.len()).sum();
        (inner.current, inner.next, now + prepared)
    }

    /// Notes an expression that uses it. The same line counts once.
    pub fn used(&self, span: Span, by: &Arc<dyn Use>) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.push(Used { span, by: Arc::downgrade(by) });
    }

    /// Where it is used, each place once, with what looks values up there.
    pub fn uses(&self) -> Vec<(Span, Arc<dyn Use>)> {
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out: Vec<(Span, Arc<dyn Use>)> = Vec::new();
        for used in uses.iter() {
            let Some(by) = used.by.upgrade() else { continue };
            if out.iter().all(|(span, _)| *span != used.span) {
                out.push((used.span, by));
            }
        }
        out
    }

    fn check(&self, key: &str, value: &str) -> Result<(), Refused> {
        for (_, by) in self.uses() {
            by.check(key, value).map_err(Refused::Entry)?;
        }
        Ok(())
    }

    /// Adds an entry, to what takes effect or to a version.
    ///
    /// # Errors
    /// A use cannot read it, or the version was not prepared.
    pub fn add(&self, version: Option<u32>, key: &str, value: &str) -> Result<(), Refused> {
        self.check(key, value)?;
        let mut inner = self.inner();
        inner.references += 1;
        let entry = Entry {
            reference: inner.references,
            key: key.to_owned(),
            value: value.to_owned(),
            line: 0,
        };
        match version.filter(|version| *version != inner.current) {
            None => {
                inner.now(self.columns).push(entry);
                self.changed();
            }
            Some(version) if version > inner.next => return Err(Refused::Future),
            Some(version) => {
                let known = inner.prepared.iter_mut().find(|(known, _)| *known == version);
                if let Some((_, entries)) = known {
                    entries.push(entry);
                }
            }
        }
        Ok(())
    }

    /// Gives entries another value.
    ///
    /// # Errors
    /// There is none, or a use cannot read the value.
    pub fn set(&self, which: &Which<'_>, value: &str) -> Result<(), Refused> {
        let mut inner = self.inner();
        let mut changed = false;
        let all = inner.now(self.columns);
        if let Some(first) = all.iter().find(|entry| which.is(entry)) {
            self.check(&first.key, value)?;
        }
        for entry in all.iter_mut().filter(|entry| which.is(entry)) {
            value.clone_into(&mut entry.value);
            changed = true;
        }
        if !changed {
            return Err(Refused::Missing);
        }
        self.changed();
        Ok(())
    }

    /// Removes entries.
    ///
    /// # Errors
    /// There is none.
    pub fn remove(&self, which: &Which<'_>) -> Result<(), Refused> {
        let mut inner = self.inner();
        let all = inner.now(self.columns);
        let before = all.len();
        all.retain(|entry| !which.is(entry));
        if all.len() == before {
            return Err(Refused::Missing);
        }
        self.changed();
        Ok(())
    }

    /// `set-map`: changes the value of a key, or adds it.
    pub fn put(&self, key: &str, value: &str) -> Result<(), Refused> {
        match self.set(&Which::Key(key), value) {
            Err(Refused::Missing) => self.add(None, key, value),
            done => done,
        }
    }

    /// `add-acl`: adds a pattern that is not there.
    pub fn add_once(&self, key: &str) -> Result<(), Refused> {
        let known = self.inner().now(self.columns).iter().any(|entry| entry.key == key);
        if known { Ok(()) } else { self.add(None, key, "") }
    }

    /// Removes all entries of a version, by default of the one that takes effect.
    pub fn clear(&self, version: Option<u32>) {
        let mut inner = self.inner();
        match version.filter(|version| *version != inner.current) {
            None => {
                inner.now = Entries::Changed(Vec::new());
                self.changed();
            }
            Some(version) => {
                let known = inner.prepared.iter_mut().find(|(known, _)| *known == version);
                if let Some((_, entries)) = known {
                    entries.clear();
                }
            }
        }
    }

    /// Begins a version that takes effect when it is committed.
    pub fn prepare(&self) -> u32 {
        let mut inner = self.inner();
        inner.next = inner.next.wrapping_add(1);
        let version = inner.next;
        inner.prepared.push((version, Vec::new()));
        version
    }

    /// Lets a version take effect; older ones are forgotten.
    ///
    /// # Errors
    /// It is not between what takes effect and what was prepared.
    pub fn commit(&self, version: u32) -> Result<(), Refused> {
        let mut inner = self.inner();
        let distance = version.wrapping_sub(inner.current);
        if distance == 0 || distance > inner.next.wrapping_sub(inner.current) {
            return Err(Refused::OutOfRange);
        }
        let at = inner.prepared.iter().position(|(known, _)| *known == version);
        let entries = at.map_or_else(Vec::new, |at| inner.prepared.swap_remove(at).1);
        inner.now = Entries::Changed(entries);
        inner.current = version;
        let next = inner.next;
        inner
            .prepared
            .retain(|(known, _)| known.wrapping_sub(version) <= next.wrapping_sub(version));
        self.changed();
        Ok(())
    }
}

impl Inner {
    /// What takes effect, to be changed.
    fn now(&mut self, columns: Columns) -> &mut Vec<Entry> {
        if let Entries::File(contents) = &self.now {
            self.now = Entries::Changed(read(contents, columns).collect());
        }
        match &mut self.now {
            Entries::Changed(entries) => entries,
            // Made so just above.
            Entries::File(_) => unreachable!("the entries were read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(columns: Columns, text: &str) -> Arc<List> {
        let lists = Lists::default();
        lists.open("m", columns, &|_| Ok(text.as_bytes().to_vec())).expect("a list")
    }

    fn shown(entries: &[Entry]) -> String {
        entries.iter().map(|entry| format!("{}={} ", entry.key, entry.value)).collect()
    }

    #[test]
    fn a_list_is_changed_in_place_and_says_so() {
        let list = list(Columns::Two, "a one\n# no\nb two words\n");
        assert_eq!(shown(&list.entries()), "a=one b=two words ");
        let before = list.version();
        list.add(None, "c", "three").expect("added");
        list.put("a", "1").expect("set");
        list.put("d", "4").expect("added");
        list.remove(&Which::Reference(3)).expect("removed");
        assert_eq!(shown(&list.entries()), "a=1 c=three d=4 ");
        assert_ne!(list.version(), before);
        assert_eq!(list.remove(&Which::Key("x")), Err(Refused::Missing));
        assert_eq!(list.set(&Which::Key("x"), "1"), Err(Refused::Missing));
        list.clear(None);
        assert!(list.entries().is_empty());
    }

    #[test]
    fn a_version_takes_effect_as_a_whole() {
        let list = list(Columns::One, "a\n");
        assert_eq!(list.add(Some(1), "b", ""), Err(Refused::Future));
        assert_eq!((list.prepare(), list.prepare()), (1, 2));
        list.add(Some(1), "b", "").expect("added");
        list.add(Some(2), "c", "").expect("added");
        let version = list.version();
        assert_eq!(shown(&list.entries()), "a= ");
        assert_eq!(shown(&list.entries_of(1)), "b= ");
        assert_eq!((list.versions(), list.version()), ((0, 2, 3), version));
        list.commit(1).expect("committed");
        assert_eq!(list.versions(), (1, 2, 2));
        assert_eq!([list.commit(1), list.commit(9)], [const { Err(Refused::OutOfRange) }; 2]);
        assert_eq!(shown(&list.entries()), "b= ");
        list.commit(2).expect("committed");
        assert_eq!(shown(&list.entries()), "c= ");
    }
}
