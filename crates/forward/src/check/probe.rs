//! One check on the wire.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use config::model::Server as ServerLine;
use config_parse::address::{AddressKind, Host};
use health::script::Connect;
use health::{Check, CheckResult, Event, Step};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

use crate::clock::wall_micros;
use crate::counters::Gauge;
use crate::facts::LiveFacts;
use crate::io::{ConnectTo, Connector, Io as _, ServerAddress};
use crate::live::CheckAims;
use crate::proxy_protocol::{self, SendProxy};
use crate::worker::Worker;

use super::Subject;

/// `addr` and `port` of a server line: where its checks go instead.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Elsewhere {
    ip: Option<std::net::IpAddr>,
    port: Option<u16>,
}

impl Elsewhere {
    pub(super) fn of(line: &ServerLine) -> Elsewhere {
        let ip = line.settings.check_addr.as_ref().and_then(|address| match &address.value.kind {
            AddressKind::Inet { host: Host::Ip(ip), .. } => Some(*ip),
            _ => None,
        });
        Elsewhere { ip, port: line.settings.check_port.map(|port| port.value) }
    }

    /// The same, where operators did not change it.
    pub(super) fn amended(self, aims: &CheckAims) -> Elsewhere {
        Elsewhere { ip: aims.check_addr.or(self.ip), port: aims.check_port.or(self.port) }
    }

    pub(super) fn apply(self, mut to: ConnectTo) -> ConnectTo {
        if let ServerAddress::Tcp(address) = &mut to.address {
            address.set_ip(self.ip.unwrap_or(address.ip()));
            address.set_port(self.port.unwrap_or(address.port()));
        }
        to
    }
}

/// Checks a server once.
pub(super) async fn probe<C: Connector>(worker: &Worker<C>, subject: &Subject) -> CheckResult {
    let serves =
        subject.backend.server(subject.server).is_some_and(|known| known.state.health().serves());
    let mut nonce = [0; 16];
    for half in nonce.chunks_mut(8) {
        half.copy_from_slice(&worker.next_seed().to_le_bytes());
    }
    let context = health::script::Context { server_serves: serves, nonce };
    let state = if subject.tells_state { subject.state_told(worker) } else { String::new() };
    let connections = Gauge::default();
    let facts = LiveFacts {
        process: &worker.process,
        generation: &subject.generation,
        client: None,
        local: None,
        server_side: (None, None),
        proxied: None,
        refused: None,
        listener: 0,
        connections: &connections,
        micros: wall_micros(),
        stream_id: 0,
        thread: worker.index,
        seed: worker.next_seed(),
    };
    let (program, backend) = (&subject.generation.program, subject.backend.reference);
    let http = subject.script.style == health::script::Style::Http;
    let run = rules::CheckRun::new(program, backend, subject.server, &facts, http);
    let mut running = Running {
        check: Check::new(&subject.script, context).telling(state).asking(&run),
        began: Instant::now(),
        // Without `timeout check` the whole check has one interval (manual 4.2).
        connect: match subject.answer {
            Some(_) => subject
                .connect
                .map_or(subject.settings.inter, |most| most.min(subject.settings.inter)),
            None => subject.settings.inter,
        },
        subject,
    };
    running.run(worker).await
}

struct Running<'a> {
    check: Check<'a>,
    began: Instant,
    connect: Duration,
    subject: &'a Subject,
}

/// An open connection of a check, and when the answer on it is late.
struct Open<T> {
    io: T,
    deadline: Instant,
    lingers: bool,
}

impl<T: crate::io::Io> Open<T> {
    /// A check leaves no `TIME_WAIT` behind, unless its protocol would complain.
    fn close(mut self) {
        if !self.lingers {
            self.io.reset_on_close();
        }
    }
}

/// The PROXY header of a check: it speaks for nobody, so the binary one has no addresses, and that of text those of
/// the check's own connection.
async fn begin<T: crate::io::Io>(
    send: SendProxy,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    io: &mut T,
) -> io::Result<()> {
    let own = local.zip(remote).filter(|_| !send.is_binary());
    io.write_all(&proxy_protocol::header(send, own, None, &[])).await
}

