//! WebSocket frame boundaries (RFC 6455 section 5.2), without looking at payloads.

/// The length of a Close frame to a server: 2 bytes of header, 4 of mask, 2 of code.
pub const CLOSE_BYTES: usize = 8;

const OPCODE: u8 = 0x0f;
const OPCODE_CLOSE: u8 = 0x8;
const MASKED: u8 = 0x80;

/// Follows one direction of a WebSocket: it knows whether the next byte begins a frame.
///
/// A payload is skipped by its length, so a large frame costs one subtraction a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameWalker {
    /// Mask and payload bytes to skip, or the length while its bytes are being read.
    left: u64,
    /// Bytes of an extended length still to come.
    length_bytes: u8,
    at: At,
    masked: bool,
    closing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    /// The first byte of a frame, when nothing is left to skip.
    #[default]
    Start,
    /// The byte with the mask bit and the short length.
    Length,
    /// The two or eight bytes of a long length.
    LongLength,
}

impl FrameWalker {
    /// Whether the next byte begins a frame.
    pub fn at_boundary(&self) -> bool {
        self.at == At::Start && self.left == 0
    }

    /// Whether a Close frame has begun in this direction: no frame may follow it.
    pub fn saw_close(&self) -> bool {
        self.closing
    }

    /// Moves over all these bytes.
    pub fn advance(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.step(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    /// Moves to the first boundary in these bytes and returns where it is, 0 when it is here
    /// already; without one it moves over all and returns `None`.
    pub fn advance_to_boundary(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while !self.at_boundary() {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
            at += self.step(rest);
        }
        Some(at)
    }

    /// Moves over at least one byte of a non-empty slice, never past a boundary.
    fn step(&mut self, bytes: &[u8]) -> usize {
        if self.at == At::Start && self.left > 0 {
            let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= skipped as u64;
            return skipped;
        }
        let byte = bytes.first().copied().unwrap_or_default();
        match self.at {
            At::Start => {
                self.closing |= byte & OPCODE == OPCODE_CLOSE;
                self.at = At::Length;
            }
            At::Length => {
                self.masked = byte & MASKED != 0;
                self.length_bytes = match byte & !MASKED {
                    126 => 2,
                    127 => 8,
                    _ => 0,
                };
                self.left = if self.length_bytes == 0 { u64::from(byte & !MASKED) } else { 0 };
                self.at = At::LongLength;
                self.end_of_header();
            }
            At::LongLength => {
                self.left = self.left << 8 | u64::from(byte);
                self.length_bytes -= 1;
                self.end_of_header();
            }
        }
        1
    }

    /// Turns to skipping the mask and the payload once the length is known.
    fn end_of_header(&mut self) {
        if self.length_bytes == 0 {
            let mask = if self.masked { 4 } else { 0 };
            // An impossible length (2^63 and more) only means that no boundary follows.
            self.left = self.left.saturating_add(mask);
            self.at = At::Start;
        }
    }
}

/// A Close frame with this code (RFC 6455 section 7.4); masked as clients must when it goes to a
/// server. Returns the bytes and how many of them count.
///
/// The mask is constant: masks protect middleboxes from payloads an attacker chose, and nobody
/// outside chose this one.
pub fn close_frame(code: u16, to_server: bool) -> ([u8; CLOSE_BYTES], usize) {
    let [high, low] = code.to_be_bytes();
    if to_server {
        const MASK: [u8; 4] = [0x5a, 0xc3, 0x96, 0x3c];
        let [m0, m1, m2, m3] = MASK;
        ([0x88, MASKED | 2, m0, m1, m2, m3, high ^ m0, low ^ m1], CLOSE_BYTES)
    } else {
        ([0x88, 2, high, low, 0, 0, 0, 0], 4)
    }
}
