//! Bytes on their way: a fixed buffer to read into, and a queue of bytes to write.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use crate::io::Io;

/// Received bytes that were not consumed yet, in a buffer of fixed size.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// An empty buffer of `size` bytes.
    pub(crate) fn new(size: usize) -> Buffer {
        Buffer { bytes: vec![0; size].into_boxed_slice(), start: 0, end: 0 }
    }

    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether nothing more can be read before something is consumed.
    pub(crate) fn is_full(&self) -> bool {
        self.len() == self.bytes.len()
    }

    /// Forgets the first bytes, at most all.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start += bytes.min(self.len());
        if self.start == self.end {
            self.clear();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Reads once. `Ok(0)` is the end of the stream; the buffer must not be full.
    pub(crate) fn poll_fill<T: Io>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut T,
    ) -> Poll<io::Result<usize>> {
        if self.end == self.bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let mut space = ReadBuf::new(&mut self.bytes[self.end..]);
        ready!(Pin::new(io).poll_read(cx, &mut space))?;
        let read = space.filled().len();
        self.end += read;
        Poll::Ready(Ok(read))
    }
}

/// Bytes that are to be written, and how many of them are gone already.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Append here.
    pub(crate) bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    pub(crate) fn pending(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
    }

    /// Gives back memory that one large message made it take.
    pub(crate) fn shrink(&mut self, limit: usize) {
        self.clear();
        if self.bytes.capacity() > limit {
            self.bytes = Vec::new();
        }
    }

    /// Writes all there is; ready with the bytes written by this call when nothing is left.
    /// Bytes written before a `Pending` are added to `written`.
    pub(crate) fn poll_drain<T: Io>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut T,
        written: &mut u64,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let n = ready!(poll_write(cx, io, self.pending()))?;
            self.sent += n;
            *written += n as u64;
        }
        self.clear();
        Poll::Ready(Ok(()))
    }
}

/// Writes once; a write of nothing is an error, or a full pipe would spin.
pub(crate) fn poll_write<T: Io>(
    cx: &mut Context<'_>,
    io: &mut T,
    bytes: &[u8],
) -> Poll<io::Result<usize>> {
    match ready!(Pin::new(io).poll_write(cx, bytes)) {
        Ok(0) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        other => Poll::Ready(other),
    }
}

#[cfg(test)]
impl Buffer {
    /// Appends bytes as if they had been read.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        self.bytes[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }
}
