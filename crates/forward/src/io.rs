//! What a stream reads from and writes to: a trait for tests, and the sockets of production.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, UnixStream};

use crate::socks4;

/// One side of a stream.
///
/// Everything beyond reading and writing has a default that does nothing, so that a test's pipe is
/// a connection as well.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the close that follows a reset instead of an orderly end.
    fn reset_on_close(&mut self) {}

    /// Makes the close that follows invisible for the peer (`silent-drop`).
    fn hide_close(&mut self) {}

    /// The address that this side has here (`%bi` for a server connection).
    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }

    /// Marks the packets that leave from now on (`set-fc-tos`, `set-bc-mark`). Only a wish: a system that
    /// refuses, for want of rights for one, leaves them as they are.
    fn mark(&mut self, _marks: rules::Marks) {}

    /// Whether [`Io::park`] is possible.
    fn parks(&self) -> bool {
        false
    }

    /// The connection without its place in the reactor.
    ///
    /// # Errors
    /// When it has none, or the system fails.
    fn park(self) -> io::Result<Bare>
    where
        Self: Sized,
    {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// A connection that was parked.
    ///
    /// # Errors
    /// When the reactor cannot take it.
    fn unpark(_bare: Bare) -> io::Result<Self>
    where
        Self: Sized,
    {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether the peer has reset the connection since the last call.
    fn was_reset(&self) -> bool {
        false
    }

    /// The same connection for the thread that calls: another one opened it.
    ///
    /// # Errors
    /// When this thread's reactor cannot take it.
    fn rehome(self) -> io::Result<Self>
    where
        Self: Sized,
    {
        Ok(self)
    }
}

impl Io for DuplexStream {}

/// A socket that no reactor knows.
#[derive(Debug)]
pub enum Bare {
    /// TCP.
    Tcp(std::net::TcpStream),
    /// A unix stream socket.
    Unix(std::os::unix::net::UnixStream),
}

impl AsFd for Bare {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Bare::Tcp(socket) => socket.as_fd(),
            Bare::Unix(socket) => socket.as_fd(),
        }
    }
}

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ServerAddress {
    /// TCP.
    Tcp(SocketAddr),
    /// A path, or a name in the abstract namespace with a leading NUL.
    Unix(PathBuf),
}

impl ServerAddress {
    /// The socket address, if it has one.
    pub fn socket(&self) -> Option<SocketAddr> {
        match self {
            ServerAddress::Tcp(address) => Some(*address),
            ServerAddress::Unix(_) => None,
        }
    }
}

/// How to reach a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectTo {
    /// Where.
    pub address: ServerAddress,
    /// `source`: the address to connect from.
    pub source: Option<SocketAddr>,
    /// `option srvtcpka`.
    pub keepalive: bool,
    /// `tcp-ut`.
    pub user_timeout: Option<Duration>,
    /// How its packets are marked, the first one too.
    pub marks: rules::Marks,
    /// `socks4`: the SOCKS4 proxy on the way.
    pub socks4: Option<SocketAddr>,
}

impl ConnectTo {
    /// An address without any option.
    pub fn new(address: ServerAddress) -> ConnectTo {
        ConnectTo {
            address,
            source: None,
            keepalive: false,
            user_timeout: None,
            marks: rules::Marks::default(),
            socks4: None,
        }
    }
}

/// Opens connections to servers.
pub trait Connector: 'static {
    /// What a connection is; the client's side has the same type.
    type Io: Io;

    /// Opens one. The caller bounds it with `timeout connect`.
    fn connect(&self, to: ConnectTo) -> impl Future<Output = io::Result<Self::Io>>;
}

/// The production connector.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemConnector;

impl Connector for SystemConnector {
    type Io = Socket;

