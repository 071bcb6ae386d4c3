//! `-x`: the listening sockets go from an old process to a new one, over a runtime socket that says
//! `expose-fd listeners` (management 3).
//!
//! The two processes are ours. HAProxy has a command of its own for this, `_getsocks`, whose answer its manual does not
//! describe: from a HAProxy nothing is taken, and the new process binds beside it with `SO_REUSEPORT`.
//!
//! The new process sends [`ASKS`]. The old one answers [`HELLO`], then for each listening address a line `KEY COUNT`
//! that carries so many descriptors, then [`END`].

use std::collections::HashMap;
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};

/// What the new process asks.
pub(crate) const ASKS: &str = "_listeners 1";
/// How the old one begins.
const HELLO: &str = "weir listeners 1";
const END: &str = "end";

/// Descriptors in one message; the kernel takes at most 253.
const BATCH: usize = 64;

/// How long the old process may stay silent.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listening sockets by what they are.
pub(crate) type Sockets = HashMap<String, Vec<OwnedFd>>;

/// What came of asking.
#[derive(Debug)]
pub(crate) enum Answer {
    /// These sockets.
    Sockets(Sockets),
    /// It is no `proxyd`, or its socket does not say `expose-fd listeners`: what it said instead.
    Other(String),
}

/// Asks the process behind a runtime socket for its listening sockets.
///
/// # Errors
/// It cannot be reached, or it stops in the middle.
pub(crate) fn ask(socket: &Path) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{ASKS}\n").as_bytes())?;
    let mut heard = Heard::default();
    let first = heard.line(&stream)?;
    if first.as_deref() != Some(HELLO) {
        return Ok(Answer::Other(first.unwrap_or_default()));
    }
    let mut sockets = Sockets::new();
    loop {
        let line = heard.line(&stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line == END {
            return Ok(Answer::Sockets(sockets));
        }
        let (key, count) = line.rsplit_once(' ').ok_or(io::ErrorKind::InvalidData)?;
        let count: usize = count.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        if count > heard.descriptors.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let came = heard.descriptors.drain(..count);
        sockets.entry(key.to_owned()).or_default().extend(came);
    }
}

/// What came over the socket and was not taken yet.
#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

impl Heard {
    /// The next line; none at the end.
    fn line(&mut self, stream: &UnixStream) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            if self.receive(stream)? == 0 {
                return Ok(None);
            }
        }
    }

    fn receive(&mut self, stream: &UnixStream) -> io::Result<usize> {
        let mut bytes = [0; 4096];
        let mut space = nix::cmsg_space!([RawFd; BATCH]);
        let (read, numbers) = {
            let mut parts = [IoSliceMut::new(&mut bytes)];
            let flags = MsgFlags::MSG_CMSG_CLOEXEC;
            let message = match recvmsg::<UnixAddr>(
                stream.as_raw_fd(),
                &mut parts,
                Some(&mut space),
                flags,
            ) {
                Err(Errno::EINTR) => return self.receive(stream),
                message => message?,
            };
            let mut numbers = Vec::new();
            for part in message.cmsgs()? {
                if let ControlMessageOwned::ScmRights(received) = part {
                    numbers.extend(received);
                }
            }
            (message.bytes, numbers)
        };
        for number in numbers {
            #[expect(unsafe_code, reason = "descriptors come from the kernel as numbers")]
            // SAFETY: the kernel just opened it for this process, and nobody else knows of it.
            let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
            self.descriptors.push(descriptor);
        }
        self.bytes.extend_from_slice(&bytes[..read]);
        Ok(read)
    }
}

/// Answers [`ASKS`] on a connection that does not block.
///
/// # Errors
/// The new process went away, or does not read.
pub(crate) async fn give(stream: &OwnedFd, sockets: &Sockets) -> io::Result<()> {
    send(stream, &format!("{HELLO}\n"), &[]).await?;
    for (key, descriptors) in sockets {
        for batch in descriptors.chunks(BATCH) {
            let line = format!("{key} {}\n", batch.len());
            send(stream, &line, batch).await?;
        }
    }
    send(stream, &format!("{END}\n"), &[]).await
}

async fn send(stream: &OwnedFd, line: &str, descriptors: &[OwnedFd]) -> io::Result<()> {
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let rights = if numbers.is_empty() { &[][..] } else { &rights[..] };
    let begun = tokio::time::Instant::now();
    loop {
        let flags = MsgFlags::MSG_NOSIGNAL;
        let parts = [IoSlice::new(line.as_bytes())];
        match sendmsg::<UnixAddr>(stream.as_raw_fd(), &parts, rights, flags, None) {
            // Lines are far shorter than the buffer of a socket, which takes one whole or not at all.
            Ok(_) => return Ok(()),
            Err(nix::Error::EAGAIN) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(e) => return Err(e.into()),
        }
    }
}

/// Forgets second handles on the same socket.
pub(crate) fn distinct(sockets: &mut Vec<OwnedFd>) {
    let mut seen = Vec::new();
    sockets.retain(|socket| {
        let number = nix::sys::stat::fstat(socket.as_fd()).map_or(0, |stat| stat.st_ino);
        let new = number == 0 || !seen.contains(&number);
        seen.push(number);
        new
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sockets_arrive_as_they_were_sent_and_another_program_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let tcp = || std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let many: Vec<OwnedFd> = (0..150).map(|_| tcp().into()).collect();
        let sockets =
            Sockets::from([("a b".to_owned(), many), ("c".to_owned(), vec![tcp().into()])]);
        let asking = std::thread::spawn({
            let path = path.clone();
            move || (ask(&path).expect("an answer"), ask(&path).expect("an answer"))
        });
        // Who waits for somebody who gave up waits for ever.
        listener.set_nonblocking(true).expect("a listener that does not wait");
        let next = || loop {
            match listener.accept() {
                Ok((client, _)) => {
                    client.set_nonblocking(false).expect("a client that waits");
                    return client;
                }
                Err(_) => {
                    assert!(!asking.is_finished(), "the new process has given up");
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        };
        let heard = |client: &mut UnixStream| {
            let mut asked = [0; 64];
            let read = io::Read::read(client, &mut asked).expect("a question");
            assert_eq!(&asked[..read], format!("{ASKS}\n").as_bytes());
        };
        let mut client = next();
        heard(&mut client);
        give(&client.into(), &sockets).await.expect("given");
        let mut client = next();
        heard(&mut client);
        client.write_all(b"Unknown command: '_listeners'\n").expect("written");
        drop(client);
        let (first, second) = asking.join().expect("joined");
        let Answer::Sockets(came) = first else { panic!("{first:?}") };
        assert_eq!((came["a b"].len(), came["c"].len()), (150, 1));
        assert!(matches!(second, Answer::Other(said) if said.starts_with("Unknown command")));
    }

    #[test]
    fn handles_on_one_socket_count_once() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut all = vec![socket.try_clone().expect("a handle").into(), OwnedFd::from(socket)];
        distinct(&mut all);
        assert_eq!(all.len(), 1);
    }
}
