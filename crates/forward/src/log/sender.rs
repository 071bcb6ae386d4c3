//! Sends the messages of a [`Feed`] to a log server over a stream, for ever (manual 12.5, `server`).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

use crate::io::{ConnectTo, Connector, ServerAddress, Socket, SystemConnector};
use crate::live::ServerState;

use super::feed::Feed;

/// The pause before another try to connect.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of one write.
const AT_ONCE: usize = 16_384;

/// A log server behind a stream.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// Its name among the readers of the feed.
    pub(crate) name: String,
    pub(crate) feed: Arc<Feed>,
    pub(crate) to: At,
    /// `log-proto octet-count`: each message behind its length.
    pub(crate) octets: bool,
    pub(crate) connect: Option<Duration>,
    pub(crate) write: Option<Duration>,
}

/// Where it is.
#[derive(Debug, Clone)]
pub(crate) enum At {
    Fixed(ServerAddress),
    /// Where a server of a backend is at that moment.
    Server(Arc<ServerState>),
}

impl Sender {
    /// Connects and sends, again after each failure.
    pub(crate) async fn run(self) {
        loop {
            if let Ok(io) = self.open().await {
                let _ = self.send(io).await;
            }
            sleep(PAUSE).await;
        }
    }

    async fn open(&self) -> io::Result<Socket> {
        let address = match &self.to {
            At::Fixed(address) => Some(address.clone()),
            At::Server(server) => server.address().map(|address| (*address).clone()),
        };
        let to = ConnectTo::new(address.ok_or(io::ErrorKind::NotFound)?);
        let opened = SystemConnector.connect(to);
        match self.connect {
            Some(most) => timeout(most, opened).await?,
            None => opened.await,
        }
    }

    async fn send(&self, mut io: Socket) -> io::Result<()> {
        let mut out = Vec::new();
        let mut answer = [0; 64];
        loop {
            let more = self.feed.more();
            let messages = self.feed.next(&self.name, AT_ONCE);
            if messages.is_empty() {
                tokio::select! {
                    () = more => {}
                    // A server says nothing: only its end can be read.
                    read = io.read(&mut answer) => if read? == 0 { return Ok(()) },
                }
                continue;
            }
            out.clear();
            messages.iter().for_each(|message| frame(message, self.octets, &mut out));
            match self.write {
                Some(most) => timeout(most, io.write_all(&out)).await??,
                None => io.write_all(&out).await?,
            }
            self.feed.had(&self.name, messages.len());
        }
    }
}

/// Appends a message in the framing of RFC 6587: behind its length, or with a line end.
fn frame(message: &[u8], octets: bool, out: &mut Vec<u8>) {
    if octets {
        out.extend_from_slice(itoa::Buffer::new().format(message.len()).as_bytes());
        out.push(b' ');
    }
    out.extend_from_slice(message);
    if !octets {
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_framed_by_lines_or_by_lengths() {
        let mut out = Vec::new();
        frame(b"<14>one", false, &mut out);
        frame(b"<14>two", true, &mut out);
        assert_eq!(out, b"<14>one\n7 <14>two");
    }
}
