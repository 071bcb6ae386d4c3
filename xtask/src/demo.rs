//! `cargo xtask demo`: two chat servers behind proxyd, for a person with two browser windows.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use clap::Args;
use tungstenite::Message;

use crate::shell::{self, Failure, Running};

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Run a client through it, print what it saw, and end.
    #[arg(long)]
    once: bool,
    /// The port proxyd listens on: 8080, and with --once any free one.
    #[arg(long)]
    port: Option<u16>,
}

impl Demo {
    /// What CI runs: a client, on a port that is free.
    pub(crate) fn once() -> Demo {
        Demo { once: true, port: None }
    }
}

/// The demo's processes; all end when it is dropped.
pub(crate) struct Stage {
    port: u16,
    _chat: Running,
    proxyd: Running,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// The port of proxyd.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// The demo without a person: its processes on free ports.
pub(crate) fn stage() -> Result<Stage, Failure> {
    start(&Demo::once())
}

/// Builds, starts and shows.
pub(crate) fn run(demo: &Demo) -> Result<(), Failure> {
    let mut stage = start(demo)?;
    if demo.once {
        return chat_once(stage.port);
    }
    println!();
    println!("  open  http://127.0.0.1:{}/  in two browser windows and chat", stage.port);
    println!("  each window shows which server its tunnel ends at; Ctrl-C ends everything");
    println!();
    let status = stage.proxyd.child.wait().map_err(|e| e.to_string())?;
    Err(format!("proxyd ended with {status}"))
}

fn start(demo: &Demo) -> Result<Stage, Failure> {
    println!("building proxyd and the chat servers");
    let bins = shell::build(&["proxyd", "testkit"], "dev")?;
    let port = match demo.port {
        Some(port) => port,
        None if demo.once => shell::free_port(),
        None => 8080,
    };
    let (chat1, chat2) = (shell::free_port(), shell::free_port());
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let examples = shell::root().join("examples");

    let chat = Running::quiet(
        Command::new(bins.join("chat"))
            .arg(examples.join("chat.html"))
            .arg(format!("chat1=127.0.0.1:{chat1}"))
            .arg(format!("chat2=127.0.0.1:{chat2}")),
    )?;
    await_port(chat1, "the chat servers")?;
    let mut command = Command::new(bins.join("proxyd"));
    command
        .arg("-db")
        .arg("-f")
        .arg(examples.join("article.cfg"))
        .env("WEIR_PORT", port.to_string())
        .env("WEIR_SOCKET", folder.path().join("weir.sock"))
        .env("CHAT1", chat1.to_string())
        .env("CHAT2", chat2.to_string());
    let child = command.spawn().map_err(|e| format!("proxyd: {e}"))?;
    let stage = Stage { port, _chat: chat, proxyd: Running { child }, _folder: folder };
    await_port(port, "proxyd")?;
    println!("chat1 on 127.0.0.1:{chat1}, chat2 on 127.0.0.1:{chat2}, proxyd on 127.0.0.1:{port}");
    Ok(stage)
}

fn await_port(port: u16, who: &str) -> Result<(), Failure> {
    if shell::wait_until(Duration::from_secs(10), || shell::listens(port)) {
        return Ok(());
    }
    Err(format!("{who} did not listen on port {port} within 10 s"))
}

/// Four clients join, one speaks, all must hear it, and both servers must have been used.
fn chat_once(port: u16) -> Result<(), Failure> {
    let mut guests = Vec::new();
    let mut servers: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..4 {
        let mut guest = join(port)?;
        let welcome = hear(&mut guest)?;
        let server = welcome.split(':').next().unwrap_or("").to_owned();
        println!("a tunnel through 127.0.0.1:{port} ends at {server}");
        *servers.entry(server).or_default() += 1;
        guests.push(guest);
    }
    let hello = Message::text("hello from the first guest");
    guests[0].send(hello).map_err(|e| format!("sending: {e}"))?;
    for (number, guest) in guests.iter_mut().enumerate() {
        let line = hear(guest)?;
        println!("guest {} hears `{line}`", number + 1);
        if !line.ends_with("hello from the first guest") {
            return Err(format!("guest {} heard something else", number + 1));
        }
    }
    for guest in &mut guests {
        guest.close(None).map_err(|e| format!("closing: {e}"))?;
    }
    if servers.len() != 2 || servers.values().any(|count| *count != 2) {
        return Err(format!("four tunnels should be two on each server, they are {servers:?}"));
    }
    println!("demo: both servers were used, every guest heard the message");
    Ok(())
}

type Guest = tungstenite::WebSocket<TcpStream>;

fn join(port: u16) -> Result<Guest, Failure> {
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).map_err(|e| e.to_string())?;
    let url = format!("ws://127.0.0.1:{port}/chat");
    let (guest, _) = tungstenite::client(url, stream).map_err(|e| format!("handshake: {e}"))?;
    Ok(guest)
}

fn hear(guest: &mut Guest) -> Result<String, Failure> {
    match guest.read().map_err(|e| format!("reading: {e}"))? {
        Message::Text(text) => Ok(text.to_string()),
        other => Err(format!("not a text but {other:?}")),
    }
}
