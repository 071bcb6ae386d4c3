//! A `resolvers` section that runs: it asks its name servers, all at once, and the first good answer counts.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use config::model::{Nameserver as Line, Resolvers};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::live::server_address;

use super::message::{self, Kind, Read, Record, Refusal};

/// What `show resolvers` counts of a name server.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names are those of the runtime socket")]
pub struct NameserverCounters {
    pub sent: AtomicU64,
    pub send_error: AtomicU64,
    pub valid: AtomicU64,
    pub update: AtomicU64,
    pub nx: AtomicU64,
    pub timeout: AtomicU64,
    pub refused: AtomicU64,
    pub other: AtomicU64,
    pub invalid: AtomicU64,
    pub truncated: AtomicU64,
}

/// A name server.
#[derive(Debug)]
pub struct Nameserver {
    /// Its name; its address where the system's configuration names it.
    pub name: String,
    address: SocketAddr,
    /// It is asked over TCP only.
    stream: bool,
    /// What was counted.
    pub counters: NameserverCounters,
}

/// A `resolvers` section of one configuration.
#[derive(Debug)]
pub struct Resolver {
    pub(crate) settings: Resolvers,
    /// Its name servers in order.
    pub nameservers: Vec<Nameserver>,
    /// Told when a server has another name.
    pub(crate) renamed: Notify,
    /// What `do-resolve` found, and until when it counts.
    found: Mutex<HashMap<(String, Kind), (IpAddr, Instant)>>,
}

/// Records, and the place of the name server that sent them.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) records: Vec<Record>,
    pub(crate) by: usize,
}

impl Resolver {
    /// The section as it runs; `system` are the name servers of `/etc/resolv.conf`.
    pub(crate) fn new(settings: &Resolvers, system: &[SocketAddr]) -> Resolver {
        let mut nameservers = Vec::new();
        for line in &settings.nameservers {
            match line {
                Line::One { name, address, stream } => {
                    let socket = server_address(address, &|_, _| None);
                    let Some(mut socket) = socket.and_then(|at| at.socket()) else { continue };
                    if socket.port() == 0 {
                        socket.set_port(53);
                    }
                    nameservers.push(Nameserver::new(name.value.clone(), socket, *stream));
                }
                Line::System(_) => nameservers.extend(
                    system
                        .iter()
                        .map(|address| Nameserver::new(address.ip().to_string(), *address, false)),
                ),
            }
        }
        Resolver {
            settings: settings.clone(),
            nameservers,
            renamed: Notify::new(),
            found: Mutex::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.settings.name.value
    }

    /// A server has another name: it is to be asked for.
    pub fn look_again(&self) {
        self.renamed.notify_one();
    }

    /// Asks for a name until there is an answer or `resolve_retries` are used up. Without a record of the preferred
    /// family the other one is asked for; a service that is refused is not asked for again. Tells when it asked last.
    pub(crate) async fn ask(
        &self,
        name: &str,
        preferred: Kind,
    ) -> (Instant, Result<Found, Refusal>) {
        let mut left = self.settings.retries.max(1);
        loop {
            let began = Instant::now();
            let refusal = match self.ask_each_family(name, preferred).await {
                Ok(found) => return (began, Ok(found)),
                Err(refusal) => refusal,
            };
            left -= 1;
            let gives_up = preferred == Kind::Service && refusal != Refusal::Timeout;
            if left == 0 || gives_up {
                return (began, Err(refusal));
            }
            // One that did not answer has used the time up.
            tokio::time::sleep_until(began + self.settings.retry).await;
        }
    }

    async fn ask_each_family(&self, name: &str, preferred: Kind) -> Result<Found, Refusal> {
        match self.ask_once(name, preferred).await {
            Err(refusal @ (Refusal::Nx | Refusal::Refused | Refusal::Other)) => {
                match preferred.other() {
                    Some(other) => self.ask_once(name, other).await,
                    None => Err(refusal),
                }
            }
            answered => answered,
        }
    }

    /// One address for `do-resolve`; what was found counts for `hold valid`.
    pub(crate) async fn address(&self, name: &str, preferred: Kind) -> Option<IpAddr> {
        let key = (name.to_ascii_lowercase(), preferred);
        let now = Instant::now();
        let known = self.found().get(&key).copied();
        if let Some((ip, _)) = known.filter(|(_, until)| now < *until) {
            return Some(ip);
        }
        let found = self.ask(name, preferred).await.1.ok()?;
        let ip = found.records.iter().find_map(|record| match record {
            Record::Address(ip) => Some(*ip),
            Record::Service { .. } => None,
        })?;
        let mut known = self.found();
        let now = Instant::now();
        known.retain(|_, (_, until)| now < *until);
        known.insert(key, (ip, now + self.settings.hold.valid));
        Some(ip)
    }

    fn found(&self) -> std::sync::MutexGuard<'_, HashMap<(String, Kind), (IpAddr, Instant)>> {
        // An entry is written in one step.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks every name server; of bad answers the last one counts.
    async fn ask_once(&self, name: &str, kind: Kind) -> Result<Found, Refusal> {
        let mut asked: FuturesUnordered<_> = self
            .nameservers
            .iter()
            .enumerate()
            .map(async |(by, server)| (by, server.ask(&self.settings, name, kind).await))
            .collect();
        let mut last = Refusal::Timeout;
        while let Some((by, answer)) = asked.next().await {
            match answer {
                Ok(records) => return Ok(Found { records, by }),
                Err(Refusal::Timeout) => {}
                Err(refusal) => last = refusal,
            }
        }
        Err(last)
    }
}

impl Nameserver {
    fn new(name: String, address: SocketAddr, stream: bool) -> Nameserver {
        Nameserver { name, address, stream, counters: NameserverCounters::default() }
    }

