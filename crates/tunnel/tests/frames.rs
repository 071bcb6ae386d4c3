//! Frame boundaries under any cut of the stream.

use proptest::prelude::*;
use tunnel::FrameWalker;

/// Header bytes of a frame of this payload length, with the length in `form` bytes more.
fn frame(opcode: u8, masked: bool, form: usize, payload: usize) -> Vec<u8> {
    let mask = if masked { 0x80 } else { 0 };
    let mut frame = vec![0x80 | opcode];
    match form {
        0 => frame.push(mask | payload.min(125) as u8),
        1 => {
            frame.push(mask | 126);
            frame.extend_from_slice(&(payload as u16).to_be_bytes());
        }
        _ => {
            frame.push(mask | 127);
            frame.extend_from_slice(&(payload as u64).to_be_bytes());
        }
    }
    let payload = if form == 0 { payload.min(125) } else { payload };
    frame.resize(frame.len() + payload + if masked { 4 } else { 0 }, 0xaa);
    frame
}

proptest! {
    #[test]
    fn boundaries_are_where_frames_end(
        frames in proptest::collection::vec(
            (0_u8..8, any::<bool>(), 0_usize..3, 0_usize..400), 1..20),
        piece in 1_usize..50,
    ) {
        let mut ends = Vec::new();
        let mut stream = Vec::new();
        for &(opcode, masked, form, payload) in &frames {
            stream.extend(frame(opcode, masked, form, payload));
            ends.push(stream.len());
        }
        let mut bytewise = FrameWalker::default();
        let mut found = Vec::new();
        for (at, byte) in stream.iter().enumerate() {
            bytewise.advance(std::slice::from_ref(byte));
            if bytewise.at_boundary() {
                found.push(at + 1);
            }
        }
        prop_assert_eq!(&found, &ends);
        let mut chunked = FrameWalker::default();
        let mut at = 0;
        for part in stream.chunks(piece) {
            let mut ahead = chunked;
            let boundary = ahead.advance_to_boundary(part).map(|offset| at + offset);
            let expected = if chunked.at_boundary() {
                Some(at)
            } else {
                ends.iter().copied().find(|end| *end > at && *end <= at + part.len())
            };
            prop_assert_eq!(boundary, expected);
            chunked.advance(part);
            at += part.len();
            prop_assert_eq!(chunked.at_boundary(), ends.contains(&at));
        }
    }

    #[test]
    fn any_bytes_are_walked(stream in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut walker = FrameWalker::default();
        walker.advance(&stream);
    }
}

#[test]
fn a_close_frame_is_noticed_at_its_first_byte() {
    let mut walker = FrameWalker::default();
    walker.advance(&frame(1, true, 0, 5));
    assert!(!walker.saw_close());
    walker.advance(&[0x88]);
    assert!(walker.saw_close() && !walker.at_boundary());
}
