//! The chunked transfer coding (RFC 9112 section 7.1), read a piece at a time.
//!
//! The decoder owns no bytes: it is fed what was received and says which of it is data, so the
//! framing can be forwarded as it came or left out.

/// What the next bytes of a chunked body are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkEvent {
    /// This many bytes from the start of the input are framing: sizes, extensions, line ends, trailers.
    Framing(usize),
    /// This many bytes from the start of the input are data.
    Data(usize),
    /// The body ended; nothing of the input was taken by this event.
    End,
    /// All input was taken and the body goes on.
    More,
}

/// A byte that no chunked body has at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The size has no hexadecimal digit, another byte, or more than 63 bits.
    #[error("invalid chunk size")]
    Size,
    /// No line end after a size, an extension or a chunk's data.
    #[error("missing line end in chunked body")]
    LineEnd,
    /// A trailer line that is no field.
    #[error("invalid trailer")]
    Trailer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Before the first digit of a size.
    #[default]
    SizeStart,
    Size,
    /// After the digits: spaces, or an extension up to its line end.
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    End,
}

/// Follows one chunked body.
#[derive(Debug, Clone, Default)]
pub struct ChunkDecoder {
    state: State,
    /// The size being read, then the data bytes still to come.
    left: u64,
}

impl ChunkDecoder {
    /// A decoder at the first byte of a body.
    pub fn new() -> ChunkDecoder {
        ChunkDecoder::default()
    }

    /// Whether the empty line after the last chunk and its trailers was read.
    pub fn is_done(&self) -> bool {
        self.state == State::End
    }

    /// Says what the first bytes of `input` are. The caller takes as many bytes as the event names
    /// and calls again with the rest, until [`ChunkEvent::End`] or [`ChunkEvent::More`].
    ///
    /// # Errors
    /// A byte that the grammar has no place for; the body cannot be read on.
    pub fn next(&mut self, input: &[u8]) -> Result<ChunkEvent, ChunkError> {
        if self.state == State::End {
            return Ok(ChunkEvent::End);
        }
        if self.state == State::Data {
            return Ok(self.data(input));
        }
        for (at, &byte) in input.iter().enumerate() {
            self.step(byte)?;
            if matches!(self.state, State::Data | State::End) {
                return Ok(ChunkEvent::Framing(at + 1));
            }
        }
        Ok(if input.is_empty() { ChunkEvent::More } else { ChunkEvent::Framing(input.len()) })
    }

    fn data(&mut self, input: &[u8]) -> ChunkEvent {
        let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(input.len());
        if here == 0 {
            return ChunkEvent::More;
        }
        self.left -= here as u64;
        if self.left == 0 {
            self.state = State::DataCr;
        }
        ChunkEvent::Data(here)
    }

    fn step(&mut self, byte: u8) -> Result<(), ChunkError> {
        self.state = match (self.state, byte) {
            (State::SizeStart | State::Size, _) if byte.is_ascii_hexdigit() => {
                self.grow(byte)?;
                State::Size
            }
            (State::Size | State::SizeSpace, b' ' | b'\t') => State::SizeSpace,
            (State::Size | State::SizeSpace, b';') => State::Extension,
            (State::Size | State::SizeSpace | State::Extension, b'\r') => State::SizeLf,
            (State::Size | State::SizeSpace | State::Extension | State::SizeLf, b'\n') => {
                self.after_size()
            }
            (State::SizeStart | State::Size, _) => return Err(ChunkError::Size),
            (State::Extension, _) => State::Extension,
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataCr | State::DataLf, b'\n') => State::SizeStart,
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::TrailerStart | State::EndLf, b'\n') => State::End,
            (State::TrailerStart | State::TrailerName, _) if crate::bytes::is_token(byte) => {
                State::TrailerName
            }
            (State::TrailerName, b':') => State::TrailerValue,
            (State::TrailerStart | State::TrailerName, _) => return Err(ChunkError::Trailer),
            (State::TrailerValue, b'\r') => State::TrailerLf,
            (State::TrailerValue | State::TrailerLf, b'\n') => State::TrailerStart,
            (State::TrailerValue, 0) => return Err(ChunkError::Trailer),
            (State::TrailerValue, _) => State::TrailerValue,
            _ => return Err(ChunkError::LineEnd),
        };
        Ok(())
    }

    fn grow(&mut self, digit: u8) -> Result<(), ChunkError> {
        let value = (digit as char).to_digit(16).map_or(0, u64::from);
        let grown = self.left.checked_mul(16).and_then(|left| left.checked_add(value));
        self.left = grown.filter(|&left| left <= i64::MAX as u64).ok_or(ChunkError::Size)?;
        Ok(())
    }

    fn after_size(&self) -> State {
        if self.left == 0 { State::TrailerStart } else { State::Data }
    }
}

/// The last chunk without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends the size line of a chunk of `bytes` data bytes; nothing for 0, which would end the body.
pub fn write_chunk_size(bytes: usize, out: &mut Vec<u8>) {
    if bytes == 0 {
        return;
    }
    let digits = (usize::BITS - bytes.leading_zeros()).div_ceil(4);
    for place in (0..digits).rev() {
        let digit = (bytes >> (4 * place)) & 0xf;
        out.push(b"0123456789abcdef"[digit]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the line end after a chunk's data.
pub fn write_chunk_end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}
