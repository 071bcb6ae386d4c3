//! Bytes on their way: a buffer of fixed size to read into, and a queue of bytes to write.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use crate::io::Io;

/// Received bytes that were not consumed yet, at most `size`.
///
/// While there are none it has no memory: a stream that waits for the other side weighs nothing.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// Empty, or of the size.
    bytes: Box<[u8]>,
    size: usize,
    start: usize,
    end: usize,
}

impl Buffer {
    /// An empty buffer for `size` bytes.
    pub(crate) fn new(size: usize) -> Buffer {
        Buffer { bytes: Box::default(), size, start: 0, end: 0 }
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
        self.len() == self.size
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
        if !self.bytes.is_empty() {
            spare::give(std::mem::take(&mut self.bytes));
        }
    }

    /// Reads once. `Ok(0)` is the end of the stream; the buffer must not be full.
    pub(crate) fn poll_fill<T: Io>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut T,
    ) -> Poll<io::Result<usize>> {
        if self.bytes.is_empty() {
            self.bytes = spare::take(self.size);
        } else if self.end == self.size {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let mut space = ReadBuf::new(&mut self.bytes[self.end..]);
        let read = Pin::new(io).poll_read(cx, &mut space);
        let bytes = space.filled().len();
        self.end += bytes;
        if self.is_empty() {
            self.clear();
        }
        read.map_ok(|()| bytes)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Bytes that are to be written, and how many of them are gone already. No memory while there are none.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    pub(crate) fn pending(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Where more is appended.
    pub(crate) fn append(&mut self) -> &mut Vec<u8> {
        if self.bytes.capacity() == 0 {
            self.bytes = spare::take_queue();
        }
        &mut self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.sent = 0;
        if self.bytes.capacity() > 0 {
            spare::give_queue(std::mem::take(&mut self.bytes));
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

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Lends the thread's large buffer, through which long bodies pass.
pub(crate) fn with_large<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    thread_local! {
        static LARGE: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
    }
    let mut buffer = LARGE.take().unwrap_or_else(|| vec![0; 64 * 1024].into_boxed_slice());
    let result = work(&mut buffer);
    LARGE.set(Some(buffer));
    result
}

/// Memory of a thread that no stream of it uses now. The last that was given back is the first that
/// is taken: it is still in the cache.
mod spare {
    use std::cell::RefCell;

    /// How many of each a thread keeps. Streams hold one only while there are bytes in it.
    const KEPT: usize = 16;
    /// A queue that one large message made larger than this is let go.
    const LARGE: usize = 128 * 1024;

    thread_local! {
        static BUFFERS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
        static QUEUES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn take(size: usize) -> Box<[u8]> {
        let spare = BUFFERS.with_borrow_mut(Vec::pop).filter(|spare| spare.len() == size);
        spare.unwrap_or_else(|| vec![0; size].into_boxed_slice())
    }

    pub(super) fn give(buffer: Box<[u8]>) {
        // A thread that ends has no place for it any more.
        let _ = BUFFERS.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < KEPT {
                spare.push(buffer);
            }
        });
    }

    pub(super) fn take_queue() -> Vec<u8> {
        QUEUES.with_borrow_mut(Vec::pop).unwrap_or_default()
    }

    pub(super) fn give_queue(mut queue: Vec<u8>) {
        queue.clear();
        let _ = QUEUES.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < KEPT && queue.capacity() <= LARGE {
                spare.push(queue);
            }
        });
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
        if self.bytes.is_empty() {
            self.bytes = spare::take(self.size);
        }
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        self.bytes[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }
}
