//! One direction of a message body: from a receive buffer to the other side.
//!
//! A body whose length is known is written straight from the buffer it was read into. A chunked one
//! is decoded and framed anew, as HAProxy does: extensions are left out, trailers are kept.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http1::{BodyLength, CaseMap, ChunkDecoder, ChunkEvent, Fields, Parsed};
use tokio::io::ReadBuf;

use crate::buffer::{self, Buffer, Outgoing, poll_write};
use crate::io::Io;

use super::wire;

/// A chunked body broke its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadChunk;

/// A body on its way.
#[derive(Debug, Default)]
pub(crate) struct Body {
    kind: Kind,
    /// Bytes as the log counts them: data, and names and values of trailers.
    pub(crate) counted: u64,
    /// How the names of trailers are written.
    pub(crate) case: Option<Arc<CaseMap>>,
}

#[derive(Debug, Default)]
enum Kind {
    #[default]
    Done,
    Length(u64),
    UntilClose,
    Chunked(ChunkDecoder),
    /// The last chunk was passed on, its trailers follow.
    Trailers,
}

impl Body {
    pub(crate) fn new(length: BodyLength) -> Body {
        let kind = match length {
            BodyLength::None => Kind::Done,
            BodyLength::Length(bytes) => Kind::Length(bytes),
            BodyLength::UntilClose => Kind::UntilClose,
            BodyLength::Chunked => Kind::Chunked(ChunkDecoder::new()),
        };
        Body { kind, counted: 0, case: None }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.kind, Kind::Done)
    }

    /// Whether the end of the connection is the end of the body.
    pub(crate) fn ends_with_connection(&self) -> bool {
        matches!(self.kind, Kind::UntilClose)
    }

    /// The connection ended; true when that is how the body was to end.
    fn input_ended(&mut self) -> bool {
        let expected = self.ends_with_connection();
        if expected {
            self.kind = Kind::Done;
        }
        expected
    }

    /// How many of `available` bytes can be passed on as they are; 0 for a chunked body.
    fn plain(&self, available: usize) -> usize {
        match self.kind {
            Kind::Length(left) => usize::try_from(left).unwrap_or(usize::MAX).min(available),
            Kind::UntilClose => available,
            Kind::Done | Kind::Chunked(_) | Kind::Trailers => 0,
        }
    }

    fn passed(&mut self, bytes: usize) {
        self.counted += bytes as u64;
        if let Kind::Length(left) = &mut self.kind {
            *left = left.saturating_sub(bytes as u64);
            if *left == 0 {
                self.kind = Kind::Done;
            }
        }
    }

    /// Moves all of this body that was received to `out`.
    pub(crate) fn pass(&mut self, input: &mut Buffer, out: &mut Vec<u8>) -> Result<(), BadChunk> {
        let plain = self.plain(input.len());
        if plain > 0 {
            out.extend_from_slice(&input.filled()[..plain]);
            input.consume(plain);
            self.passed(plain);
            return Ok(());
        }
        if let Kind::Chunked(decoder) = &self.kind {
            // What is here leaves as one chunk, however many it came in.
            let here = data_here(decoder.clone(), input.filled())?;
            http1::write_chunk_size(here, out);
            self.pass_chunks(input, out)?;
            if here > 0 {
                http1::write_chunk_end(out);
            }
        }
        if matches!(self.kind, Kind::Trailers) {
            self.pass_trailers(input, out)?;
        }
        Ok(())
    }

    /// Moves the data of all chunks that are here, without their framing.
    fn pass_chunks(&mut self, input: &mut Buffer, out: &mut Vec<u8>) -> Result<(), BadChunk> {
        while let Kind::Chunked(decoder) = &mut self.kind {
            match decoder.next(input.filled()).map_err(|_| BadChunk)? {
                ChunkEvent::More => return Ok(()),
                ChunkEvent::Framing(bytes) => input.consume(bytes),
                ChunkEvent::Data(bytes) => {
                    out.extend_from_slice(&input.filled()[..bytes]);
                    input.consume(bytes);
                    self.counted += bytes as u64;
                }
                ChunkEvent::Trailers => self.kind = Kind::Trailers,
            }
        }
        Ok(())
    }

    /// Whether what was received at the start of the body breaks the chunked coding.
    pub(crate) fn is_broken(&self, received: &[u8]) -> bool {
        match &self.kind {
            Kind::Chunked(decoder) => data_here(decoder.clone(), received).is_err(),
            _ => false,
        }
    }

    /// Ends a chunked body once its trailers are here as a whole.
    fn pass_trailers(&mut self, input: &mut Buffer, out: &mut Vec<u8>) -> Result<(), BadChunk> {
        let mut trailers = Fields::new();
        let limits = http1::Limits::default();
        match http1::parse_trailers(input.filled(), &mut trailers, &limits) {
            Ok(Parsed::Complete { consumed }) => {
                input.consume(consumed);
                out.extend_from_slice(b"0\r\n");
                let begun = out.len();
                trailers.write_to(out);
                wire::adjust(self.case.as_ref(), out, begun);
                out.extend_from_slice(b"\r\n");
                let names_and_values = trailers.written_len() - trailers.len() * b": \r\n".len();
                // Quirk: HAProxy counts the end of the trailers as one byte, also without any.
                self.counted += (names_and_values + 1) as u64;
                self.kind = Kind::Done;
                Ok(())
            }
            Ok(Parsed::Partial) if !input.is_full() => Ok(()),
            Ok(Parsed::Partial) | Err(_) => Err(BadChunk),
        }
    }

    /// The data of the body as far as it lies at the start of `received`, for rules that look at
    /// it, and whether that is all of it. That of a chunked body is put together in `decoded`.
    pub(crate) fn peek<'b>(
        &self,
        received: &'b [u8],
        decoded: &'b mut Vec<u8>,
    ) -> (&'b [u8], bool) {
        match &self.kind {
            Kind::Done => (b"", true),
            Kind::Length(left) => {
                let here = received.get(..self.plain(received.len())).unwrap_or_default();
                (here, here.len() as u64 == *left)
            }
            Kind::UntilClose => (received, false),
            Kind::Chunked(decoder) => {
                decoded.clear();
                let complete = peek_chunks(decoder.clone(), received, decoded);
                (decoded, complete)
            }
            Kind::Trailers => (b"", trailers_end(received)),
        }
    }
}

