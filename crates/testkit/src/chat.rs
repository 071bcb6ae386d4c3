//! Small WebSocket chat servers that share one room, and the page to use them.
//!
//! Each server says its name in what it sends, so that a person sees which one a balancer chose.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Message;

/// The room: everything said, by whichever server heard it.
pub type Room = broadcast::Sender<String>;

/// A room for any number of servers.
pub fn room() -> Room {
    broadcast::channel(256).0
}

/// Listens at `address` and serves under `name` until the listener fails.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(
    name: String,
    address: SocketAddr,
    page: String,
    room: Room,
) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (client, _) = listener.accept().await?;
        tokio::spawn(guest(name.clone(), client, page.clone(), room.clone()));
    }
}

/// One connection: the page for a plain request, the room for a WebSocket.
async fn guest(name: String, client: TcpStream, page: String, room: Room) {
    match wants_websocket(&client).await {
        Some(true) => chat(name, client, room).await,
        Some(false) => give_page(&name, client, &page).await,
        None => {}
    }
}

/// Looks at the request without taking it, so that the handshake can read it again.
async fn wants_websocket(client: &TcpStream) -> Option<bool> {
    let mut head = [0; 4096];
    loop {
        let n = client.peek(&mut head).await.ok()?;
        let text = String::from_utf8_lossy(&head[..n]).to_ascii_lowercase();
        if text.contains("\r\n\r\n") || n == head.len() {
            return Some(text.contains("\r\nupgrade: websocket"));
        }
        if n == 0 {
            return None;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn give_page(name: &str, mut client: TcpStream, page: &str) {
    let mut request = [0; 4096];
    if client.read(&mut request).await.is_err() {
        return;
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nx-server: {name}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        page.len()
    );
    // A client that has gone away needs no page.
    let _ = client.write_all(head.as_bytes()).await;
    let _ = client.write_all(page.as_bytes()).await;
    let _ = client.shutdown().await;
}

async fn chat(name: String, client: TcpStream, room: Room) {
    let Ok(socket) = tokio_tungstenite::accept_async(client).await else { return };
    let (mut to_client, mut from_client) = socket.split();
    let mut heard = room.subscribe();
    if to_client.send(Message::text(format!("{name}: welcome"))).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            said = from_client.next() => match said {
                Some(Ok(Message::Text(text))) => {
                    // Nobody may be listening: that is no failure of the speaker.
                    let _ = room.send(format!("{name}: {text}"));
                }
                Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            line = heard.recv() => {
                let Ok(line) = line else { return };
                if to_client.send(Message::text(line)).await.is_err() {
                    return;
                }
            }
        }
    }
}
