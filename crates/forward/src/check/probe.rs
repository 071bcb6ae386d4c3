//! One check on the wire.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use config::model::Server as ServerLine;
use config_parse::address::{AddressKind, Host};
use health::{Check, CheckResult, Event, Step};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

use crate::io::{ConnectTo, Connector, Io as _, ServerAddress};
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
    let mut running = Running {
        check: Check::new(&subject.script, context),
        began: Instant::now(),
        // Without `timeout check` the whole check has one interval (manual 4.2).
        connect: match subject.answer {
            Some(_) => subject
                .connect
                .map_or(subject.settings.inter, |most| most.min(subject.settings.inter)),
            None => subject.settings.inter,
        },
        answer: subject.answer,
        send_proxy: subject.send_proxy,
    };
    let Some(to) = subject.target() else {
        return running.finish(Event::ConnectFailed("No address"));
    };
    running.run(worker, to).await
}

struct Running<'a> {
    check: Check<'a>,
    began: Instant,
    connect: Duration,
    answer: Option<Duration>,
    send_proxy: Option<SendProxy>,
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
    async fn run<C: Connector>(&mut self, worker: &Worker<C>, to: ConnectTo) -> CheckResult {
        let _ = self.step(Event::Start);
        let remote = to.address.socket();
        let mut io = match timeout(self.connect, worker.connector.connect(to)).await {
            Ok(Ok(io)) => io,
            Ok(Err(error)) => return self.finish(Event::ConnectFailed(&words(&error))),
            Err(_) => return self.finish(Event::TimedOut),
        };
        let local = io.local_addr();
        let deadline = match self.answer {
            Some(answer) => Instant::now() + answer,
            None => self.began + self.connect,
        };
        let begun = match self.send_proxy {
            Some(send) => begin(send, local, remote, &mut io).await,
            None => Ok(()),
        };
        let result = match begun {
            Ok(()) => self.converse(&mut io, deadline).await,
            Err(error) => self.finish(Event::Broken(&words(&error))),
        };
        // A check leaves no `TIME_WAIT` behind.
        io.reset_on_close();
        result
    }

    async fn converse<T: crate::io::Io>(&mut self, io: &mut T, deadline: Instant) -> CheckResult {
        let mut step = self.step(Event::Connected);
        let mut buffer = vec![0; 4096];
        loop {
            match step {
                Step::Done(result) => return result,
                Step::Send(bytes) => {
                    let sent = tokio::time::timeout_at(deadline, io.write_all(&bytes)).await;
                    match sent {
                        Ok(Ok(())) => step = Step::Wait,
                        Ok(Err(error)) => return self.finish(Event::Broken(&words(&error))),
                        Err(_) => return self.finish(Event::TimedOut),
                    }
                }
                Step::Wait | Step::Connect => {
                    let read = tokio::time::timeout_at(deadline, io.read(&mut buffer)).await;
                    step = match read {
                        Ok(Ok(0)) => self.step(Event::Closed),
                        Ok(Ok(bytes)) => {
                            let bytes = buffer.get(..bytes).unwrap_or_default();
                            self.step(Event::Received(bytes))
                        }
                        Ok(Err(error)) => return self.finish(Event::Broken(&words(&error))),
                        Err(_) => return self.finish(Event::TimedOut),
                    };
                }
            }
        }
    }

    fn step(&mut self, event: Event<'_>) -> Step {
        let elapsed = self.began.elapsed();
        self.check.next(event, elapsed)
    }

    /// The result of an event that ends a check whatever came before.
    fn finish(&mut self, event: Event<'_>) -> CheckResult {
        match self.step(event) {
            Step::Done(result) => result,
            Step::Connect | Step::Send(_) | Step::Wait => {
                CheckResult::new(health::CheckStatus::SocketError).after(self.began.elapsed())
            }
        }
    }
}

/// The system's words for an error, without Rust's number behind them.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
