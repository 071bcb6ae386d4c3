//! The tunnel floor: one future polls both directions and holds bytes only while a peer does not take them.
//!
//! `poll_read` into the thread's scratch buffer, because tokio leaves out the second read (the one
//! that would say "nothing more") only when a read through `poll_read` came back short.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const FIRST: usize = 4096;
const SCRATCH: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// Relays every connection to one server, for ever. Runs inside a `LocalSet`.
///
/// # Errors
/// When a connection cannot be accepted.
pub async fn serve(listener: TcpListener, server: SocketAddr) -> std::io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        tokio::task::spawn_local(async move {
            if let Ok((client, server)) = first_exchange(client, server).await {
                // A task of its own: the future of the first exchange is freed.
                tokio::task::spawn_local(relay(client, server));
            }
        });
    }
}

async fn first_exchange(
    mut client: TcpStream,
    server: SocketAddr,
) -> std::io::Result<(TcpStream, TcpStream)> {
    let mut bytes = [0; FIRST];
    let length = client.read(&mut bytes).await?;
    let mut server = super::connect(server).await?;
    server.write_all(&bytes[..length]).await?;
    let length = server.read(&mut bytes).await?;
    client.write_all(&bytes[..length]).await?;
    Ok((client, server))
}

/// Ends when either side does: half-closed connections are more than a floor knows.
async fn relay(mut client: TcpStream, mut server: TcpStream) {
    let (mut up, mut down) = (Direction::default(), Direction::default());
    std::future::poll_fn(|cx| {
        let up = up.poll(cx, &mut client, &mut server);
        let down = down.poll(cx, &mut server, &mut client);
        if up.is_ready() || down.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// One way through the tunnel: the bytes that were read and not yet taken.
#[derive(Default)]
struct Direction {
    rest: Vec<u8>,
    written: usize,
}

impl Direction {
    /// Moves what can be moved; ready at the end of the reader, or when either side fails.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut TcpStream,
        to: &mut TcpStream,
    ) -> Poll<std::io::Result<()>> {
        loop {
            ready!(self.poll_rest(cx, to))?;
            let open = ready!(BUFFER.with_borrow_mut(|b| self.poll_through(cx, from, to, b)))?;
            if !open {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>, to: &mut TcpStream) -> Poll<std::io::Result<()>> {
        while self.written < self.rest.len() {
            self.written += ready!(Pin::new(&mut *to).poll_write(cx, &self.rest[self.written..]))?;
        }
        if !self.rest.is_empty() {
            *self = Direction::default();
        }
        Poll::Ready(Ok(()))
    }

    /// One read and one write; false at the end.
    fn poll_through(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut TcpStream,
        to: &mut TcpStream,
        buffer: &mut [u8],
    ) -> Poll<std::io::Result<bool>> {
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(from).poll_read(cx, &mut read))?;
        let bytes = read.filled();
        if bytes.is_empty() {
            return Poll::Ready(Ok(false));
        }
        let written = match Pin::new(to).poll_write(cx, bytes) {
            Poll::Ready(written) => written?,
            Poll::Pending => 0,
        };
        self.rest.extend_from_slice(&bytes[written..]);
        Poll::Ready(Ok(true))
    }
}
