//! The runtime socket: HAProxy's commands and answers, and a few of our own.
//!
//! The words are `admin`'s; here they meet the daemon. One task a connection, on the main thread.

mod carry_out;
mod dynamic;
mod errors;
mod explain;
mod internals;
mod lists;
mod names;
mod process;
mod resolvers;
mod servers;
mod tunnels;

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use admin::{Next, Session, SeverityFormat};
use config::model::{Global, Level};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use crate::daemon::Daemon;
use crate::load;
use crate::sockets::{Listening, Place, Wanted};
use crate::take_over;

/// An open `stats socket`.
#[derive(Debug)]
pub(crate) struct StatsSocket {
    listening: Listening,
    rights: Rights,
    /// Where it listens, as `show cli sockets` prints it.
    place: String,
}

impl StatsSocket {
    /// Opens every `stats socket` of the configuration.
    pub(crate) fn open_all(global: &Global) -> Result<Vec<StatsSocket>, String> {
        let prefix = global.unix_bind_prefix.as_ref().map_or("", |prefix| prefix.value.as_str());
        global.stats_sockets.iter().map(|line| StatsSocket::open(line, prefix, false)).collect()
    }

    /// Opens the master CLI (`-S`): an address and `bind` options parted by commas. Its level is `admin` unless an
    /// option says less.
    pub(crate) fn open_master(text: &str) -> Result<StatsSocket, String> {
        let why = |why: String| format!("-S {text}: {why}");
        let line = load::stats_socket(&text.replace(',', " ")).map_err(why)?;
        StatsSocket::open(&line, "", true).map_err(why)
    }

    fn open(
        line: &config::model::StatsSocket,
        prefix: &str,
        is_master: bool,
    ) -> Result<StatsSocket, String> {
        let wanted = Wanted::of_stats(line, prefix)?;
        let level = match line.level {
            Level::User => admin::Level::User,
            Level::Operator => admin::Level::Operator,
            Level::Admin => admin::Level::Admin,
        };
        let place = match &wanted.place {
            Place::Tcp(address) if address.is_ipv4() => format!("ipv4@{address}"),
            Place::Tcp(address) => format!("ipv6@{address}"),
            other => other.to_string(),
        };
        let severity = match line.severity.as_deref() {
            Some("number") => SeverityFormat::Number,
            Some("string") => SeverityFormat::String,
            _ => SeverityFormat::None,
        };
        let rights = Rights { level, is_master, exposes: line.expose_fd, severity };
        Ok(StatsSocket { listening: wanted.open()?, rights, place })
    }
}

/// What a session on a socket may do, and which socket it is.
#[derive(Debug, Clone, Copy)]
struct Rights {
    level: admin::Level,
    /// The master CLI.
    is_master: bool,
    /// `expose-fd listeners`.
    exposes: bool,
    /// `severity-output`.
    severity: SeverityFormat,
}

/// Serves every socket as tasks of the current `LocalSet`.
pub(crate) fn serve_all(daemon: &Arc<Daemon>, sockets: Vec<StatsSocket>, global: &Global) {
    let listed = sockets.iter().filter(|socket| !socket.rights.is_master);
    daemon.note_sockets(listed.map(|it| (it.place.clone(), it.rights.level)).collect());
    let idle = global.stats_timeout.map_or(Duration::from_secs(10), |limit| limit.value);
    for socket in sockets {
        tokio::task::spawn_local(accept(Arc::clone(daemon), socket, idle));
    }
}

async fn accept(daemon: Arc<Daemon>, socket: StatsSocket, idle: Duration) {
    let rights = socket.rights;
    match socket.listening {
        Listening::Unix(listener) => {
            let Ok(listener) = tokio::net::UnixListener::from_std(listener) else { return };
            loop {
                match listener.accept().await {
                    Ok((client, _)) => {
                        let handle = rights.exposes.then(|| client.as_fd().try_clone_to_owned());
                        spawn(&daemon, client, handle.and_then(Result::ok), rights, idle);
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        }
        Listening::Tcp(listener) => {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            loop {
                match listener.accept().await {
                    Ok((client, _)) => spawn(&daemon, client, None, rights, idle),
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        }
    }
}

fn spawn<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    daemon: &Arc<Daemon>,
    client: S,
    handle: Option<OwnedFd>,
    rights: Rights,
    idle: Duration,
) {
    let daemon = Arc::clone(daemon);
    tokio::task::spawn_local(async move {
        // The operator may hang up in the middle of an answer.
        let _ = converse(&daemon, client, handle, rights, idle).await;
    });
}

/// Reads lines up to `end`, asking for each where somebody types them.
async fn payload<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut BufReader<S>,
    end: &str,
    asks: Option<&str>,
) -> std::io::Result<String> {
    let mut text = String::new();
    let mut line = Vec::new();
    while (text.len() as u64) < LONGEST {
        if let Some(prompt) = asks {
            client.write_all(prompt.as_bytes()).await?;
        }
        line.clear();
        let mut bounded = tokio::io::AsyncReadExt::take(&mut *client, LONGEST);
        let read = bounded.read_until(b'\n', &mut line).await?;
        let last = String::from_utf8_lossy(&line);
        if read == 0 || last.trim_end_matches(['\r', '\n']) == end {
            break;
        }
        text.push_str(&last);
    }
    Ok(text)
}

/// The longest line that is read: a command and its payload fit, a stranger's flood does not.
const LONGEST: u64 = 1 << 20;

/// Reads lines and answers them until the client has enough. With a `handle` on its connection, descriptors can be
/// sent.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    daemon: &Arc<Daemon>,
    client: S,
    handle: Option<OwnedFd>,
    rights: Rights,
    idle: Duration,
) -> std::io::Result<()> {
    let mut session = match rights.is_master {
        true => Session::of_master(rights.level, std::process::id()),
        false => Session::new(rights.level),
    };
    session.set_severity(rights.severity);
    let mut client = BufReader::new(client);
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = session.timeout().unwrap_or(idle);
        let mut bounded = tokio::io::AsyncReadExt::take(&mut client, LONGEST);
        let read = bounded.read_until(b'\n', &mut line);
        let Ok(read) = tokio::time::timeout(limit, read).await else { return Ok(()) };
        if read? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        if let Some(handle) = handle.as_ref().filter(|_| text.trim_end() == take_over::ASKS) {
            return take_over::give(handle, &daemon.listening_sockets().await).await;
        }
        let text = text.trim_end_matches(['\r', '\n']);
        let (text, payload) = match admin::payload_end(text) {
            Some((command, end)) => {
                let asks = session.is_interactive().then_some("+ ");
                let read = payload(&mut client, end, asks);
                let Ok(payload) = tokio::time::timeout(limit, read).await else { return Ok(()) };
                (command, Some(payload?))
            }
            None => (text, None),
        };
        let commands = admin::split(text);
        for (number, command) in commands.iter().enumerate() {
            let generation = daemon.generation();
            // The payload is the last command's.
            let payload = payload.as_deref().filter(|_| number + 1 == commands.len());
            let read = session.read_with(command, payload, &names::Running(&generation));
            let reply = match read {
                Next::Answer(reply) => reply,
                Next::Ask(command) => carry_out::carry_out(daemon, command).await,
                Next::Quit => return Ok(()),
            };
            client.write_all(session.frame(&reply).as_bytes()).await?;
        }
        if !session.is_interactive() {
            return client.shutdown().await;
        }
    }
}