    async fn ask(
        &self,
        settings: &Resolvers,
        name: &str,
        kind: Kind,
    ) -> Result<Vec<Record>, Refusal> {
        let id = number();
        let Some(question) = message::question(id, name, kind, settings.payload) else {
            return Err(Refusal::Other);
        };
        let counters = &self.counters;
        counters.sent.fetch_add(1, Relaxed);
        let asked = (id, name, kind);
        let answered = timeout(settings.retry, async {
            if !self.stream
                && let Some(answer) = self.over_udp(&question, asked, settings.payload).await?
            {
                return Ok(answer);
            }
            self.over_tcp(&question, asked).await
        });
        let answer = match answered.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                counters.send_error.fetch_add(1, Relaxed);
                // As if nobody answered: the next try is not to come at once.
                tokio::time::sleep(settings.retry).await;
                Err(Refusal::Timeout)
            }
            Err(_) => Err(Refusal::Timeout),
        };
        let count = match answer {
            Ok(_) => &counters.valid,
            Err(Refusal::Nx) => &counters.nx,
            Err(Refusal::Refused) => &counters.refused,
            Err(Refusal::Timeout) => &counters.timeout,
            Err(Refusal::Other) => &counters.other,
        };
        count.fetch_add(1, Relaxed);
        answer
    }

    /// `None`: the answer was cut off.
    async fn over_udp(
        &self,
        question: &[u8],
        (id, name, kind): (u16, &str, Kind),
        payload: u16,
    ) -> io::Result<Option<Result<Vec<Record>, Refusal>>> {
        let any: IpAddr = match self.address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        // A port of its own for each question is one thing more that a liar has to guess.
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(self.address).await?;
        socket.send(question).await?;
        let mut bytes = vec![0; usize::from(payload.max(512))];
        loop {
            let read = socket.recv(&mut bytes).await?;
            match message::read(bytes.get(..read).unwrap_or_default(), id, name, kind) {
                Read::Answer(answer) => return Ok(Some(answer)),
                Read::Truncated => {
                    self.counters.truncated.fetch_add(1, Relaxed);
                    return Ok(None);
                }
                Read::Stray => {}
                Read::Invalid => {
                    self.counters.invalid.fetch_add(1, Relaxed);
                }
            }
        }
    }

    async fn over_tcp(
        &self,
        question: &[u8],
        (id, name, kind): (u16, &str, Kind),
    ) -> io::Result<Result<Vec<Record>, Refusal>> {
        let mut stream = TcpStream::connect(self.address).await?;
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], question].concat()).await?;
        let mut bytes = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut bytes).await?;
        Ok(match message::read(&bytes, id, name, kind) {
            Read::Answer(answer) => answer,
            Read::Truncated | Read::Stray | Read::Invalid => Err(Refusal::Other),
        })
    }
}

/// A number for a question, which nobody can tell beforehand.
fn number() -> u16 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0) as u16
}

/// The name servers that `/etc/resolv.conf` names.
pub fn system_nameservers(text: &str) -> Vec<SocketAddr> {
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("nameserver"));
    let words = lines.filter(|rest| rest.starts_with([' ', '\t'])).filter_map(|rest| {
        let word = rest.split_whitespace().next()?;
        word.split('%').next()?.parse::<IpAddr>().ok()
    });
    words.map(|ip| SocketAddr::new(ip, 53)).collect()
}

/// How long a failed answer leaves what was known as it is.
pub(crate) fn hold_of(settings: &Resolvers, refusal: Refusal) -> Duration {
    let hold = &settings.hold;
    match refusal {
        Refusal::Nx => hold.nx,
        Refusal::Refused => hold.refused,
        Refusal::Timeout => hold.timeout,
        Refusal::Other => hold.other,
    }
}

#[cfg(test)]
mod tests {
    use super::system_nameservers;

    #[test]
    fn the_systems_name_servers_are_read() {
        let text = "# a\nsearch x.test\nnameserver 192.0.2.1\n nameserver  2001:db8::1 # b\n\
                    nameserver fe80::1%eth0\nnameservers 192.0.2.3\nnameserver x\n";
        let found: Vec<String> = system_nameservers(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1]:53"]);
    }
}