impl Running<'_> {
    async fn run<C: Connector>(&mut self, worker: &Worker<C>) -> CheckResult {
        let mut step = self.step(Event::Start);
        let mut open: Option<Open<C::Io>> = None;
        let mut buffer = vec![0; 4096];
        loop {
            step = match (step, &mut open) {
                (Step::Done(result), _) => {
                    if let Some(open) = open {
                        open.close();
                    }
                    return result;
                }
                (Step::Connect, _) => {
                    if let Some(open) = open.take() {
                        open.close();
                    }
                    match self.open(worker).await {
                        Ok(new) => {
                            open = Some(new);
                            self.step(Event::Connected)
                        }
                        Err(step) => step,
                    }
                }
                (Step::Send(bytes), Some(open)) => {
                    let sent = tokio::time::timeout_at(open.deadline, open.io.write_all(&bytes));
                    match sent.await {
                        Ok(Ok(())) => self.step(Event::Sent),
                        Ok(Err(error)) => self.step(Event::Broken(&words(&error))),
                        Err(_) => self.step(Event::TimedOut),
                    }
                }
                (Step::Wait, Some(open)) => {
                    let read = tokio::time::timeout_at(open.deadline, open.io.read(&mut buffer));
                    match read.await {
                        Ok(Ok(0)) => self.step(Event::Closed),
                        Ok(Ok(bytes)) => {
                            let bytes = buffer.get(..bytes).unwrap_or_default();
                            self.step(Event::Received(bytes))
                        }
                        Ok(Err(error)) => self.step(Event::Broken(&words(&error))),
                        Err(_) => self.step(Event::TimedOut),
                    }
                }
                // A script begins with a connection.
                (Step::Send(_) | Step::Wait, None) => self.step(Event::TimedOut),
            };
        }
    }

    /// Opens the connection that the check asks for; otherwise the step that follows.
    async fn open<C: Connector>(&mut self, worker: &Worker<C>) -> Result<Open<C::Io>, Step> {
        let wanted = self.check.connect();
        let wanted = wanted.as_ref();
        let Some(to) = self.target(wanted) else {
            return Err(self.step(Event::ConnectFailed("No address")));
        };
        let remote = to.address.socket();
        let mut io = match timeout(self.connect, worker.connector.connect(to)).await {
            Ok(Ok(io)) => io,
            Ok(Err(error)) => return Err(self.refused(&error, remote.is_none())),
            Err(_) => return Err(self.step(Event::TimedOut)),
        };
        let local = io.local_addr();
        let deadline = match self.subject.answer {
            Some(answer) => Instant::now() + answer,
            None => self.began + self.connect,
        };
        let send = match wanted {
            Some(connect) if connect.send_proxy => Some(SendProxy::text()),
            // What the server line says counts for connections that ask for it.
            Some(connect) if !connect.default => None,
            _ => self.subject.send_proxy,
        };
        if let Some(send) = send
            && let Err(error) = begin(send, local, remote, &mut io).await
        {
            return Err(self.step(Event::Broken(&words(&error))));
        }
        Ok(Open { io, deadline, lingers: wanted.is_some_and(|connect| connect.linger) })
    }

    /// A connection that could not be made. Quirk: that of a unix socket broke before it was there.
    fn refused(&mut self, error: &io::Error, is_unix: bool) -> Step {
        let system = words(error);
        let told = match error.kind() {
            io::ErrorKind::ConnectionRefused => format!("ECONNREFUSED returned by OS ({system})"),
            _ => format!("General socket error ({system})"),
        };
        match is_unix {
            true => self.step(Event::Broken(&told)),
            false => self.step(Event::ConnectFailed(&told)),
        }
    }

    fn target(&self, wanted: Option<&Connect>) -> Option<ConnectTo> {
        let mut to = self.subject.target()?;
        let by_line = wanted.is_none_or(|connect| connect.default) && self.subject.via_socks4;
        if !by_line && !wanted.is_some_and(|connect| connect.via_socks4) {
            to.socks4 = None;
        }
        if let (Some(connect), ServerAddress::Tcp(address)) = (wanted, &mut to.address) {
            address.set_ip(connect.address.unwrap_or(address.ip()));
            address.set_port(connect.port.unwrap_or(address.port()));
        }
        Some(to)
    }

    fn step(&mut self, event: Event<'_>) -> Step {
        let elapsed = self.began.elapsed();
        self.check.next(event, elapsed)
    }
}

/// The system's words for an error, without Rust's number behind them.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
