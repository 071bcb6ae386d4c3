//! Source files, byte ranges in them, and the way from an offset to a line and a column.

/// Which file of a [`Sources`] a span lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

/// A range of bytes of one file: `start..end`, byte offsets from the file's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The smallest span that holds both; `self` when they lie in different files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span::new(self.file, self.start.min(other.start), self.end.max(other.end))
    }
}

/// A value and the text it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One file's name and text, with its line starts.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The name as the user gave it, for messages.
    pub name: String,
    /// The bytes as read.
    pub bytes: Vec<u8>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// A file of the given bytes. Offsets are 32 bits wide: callers refuse files of 4 GiB.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let mut line_starts = vec![0];
        line_starts.extend(
            bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i as u32 + 1),
        );
        Self { name: name.into(), bytes, line_starts }
    }

    /// The line (from 1) that holds the byte at `offset`.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|start| *start <= offset) as u32
    }

    /// The offset at which line `line` (from 1) begins, if the file has it.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.line_starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// Line and column of the byte at `offset`; past the end it is the end.
    pub fn place(&self, offset: u32) -> Place {
        let line = self.line(offset);
        let start = self.line_starts[line as usize - 1] as usize;
        let end = (offset as usize).min(self.bytes.len()).max(start);
        let before = &self.bytes[start..end];
        let characters = match before.is_ascii() {
            true => before.len(),
            false => String::from_utf8_lossy(before).chars().count(),
        };
        let column = characters as u32 + 1;
        Place { line, column }
    }

    /// The text of line `line` (from 1) without its line end; empty past the last.
    pub fn line_text(&self, line: u32) -> &[u8] {
        let Some(start) = self.line_starts.get((line as usize).wrapping_sub(1)) else {
            return b"";
        };
        let end = self.line_starts.get(line as usize).map_or(self.bytes.len(), |e| *e as usize);
        let text = &self.bytes[*start as usize..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        text.strip_suffix(b"\r").unwrap_or(text)
    }
}

/// All the files of one configuration, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// No file yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One file, for tests and small tools.
    pub fn single(name: &str, text: &str) -> Self {
        let mut sources = Self::new();
        sources.add(SourceFile::new(name, text));
        sources
    }

    /// Adds a file and names it.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    /// The file behind an id, if it is one of these.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// All files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(i as u32), f))
    }

    /// `name:line` of a span's start, as messages and traces cite it.
    pub fn cite(&self, span: Span) -> String {
        match self.file(span.file) {
            Some(file) => format!("{}:{}", file.name, file.line(span.start)),
            None => String::from("?"),
        }
    }

    /// The line (from 1) a span starts on; 0 when the file is unknown.
    pub fn line(&self, span: Span) -> u32 {
        self.file(span.file).map_or(0, |file| file.line(span.start))
    }

    /// The bytes of a span, lossily as text.
    pub fn text(&self, span: Span) -> String {
        let Some(file) = self.file(span.file) else { return String::new() };
        let end = (span.end as usize).min(file.bytes.len());
        let start = (span.start as usize).min(end);
        String::from_utf8_lossy(&file.bytes[start..end]).into_owned()
    }
}
