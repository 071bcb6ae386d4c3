//! One direction of a tunnel: reads here, writes there, keeps what would not go.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::ended::Side;
use crate::frame::{FrameWalker, close_frame};
use crate::scratch;

/// How many buffers one direction may pass before others get their turn. Without it a fast sender
/// takes all of the task's budget, and the other direction starves.
const PASSES: usize = 16;

/// How far a direction is with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Bytes are passed on.
    Open,
    /// As `Open`, but a Close frame is to be put in at the next frame boundary.
    Draining,
    /// What is kept is written, then the end of stream.
    Ending,
    /// The writer was told the end.
    Shut,
}

/// A failed read or write, and on which side.
pub(crate) struct Broken(pub(crate) Side);

/// What a poll moved.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moved {
    pub(crate) read: bool,
    pub(crate) written: bool,
}

#[derive(Debug)]
pub(crate) struct Direction {
    /// Bytes the writer would not take yet; no allocation while there are none.
    rest: Option<Box<Rest>>,
    /// Bytes written in all.
    pub(crate) bytes: u64,
    walker: FrameWalker,
    /// The side that is read from.
    from: Side,
    pub(crate) phase: Phase,
    /// The reader has not ended. After a drain its bytes are read and dropped.
    pub(crate) reading: bool,
    /// The writer may hold bytes back until it is flushed (TLS does).
    unflushed: bool,
    websocket: bool,
}

/// Bytes that wait for the writer, and how many of them are written.
#[derive(Debug)]
struct Rest {
    bytes: Vec<u8>,
    gone: usize,
}

impl Direction {
    pub(crate) fn new(from: Side, opening: Vec<u8>, websocket: bool) -> Direction {
        let mut walker = FrameWalker::default();
        if websocket {
            walker.advance(&opening);
        }
        Direction {
            rest: (!opening.is_empty()).then(|| Box::new(Rest { bytes: opening, gone: 0 })),
            bytes: 0,
            walker,
            from,
            phase: Phase::Open,
            reading: true,
            unflushed: false,
            websocket,
        }
    }

    /// Whether bytes wait for the writer.
    pub(crate) fn is_blocked(&self) -> bool {
        self.rest.is_some()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Shut && !self.reading
    }

    /// Takes the reader as ended: what it sent is delivered, then the end.
    pub(crate) fn end_reading(&mut self) {
        self.reading = false;
        if self.phase != Phase::Shut {
            self.phase = Phase::Ending;
        }
    }

    /// Gives up: nothing more is read, and what is kept is lost.
    pub(crate) fn give_up(&mut self) {
        self.rest = None;
        self.end_reading();
        self.phase = Phase::Shut;
    }

    /// Asks for a Close frame and the end at the next boundary.
    pub(crate) fn drain(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Draining;
            if !self.websocket || self.walker.at_boundary() {
                self.close();
            }
        }
    }

    /// Moves what can be moved. Ready when this direction is over.
    pub(crate) fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut R,
        writer: &mut W,
        moved: &mut Moved,
    ) -> Poll<Result<(), Broken>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        for _ in 0..PASSES {
            if self.poll_rest(cx, writer, moved)?.is_pending() {
                return Poll::Pending;
            }
            if self.phase == Phase::Ending {
                ready!(Pin::new(&mut *writer).poll_shutdown(cx))
                    .map_err(|_| self.broken_writer())?;
                self.phase = Phase::Shut;
            }
            if !self.reading {
                return Poll::Ready(Ok(()));
            }
            if self.poll_pass(cx, reader, writer, moved)?.is_pending() {
                return self.poll_flush(cx, writer);
            }
        }
        // More may be there, but the other direction and other tasks are due.
        cx.waker().wake_by_ref();
        self.poll_flush(cx, writer)
    }

    fn poll_rest<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        writer: &mut W,
        moved: &mut Moved,
    ) -> Poll<Result<(), Broken>> {
        while let Some(rest) = &self.rest {
            let bytes = rest.bytes.get(rest.gone..).unwrap_or_default();
            let written = ready!(Pin::new(&mut *writer).poll_write(cx, bytes));
            let written = self.written(written, moved)?;
            let rest = self.rest.take().map(|mut rest| {
                rest.gone += written;
                rest
            });
            self.rest = rest.filter(|rest| rest.gone < rest.bytes.len());
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once into the thread's buffer and writes once out of it.
    fn poll_pass<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut R,
        writer: &mut W,
        moved: &mut Moved,
    ) -> Poll<Result<(), Broken>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        scratch::with(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(reader).poll_read(cx, &mut buffer)).map_err(|_| Broken(self.from))?;
            let data = buffer.filled();
            if data.is_empty() {
                self.end_reading();
                return Poll::Ready(Ok(()));
            }
            if self.phase == Phase::Shut {
                // Dropped, and no sign of life: a drained side may not talk on for ever.
                return Poll::Ready(Ok(()));
            }
            moved.read = true;
            let passed = self.walk(data);
            let written = match Pin::new(writer).poll_write(cx, passed) {
                Poll::Ready(written) => self.written(written, moved)?,
                Poll::Pending => 0,
            };
            self.keep(&passed[written.min(passed.len())..]);
            if self.phase == Phase::Draining && self.walker.at_boundary() {
                self.close();
            }
            Poll::Ready(Ok(()))
        })
    }

    /// The part of the data that is still passed on: up to the next boundary while draining.
    fn walk<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        if !self.websocket {
            return data;
        }
        if self.phase == Phase::Draining {
            let end = self.walker.advance_to_boundary(data).unwrap_or(data.len());
            return data.get(..end).unwrap_or(data);
        }
        self.walker.advance(data);
        data
    }

    fn keep(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let rest = self.rest.get_or_insert_with(|| {
                Box::new(Rest { bytes: Vec::with_capacity(bytes.len()), gone: 0 })
            });
            rest.bytes.extend_from_slice(bytes);
        }
    }

    /// Queues the Close frame, unless the reader sent its own, and the end of stream.
    fn close(&mut self) {
        if self.websocket && !self.walker.saw_close() {
            let (frame, bytes) = match self.from {
                Side::Client => close_frame(GOING_AWAY, true),
                Side::Server => close_frame(SERVICE_RESTART, false),
            };
            self.keep(&frame[..bytes]);
        }
        self.phase = Phase::Ending;
    }

    fn poll_flush<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        writer: &mut W,
    ) -> Poll<Result<(), Broken>> {
        if self.unflushed {
            ready!(Pin::new(writer).poll_flush(cx)).map_err(|_| self.broken_writer())?;
            self.unflushed = false;
        }
        Poll::Pending
    }

    fn written(&mut self, result: io::Result<usize>, moved: &mut Moved) -> Result<usize, Broken> {
        match result {
            Ok(bytes) if bytes > 0 => {
                self.bytes += bytes as u64;
                self.unflushed = true;
                moved.written = true;
                Ok(bytes)
            }
            _ => Err(self.broken_writer()),
        }
    }

    fn broken_writer(&self) -> Broken {
        Broken(match self.from {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        })
    }
}

/// RFC 6455 section 7.4.1: to the server, the client goes away.
const GOING_AWAY: u16 = 1001;
/// IANA's registry of close codes: to the client, come back at once.
const SERVICE_RESTART: u16 = 1012;
