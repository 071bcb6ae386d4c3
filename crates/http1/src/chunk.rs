//! The chunked transfer coding (RFC 9112 section 7.1), read a piece at a time.
//!
//! The decoder owns no bytes: it is fed what was received and says which of it is data, so the
//! framing can be forwarded as it came or left out.

/// What the next bytes of a chunked body are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkEvent {
    /// This many bytes from the start of the input are framing: sizes, extensions, line ends.
    Framing(usize),
    /// This many bytes from the start of the input are data.
    Data(usize),
    /// The last chunk was read; the input begins with the trailers, which are fields and an empty
    /// line: see [`crate::parse_trailers`].
    Trailers,
    /// All input was taken and the body goes on.
    More,
}

/// A byte that no chunked body has at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The size has no hexadecimal digit, another byte, or more than 52 bits.
    #[error("invalid chunk size")]
    Size,
    /// No line end after a size, an extension or a chunk's data.
    #[error("missing line end in chunked body")]
    LineEnd,
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
    /// After the last chunk's size line.
    Trailers,
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

    /// Whether the last chunk's size line was read: trailers follow.
    pub fn is_done(&self) -> bool {
        self.state == State::Trailers
    }

    /// Says what the first bytes of `input` are. The caller takes as many bytes as the event names
    /// and calls again with the rest, until
    /// [`ChunkEvent::Trailers`] or [`ChunkEvent::More`].
    ///
    /// # Errors
    /// A byte that the grammar has no place for; the body cannot be read on.
    pub fn next(&mut self, input: &[u8]) -> Result<ChunkEvent, ChunkError> {
        if self.state == State::Trailers {
            return Ok(ChunkEvent::Trailers);
        }
        if self.state == State::Data {
            return Ok(self.data(input));
        }
        for (at, &byte) in input.iter().enumerate() {
            self.step(byte)?;
            if matches!(self.state, State::Data | State::Trailers) {
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
            _ => return Err(ChunkError::LineEnd),
        };
        Ok(())
    }

    fn grow(&mut self, digit: u8) -> Result<(), ChunkError> {
        let value = (digit as char).to_digit(16).map_or(0, u64::from);
        let grown = self.left.checked_mul(16).and_then(|left| left.checked_add(value));
        self.left = grown.filter(|&left| left < 1 << 52).ok_or(ChunkError::Size)?;
        Ok(())
    }

    fn after_size(&self) -> State {
        if self.left == 0 { State::Trailers } else { State::Data }
    }
}

/// The last chunk without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends the size line of a chunk of `bytes` data bytes, in upper case as HAProxy does; nothing
/// for 0, which would end the body.
pub fn write_chunk_size(bytes: usize, out: &mut Vec<u8>) {
    if bytes == 0 {
        return;
    }
    let digits = (usize::BITS - bytes.leading_zeros()).div_ceil(4);
    for place in (0..digits).rev() {
        let digit = (bytes >> (4 * place)) & 0xf;
        out.push(b"0123456789ABCDEF"[digit]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the line end after a chunk's data.
pub fn write_chunk_end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}
