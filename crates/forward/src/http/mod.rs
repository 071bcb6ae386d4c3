//! HTTP/1: the requests of a client connection, one after the other.
//!
//! [`serve`] runs while a connection is busy. A request is read (`request.rs`), routed and answered
//! here or sent on (`stream.rs`), given a server (`../reach.rs`), exchanged with it (`exchange.rs`,
//! its answer in `response.rs`), perhaps again (`retry.rs`), and logged (`finish.rs`). What goes out
//! on the wire beside the rules' own edits is in `wire.rs`.

mod body;
mod exchange;
mod finish;
mod inspect;
mod reply;
mod request;
mod response;
mod retry;
mod stream;
mod upgrade;
mod wire;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{After, Connection};
use crate::io::Connector;
use crate::work::Work;

pub(crate) use body::Body;
pub(crate) use retry::RetryOn;
use stream::HttpStream;
pub(crate) use upgrade::{TunnelStart, begin_tunnel, tunnel_timeouts};

/// Serves requests until the connection is idle, over, or to become a tunnel.
pub(crate) async fn serve<C: Connector>(
    connection: &mut Connection<C>,
    mut work: Box<Work>,
) -> After<C::Io> {
    let place = Arc::clone(&connection.place);
    let after = loop {
        let Some(bound) = connection.listener.bound() else { break After::Close };
        let mut stream = HttpStream::new(connection, &mut work, bound);
        let ran = {
            let mut run = pin!(stream.run());
            poll_fn(|cx| place.watch(run.as_mut().poll(cx), cx)).await
        };
        let next = ran.unwrap_or_else(|| stream.cut_off());
        drop(stream);
        match next {
            stream::Next::Request if !work.client.is_empty() => {}
            stream::Next::Request => break After::KeepAlive,
            stream::Next::Close { linger } => {
                if linger {
                    end(connection, &mut work).await;
                }
                break After::Close;
            }
            stream::Next::Tunnel(start) => break After::Tunnel(start),
        }
    };
    place.rest();
    connection.worker.give_work(work);
    after
}

/// A first request that never began: the client closed, or was silent for too long.
pub(crate) async fn no_request<C: Connector>(
    connection: &mut Connection<C>,
    timed_out: bool,
) -> After<C::Io> {
    let Some(bound) = connection.listener.bound() else { return After::Close };
    let worker = std::rc::Rc::clone(&connection.worker);
    let mut work = worker.take_work();
    HttpStream::new(connection, &mut work, bound).end_without_request(timed_out).await;
    end(connection, &mut work).await;
    worker.give_work(work);
    After::Close
}

/// How long a client may still send after the last response, so that what it sends does not make
/// the kernel reset the connection before the client has read the response.
const LINGER: Duration = Duration::from_secs(1);

/// Ends the client's connection in order.
async fn end<C: Connector>(connection: &mut Connection<C>, work: &mut Work) {
    use tokio::io::AsyncWriteExt as _;
    if connection.client.shutdown().await.is_err() {
        return;
    }
    connection.timer.set(Some(tokio::time::Instant::now() + LINGER));
    let Connection { client, timer, .. } = connection;
    poll_fn(|cx| {
        loop {
            work.client.clear();
            match work.client.poll_fill(cx, client) {
                std::task::Poll::Ready(Ok(0) | Err(_)) => return std::task::Poll::Ready(()),
                std::task::Poll::Ready(Ok(_)) => {}
                std::task::Poll::Pending => return timer.poll(cx),
            }
        }
    })
    .await;
}
