//! Lines that leave together: those of one turn of the event loop, for one destination.
//!
//! A datagram costs the kernel far more than its bytes: route, queues and the wake-up of whoever
//! reads it. Datagrams of one size go down in one call (`UDP_SEGMENT`, udp(7)) and are taken apart at
//! the very end, so each line is a datagram of its own all the same. A large batch is put in the order
//! of its lines' lengths, so that many are of one size; lines of a busy turn have no order anyhow.

use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};

use super::Destination;

/// From so many lines on the order within a batch is free.
const SORTED: usize = 8;
/// The most segments that every kernel takes.
const SEGMENTS: usize = 64;
/// The most bytes of one call: what a datagram could hold.
const BYTES: usize = 60_000;
/// A longer line is a datagram that may have to be fragmented, which segments never are.
const SEGMENT_BYTES: usize = 1_200;

/// Whether the kernel takes datagrams apart. It is asked by trying.
static SEGMENTED: AtomicBool = AtomicBool::new(true);

/// The lines of each destination.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    lines: Vec<Lines>,
}

#[derive(Debug)]
struct Lines {
    to: Arc<Destination>,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// How long the header of each is.
    headers: Vec<usize>,
    /// Some are of one stream: their order is kept.
    ordered: bool,
}

impl Batch {
    /// Adds a line that `write` writes, which tells how long its header is.
    pub(crate) fn add(
        &mut self,
        to: &Arc<Destination>,
        ordered: bool,
        write: impl FnOnce(&mut Vec<u8>) -> usize,
    ) {
        let at = self.lines.iter().position(|lines| Arc::ptr_eq(&lines.to, to));
        let at = at.unwrap_or_else(|| {
            let to = Arc::clone(to);
            let (text, ends, headers) = (Vec::new(), Vec::new(), Vec::new());
            self.lines.push(Lines { to, text, ends, headers, ordered: false });
            self.lines.len() - 1
        });
        if let Some(lines) = self.lines.get_mut(at) {
            lines.headers.push(write(&mut lines.text));
            lines.ordered |= ordered;
            lines.ends.push(lines.text.len());
        }
    }

    /// Sends all lines and forgets them; returns how many were lost. The buffers stay, unless a
    /// burst made them large.
    pub(crate) fn send(&mut self, keep: usize) -> u64 {
        let mut lost = 0;
        for lines in &mut self.lines {
            lost += lines.to.send_all(&lines.split(), &lines.headers, lines.ordered);
            lines.ordered = false;
            lines.text.clear();
            lines.text.shrink_to(keep);
            lines.ends.clear();
            lines.headers.clear();
        }
        lost
    }
}

impl Lines {
    fn split(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ends = self.ends.iter().copied();
        starts.zip(ends).filter_map(|(start, end)| self.text.get(start..end)).collect()
    }
}

/// Sends lines as datagrams; returns how many were lost.
pub(crate) fn send_datagrams(
    socket: &UdpSocket,
    to: SocketAddr,
    lines: &[&[u8]],
    ordered: bool,
) -> u64 {
    let mut sorted = lines.to_vec();
    if sorted.len() >= SORTED && !ordered {
        sorted.sort_by_key(|line| line.len());
    }
    let mut rest = sorted.as_slice();
    let mut lost = 0;
    while let Some(first) = rest.first() {
        let run = run(rest);
        let (now, later) = rest.split_at(run);
        rest = later;
        if run > 1 && SEGMENTED.load(Relaxed) {
            match send_segments(socket, to, now, first.len()) {
                Ok(()) => continue,
                // No room: the lines one by one would find none either.
                Err(Errno::EAGAIN) => {
                    lost += now.len() as u64;
                    continue;
                }
                Err(error) => {
                    let never = [Errno::EINVAL, Errno::EIO, Errno::ENOPROTOOPT, Errno::EOPNOTSUPP];
                    SEGMENTED.store(!never.contains(&error), Relaxed);
                }
            }
        }
        lost += now.iter().filter(|line| !is_sent(socket.send_to(line, to), line)).count() as u64;
    }
    lost
}

/// How many of the first lines have one size and go in one call.
fn run(lines: &[&[u8]]) -> usize {
    let Some(first) = lines.first().filter(|line| line.len() <= SEGMENT_BYTES) else { return 1 };
    let most = SEGMENTS.min(BYTES / first.len().max(1));
    lines.iter().take(most).take_while(|line| line.len() == first.len()).count().max(1)
}

fn send_segments(
    socket: &UdpSocket,
    to: SocketAddr,
    lines: &[&[u8]],
    each: usize,
) -> Result<(), Errno> {
    let parts: Vec<_> = lines.iter().map(|line| IoSlice::new(line)).collect();
    let each = u16::try_from(each).map_err(|_| Errno::EMSGSIZE)?;
    let segments = [ControlMessage::UdpGsoSegments(&each)];
    let to = SockaddrStorage::from(to);
    sendmsg(socket.as_raw_fd(), &parts, &segments, MsgFlags::empty(), Some(&to)).map(|_| ())
}

/// Whether the whole line went.
pub(crate) fn is_sent(result: io::Result<usize>, line: &[u8]) -> bool {
    result.is_ok_and(|sent| sent == line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_datagram_of_its_own() {
        let reader = UdpSocket::bind("127.0.0.1:0").unwrap();
        let writer = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = reader.local_addr().unwrap();
        let long = "long".repeat(1000);
        let few = ["b\n", "a\n", "ccc\n"].map(str::to_owned).to_vec();
        let many = (0..200).map(|n| format!("{:1$}\n", n, 4 + n % 3)).chain([long]).collect();
        for lines in [few, many] {
            let texts: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(send_datagrams(&writer, to, &texts, false), 0);
            let mut buffer = vec![0; 65_536];
            let mut received: Vec<String> = Vec::new();
            for _ in &lines {
                let n = reader.recv(&mut buffer).unwrap();
                received.push(String::from_utf8(buffer[..n].to_vec()).unwrap());
            }
            let mut expected = lines.clone();
            if lines.len() >= SORTED {
                expected.sort_by_key(String::len);
            }
            assert_eq!(received, expected);
        }
    }
}
