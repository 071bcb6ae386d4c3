//! Floor proxies: what the kernel and tokio cost before a balancer does anything.
//!
//! They balance nothing, log nothing and trust their peers; the bench divides by them.
//! [`http`] forwards keep-alive requests, [`tunnel`] relays bytes after the first exchange.

pub mod http;
pub mod tunnel;

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};

/// A listener that shares its port with those of other threads (`SO_REUSEPORT`).
///
/// # Errors
/// When the address cannot be bound.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

/// Runs one future on a runtime of this thread, with tasks that need not be `Send`.
///
/// # Errors
/// When the runtime cannot start, or what the future fails with.
pub fn on_this_thread<T>(future: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