/// Whether the trailers at the start of `received` are here as a whole, or broken.
fn trailers_end(received: &[u8]) -> bool {
    let (mut trailers, limits) = (Fields::new(), http1::Limits::default());
    !matches!(http1::parse_trailers(received, &mut trailers, &limits), Ok(Parsed::Partial))
}

/// How many bytes of data the chunks in `rest` hold, as far as they are here.
fn data_here(mut decoder: ChunkDecoder, mut rest: &[u8]) -> Result<usize, BadChunk> {
    let mut data = 0;
    loop {
        let taken = match decoder.next(rest).map_err(|_| BadChunk)? {
            ChunkEvent::Framing(bytes) => bytes,
            ChunkEvent::Data(bytes) => {
                data += bytes;
                bytes
            }
            ChunkEvent::Trailers | ChunkEvent::More => return Ok(data),
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
}

fn peek_chunks(mut decoder: ChunkDecoder, mut rest: &[u8], decoded: &mut Vec<u8>) -> bool {
    loop {
        match decoder.next(rest) {
            Ok(ChunkEvent::Framing(bytes)) => rest = &rest[bytes..],
            Ok(ChunkEvent::Data(bytes)) => {
                decoded.extend_from_slice(&rest[..bytes]);
                rest = &rest[bytes..];
            }
            Ok(ChunkEvent::Trailers) => return trailers_end(rest),
            // A broken body is as complete as it will ever be; forwarding it finds the fault.
            Err(_) => return true,
            Ok(ChunkEvent::More) => return false,
        }
    }
}

/// Where a direction stands when nothing more can be done for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The body is complete and written.
    Done,
    /// The sender has to send more.
    WantsInput,
    /// The receiver has to take more.
    Blocked,
    /// The sender ended its stream before the end of the body.
    InputEnded,
    /// Reading failed.
    ReadFailed,
    /// Writing failed.
    WriteFailed,
    /// The sender broke the chunked coding.
    Bad,
}

/// The two ends and the buffers of one direction.
pub(crate) struct Path<'a, R, W> {
    pub(crate) from: &'a mut R,
    pub(crate) input: &'a mut Buffer,
    pub(crate) body: &'a mut Body,
    pub(crate) out: &'a mut Outgoing,
    pub(crate) to: &'a mut W,
}

