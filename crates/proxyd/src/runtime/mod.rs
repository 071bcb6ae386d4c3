//! The runtime socket: HAProxy's commands and answers, and a few of our own.
//!
//! The words are `admin`'s; here they meet the daemon. One task a connection, on the main thread.

mod carry_out;
mod names;
mod process;
mod servers;
mod tunnels;

use std::sync::Arc;
use std::time::Duration;

use admin::{Next, Session};
use config::model::{Global, Level};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use crate::daemon::Daemon;
use crate::sockets::{Listening, Place, Wanted};

/// An open `stats socket`.
#[derive(Debug)]
pub(crate) struct StatsSocket {
    listening: Listening,
    level: admin::Level,
    /// Where it listens, as `show cli sockets` prints it.
    place: String,
}

impl StatsSocket {
    /// Opens every `stats socket` of the configuration.
    pub(crate) fn open_all(global: &Global) -> Result<Vec<StatsSocket>, String> {
        let prefix = global.unix_bind_prefix.as_ref().map_or("", |prefix| prefix.value.as_str());
        let open = |line: &config::model::StatsSocket| {
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
            Ok(StatsSocket { listening: wanted.open()?, level, place })
        };
        global.stats_sockets.iter().map(open).collect()
    }
}

/// Serves every socket as tasks of the current `LocalSet`.
pub(crate) fn serve_all(daemon: &Arc<Daemon>, sockets: Vec<StatsSocket>, global: &Global) {
    daemon.note_sockets(sockets.iter().map(|it| (it.place.clone(), it.level)).collect());
    let idle = global.stats_timeout.map_or(Duration::from_secs(10), |limit| limit.value);
    for socket in sockets {
        tokio::task::spawn_local(accept(Arc::clone(daemon), socket, idle));
    }
}

async fn accept(daemon: Arc<Daemon>, socket: StatsSocket, idle: Duration) {
    let level = socket.level;
    match socket.listening {
        Listening::Unix(listener) => {
            let Ok(listener) = tokio::net::UnixListener::from_std(listener) else { return };
            loop {
                match listener.accept().await {
                    Ok((client, _)) => spawn(&daemon, client, level, idle),
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        }
        Listening::Tcp(listener) => {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            loop {
                match listener.accept().await {
                    Ok((client, _)) => spawn(&daemon, client, level, idle),
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        }
    }
}

fn spawn<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    daemon: &Arc<Daemon>,
    client: S,
    level: admin::Level,
    idle: Duration,
) {
    let daemon = Arc::clone(daemon);
    tokio::task::spawn_local(async move {
        // The operator may hang up in the middle of an answer.
        let _ = converse(&daemon, client, level, idle).await;
    });
}

/// The longest line that is read: a command and its payload fit, a stranger's flood does not.
const LONGEST: u64 = 1 << 20;

/// Reads lines and answers them until the client has enough.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    daemon: &Arc<Daemon>,
    client: S,
    level: admin::Level,
    idle: Duration,
) -> std::io::Result<()> {
    let mut session = Session::new(level);
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
        for command in admin::split(text.trim_end_matches(['\r', '\n'])) {
            let generation = daemon.generation();
            let reply = match session.read(command, &names::Running(&generation)) {
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