    async fn connect(&self, to: ConnectTo) -> io::Result<Socket> {
        match &to.address {
            ServerAddress::Unix(path) => Ok(Socket::Unix(UnixStream::connect(path).await?)),
            ServerAddress::Tcp(address) => {
                let next = to.socks4.unwrap_or(*address);
                let socket = match next {
                    SocketAddr::V4(_) => TcpSocket::new_v4()?,
                    SocketAddr::V6(_) => TcpSocket::new_v6()?,
                };
                socket.set_nodelay(true)?;
                if to.keepalive {
                    socket.set_keepalive(true)?;
                }
                mark(&socket2::SockRef::from(&socket), to.marks);
                if let Some(source) = to.source {
                    socket.set_reuseaddr(true)?;
                    socket.bind(source)?;
                }
                let mut stream = socket.connect(next).await?;
                if to.socks4.is_some() {
                    socks4::ask(&mut stream, *address).await?;
                }
                if let Some(limit) = to.user_timeout {
                    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(limit))?;
                }
                Ok(Socket::Tcp(stream))
            }
        }
    }
}

fn mark(socket: &socket2::SockRef<'_>, marks: rules::Marks) {
    if let Some(tos) = marks.tos {
        let _ = socket.set_tos_v4(tos.into());
        let _ = socket.set_tclass_v6(tos.into());
    }
    if let Some(mark) = marks.mark {
        let _ = socket.set_mark(mark);
    }
}

/// A socket of either family.
#[derive(Debug)]
pub enum Socket {
    /// TCP, Nagle's algorithm off.
    Tcp(TcpStream),
    /// A unix stream socket.
    Unix(UnixStream),
}

impl Io for Socket {
    fn reset_on_close(&mut self) {
        if let Socket::Tcp(stream) = self {
            // Only a hint for the kernel: when it fails the close is an orderly one.
            let _ = socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
        }
    }

    fn hide_close(&mut self) {
        if let Socket::Tcp(stream) = self {
            // A reset that leaves with a time to live of 1 is lost at the first router.
            let socket = socket2::SockRef::from(&*stream);
            let _ = socket.set_ttl_v4(1);
            let _ = socket.set_unicast_hops_v6(1);
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Socket::Tcp(stream) => stream.local_addr().ok(),
            Socket::Unix(_) => None,
        }
    }

    fn mark(&mut self, marks: rules::Marks) {
        if let Socket::Tcp(stream) = self {
            mark(&socket2::SockRef::from(&*stream), marks);
        }
    }

    fn was_reset(&self) -> bool {
        match self {
            Socket::Tcp(stream) => matches!(stream.take_error(), Ok(Some(_))),
            Socket::Unix(stream) => matches!(stream.take_error(), Ok(Some(_))),
        }
    }

    fn parks(&self) -> bool {
        true
    }

    fn park(self) -> io::Result<Bare> {
        Ok(match self {
            Socket::Tcp(stream) => Bare::Tcp(stream.into_std()?),
            Socket::Unix(stream) => Bare::Unix(stream.into_std()?),
        })
    }

    fn unpark(bare: Bare) -> io::Result<Self> {
        Ok(match bare {
            Bare::Tcp(stream) => Socket::Tcp(TcpStream::from_std(stream)?),
            Bare::Unix(stream) => Socket::Unix(UnixStream::from_std(stream)?),
        })
    }

    fn rehome(self) -> io::Result<Self> {
        Self::unpark(self.park()?)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Socket::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Socket::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Socket::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that leaves, and what is told of the connection when that has arrived.
    async fn told_of(leave: impl FnOnce(TcpStream)) -> bool {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let client = TcpStream::connect(address).await.expect("a connection");
        let (server, _) = listener.accept().await.expect("its other side");
        leave(client);
        server.ready(tokio::io::Interest::READABLE).await.expect("an event");
        Socket::Tcp(server).was_reset()
    }

    #[tokio::test]
    async fn a_reset_is_told_and_an_orderly_end_is_none() {
        let reset = |client: TcpStream| {
            socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).expect("an option");
        };
        assert!(told_of(reset).await);
        assert!(!told_of(drop).await);
    }
}