impl<R: Io, W: Io> Path<'_, R, W> {
    /// Moves what can be moved. `moved` is set when anything was.
    pub(crate) fn poll(self, cx: &mut Context<'_>, moved: &mut bool) -> Flow {
        let Path { from, input, body, out, to } = self;
        loop {
            if !out.is_empty() {
                let mut written = 0;
                let drained = out.poll_drain(cx, to, &mut written);
                *moved |= written > 0;
                match drained {
                    Poll::Pending => return Flow::Blocked,
                    Poll::Ready(Err(_)) => return Flow::WriteFailed,
                    Poll::Ready(Ok(())) => {}
                }
            }
            if body.is_done() {
                return Flow::Done;
            }
            if input.is_empty() && body.plain(LARGE) == LARGE {
                match poll_large(cx, from, to, body, out) {
                    Poll::Pending => return Flow::WantsInput,
                    Poll::Ready(Ok(0)) if body.input_ended() => {}
                    Poll::Ready(Ok(0)) => return Flow::InputEnded,
                    Poll::Ready(Ok(_)) => *moved = true,
                    Poll::Ready(Err(flow)) => return flow,
                }
                continue;
            }
            let plain = body.plain(input.len());
            if plain > 0 {
                match poll_write(cx, to, &input.filled()[..plain]) {
                    Poll::Pending => return Flow::Blocked,
                    Poll::Ready(Err(_)) => return Flow::WriteFailed,
                    Poll::Ready(Ok(written)) => {
                        input.consume(written);
                        body.passed(written);
                        *moved = true;
                        continue;
                    }
                }
            }
            if !input.is_empty() {
                if body.pass(input, out.append()).is_err() {
                    return Flow::Bad;
                }
                if !out.is_empty() || body.is_done() {
                    continue;
                }
            }
            match input.poll_fill(cx, from) {
                Poll::Pending => return Flow::WantsInput,
                Poll::Ready(Err(_)) => return Flow::ReadFailed,
                Poll::Ready(Ok(0)) if body.input_ended() => {}
                Poll::Ready(Ok(0)) => return Flow::InputEnded,
                Poll::Ready(Ok(_)) => *moved = true,
            }
        }
    }
}

/// From so many bytes to come on they pass through a larger buffer.
const LARGE: usize = 24 * 1024;

/// Reads much of a body whose length is known and writes it at once; what is not taken is queued.
fn poll_large<R: Io, W: Io>(
    cx: &mut Context<'_>,
    from: &mut R,
    to: &mut W,
    body: &mut Body,
    out: &mut Outgoing,
) -> Poll<Result<usize, Flow>> {
    buffer::with_large(|buffer| {
        let most = body.plain(buffer.len());
        let mut space = ReadBuf::new(buffer.get_mut(..most).unwrap_or_default());
        if ready!(Pin::new(from).poll_read(cx, &mut space)).is_err() {
            return Poll::Ready(Err(Flow::ReadFailed));
        }
        let read = space.filled();
        if read.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let written = match poll_write(cx, to, read) {
            Poll::Ready(Ok(written)) => written,
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Flow::WriteFailed)),
            Poll::Pending => 0,
        };
        body.passed(read.len());
        if let Some(rest) = read.get(written..).filter(|rest| !rest.is_empty()) {
            out.append().extend_from_slice(rest);
        }
        Poll::Ready(Ok(read.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(received: &[u8], forwarded: &[u8], counted: u64) {
        let mut body = Body::new(BodyLength::Chunked);
        let mut input = Buffer::new(4096);
        input.extend(received);
        let mut out = Vec::new();
        assert_eq!(body.pass(&mut input, &mut out), Ok(()));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!((text(&out), body.counted), (text(forwarded), counted));
        assert!(body.is_done());
    }

    #[test]
    fn chunks_are_framed_anew_without_extensions_and_with_trailers() {
        check(b"2;x=1\r\nhi\r\n0\r\nT: 1\r\n\r\n", b"2\r\nhi\r\n0\r\nt: 1\r\n\r\n", 5);
        check(b"0\r\n\r\n", b"0\r\n\r\n", 1);
        check(b"3\r\nabc\r\n00;e\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", 4);
        check(b"2\r\nab\r\n9\r\ncdefghijk\r\n0\r\n\r\n", b"B\r\nabcdefghijk\r\n0\r\n\r\n", 12);
    }

    proptest! {
        #[test]
        fn a_chunked_body_is_the_same_data_however_it_is_cut(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(1_usize..9, 1..300),
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                http1::write_chunk_size(chunk.len(), &mut wire);
                wire.extend_from_slice(chunk);
                http1::write_chunk_end(&mut wire);
            }
            wire.extend_from_slice(http1::LAST_CHUNK);
            let mut body = Body::new(BodyLength::Chunked);
            let mut out = Vec::new();
            let mut rest = &wire[..];
            let mut input = Buffer::new(4096);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (now, later) = rest.split_at(rest.len().min(*cut));
                rest = later;
                input.extend(now);
                prop_assert_eq!(body.pass(&mut input, &mut out), Ok(()));
            }
            prop_assert!(body.is_done());
            let mut decoded = Vec::new();
            let body = Body::new(BodyLength::Chunked);
            let chunks = chunks.concat();
            prop_assert_eq!(body.peek(&out, &mut decoded), (chunks.as_slice(), true));
        }
    }
}
