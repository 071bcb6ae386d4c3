//! Any bytes are a chunked body: the decoder gives the same data however they are cut, and takes no byte twice.
#![no_main]

use http1::{ChunkDecoder, ChunkEvent};
use libfuzzer_sys::fuzz_target;

/// The data of a body that comes in pieces of at most `piece` bytes, and whether it was refused.
fn decode(bytes: &[u8], piece: usize) -> (Vec<u8>, bool, bool) {
    let mut decoder = ChunkDecoder::new();
    let mut data = Vec::new();
    let mut input: &[u8] = &[];
    let mut next = 0;
    loop {
        match decoder.next(input) {
            Ok(ChunkEvent::Framing(n)) => input = &input[n..],
            Ok(ChunkEvent::Data(n)) => {
                data.extend_from_slice(&input[..n]);
                input = &input[n..];
            }
            Ok(ChunkEvent::Trailers) => return (data, true, false),
            Ok(ChunkEvent::More) => {
                if next == bytes.len() {
                    return (data, false, false);
                }
                let end = (next + piece).min(bytes.len());
                input = &bytes[next..end];
                next = end;
            }
            Err(_) => return (data, false, true),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let piece = usize::from(*first % 16) + 1;
    assert_eq!(decode(rest, piece), decode(rest, rest.len().max(1)));
});
