//! The world as the evaluator asks for it, answered from counters and the clock of the step.

use std::cell::Cell;
use std::net::{SocketAddr, UdpSocket};

use jiff::{Timestamp, tz::TimeZone};
use sample::{BackendRef, Fact, FactValue, Facts, FrontendRef, ServerRef};

use crate::counters::Gauge;
use crate::generation::Generation;
use crate::live::{Backend, Server};
use crate::process::Process;
use crate::proxy_protocol::{Proxied, Refused};
use crate::tcp_info;

/// Answers for one stream at one moment.
pub(crate) struct LiveFacts<'a> {
    pub(crate) process: &'a Process,
    pub(crate) generation: &'a Generation,
    pub(crate) client: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
    /// Both ends of the connection to the server, ours first.
    pub(crate) server_side: (Option<SocketAddr>, Option<SocketAddr>),
    /// What the client's PROXY header said.
    pub(crate) proxied: Option<&'a Proxied>,
    /// Why the connection was refused before its first byte.
    pub(crate) refused: Option<Refused>,
    pub(crate) listener: u32,
    /// Connections of that listener.
    pub(crate) connections: &'a Gauge,
    /// Microseconds since the epoch, when the step began.
    pub(crate) micros: i64,
    pub(crate) stream_id: u64,
    /// The thread that runs the stream, from 0.
    pub(crate) thread: usize,
    /// What the stream's draws are derived from.
    pub(crate) seed: u64,
}

impl LiveFacts<'_> {
    fn backend(&self, backend: BackendRef) -> Option<&Backend> {
        self.generation.live.backends.get(backend.0 as usize).map(|backend| &**backend)
    }

    fn server(&self, server: ServerRef) -> Option<(&Backend, &Server)> {
        let backend = self.backend(server.backend)?;
        Some((backend, backend.server(server.server)?))
    }

    /// The sum over the servers that take streams now; `Some(None)` when one has no limit.
    fn sum_usable(
        &self,
        backend: BackendRef,
        each: impl Fn(&Server) -> Option<i64>,
    ) -> Option<Option<i64>> {
        let backend = self.backend(backend)?;
        // Backup servers count when there are no others.
        let (active, _) = backend.balancer.usable();
        let usable = backend
            .servers
            .iter()
            .filter(|server| (active == 0) == server.backup && server.state.health().serves());
        Some(usable.map(each).sum())
    }

    fn frontend(&self, frontend: FrontendRef) -> Option<&crate::live::FrontendState> {
        self.generation.live.frontends.get(frontend.0 as usize).map(|state| &**state)
    }

    fn number(&self, fact: Fact) -> Option<u64> {
        Some(match fact {
            Fact::ProcessConnections => self.process.connections.now().into(),
            Fact::FrontendConnections(frontend) => {
                self.frontend(frontend)?.connections.now().into()
            }
            Fact::FrontendRate(frontend) => {
                self.frontend(frontend)?.counters.rate(self.micros, |c| &c.session_rate).into()
            }
            Fact::FrontendRequestRate(frontend) => {
                self.frontend(frontend)?.counters.rate(self.micros, |c| &c.request_rate).into()
            }
            Fact::BackendConnections(backend) => self.backend(backend)?.state.streams.now().into(),
            Fact::BackendRate(backend) => {
                self.backend(backend)?.state.counters.rate(self.micros, |c| &c.session_rate).into()
            }
            Fact::UsableServers(backend) => self.backend(backend)?.balancer.serving() as u64,
            Fact::BackendQueue(backend) => {
                let backend = self.backend(backend)?;
                let servers = backend.servers.iter().map(|server| server.state.queued.now());
                u64::from(backend.state.queued.now()) + servers.map(u64::from).sum::<u64>()
            }
            Fact::ServerConnections(server) => self.server(server)?.1.state.streams.now().into(),
            Fact::ServerQueue(server) => self.server(server)?.1.state.queued.now().into(),
            Fact::ServerRate(server) => {
                let (_, server) = self.server(server)?;
                server.state.counters.rate(self.micros, |c| &c.session_rate).into()
            }
            Fact::ServerWeight(at) => {
                let (backend, _) = self.server(at)?;
                let weight = backend.balancer.weight(at.server as usize)?;
                weight.get().div_ceil(16).into()
            }
            Fact::ServerUserWeight(server) => self.server(server)?.1.state.weight().into(),
            Fact::ServerInitialWeight(at) => {
                let servers = self.generation.program.backend(at.backend).servers();
                let weight = servers.get(at.server as usize)?.settings.weight;
                weight.map_or(1, |weight| weight.value).into()
            }
            Fact::Thread => self.thread as u64,
            Fact::Uptime => {
                let since = self.micros.saturating_sub(self.process.begun_micros());
                u64::try_from(since / 1_000_000).unwrap_or(0)
            }
            Fact::StreamId => self.stream_id,
            Fact::Pid => self.process.settings().pid.into(),
            Fact::Listener => self.listener.into(),
            Fact::ListenerConnections => self.connections.now().into(),
            Fact::Draw(number) => draw(self.seed, number).into(),
            _ => return None,
        })
    }
}

impl Facts for LiveFacts<'_> {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        let address =
            |address: Option<SocketAddr>| Some(address.map_or(FactValue::Missing, FactValue::Addr));
        match fact {
            Fact::Src => address(self.client),
            Fact::Dst => address(self.local),
            Fact::ServerAddress(server) => {
                let known = self.server(server)?.1.state.address();
                address(known.and_then(|known| known.socket()))
            }
            Fact::ServerSideSrc => address(self.server_side.0),
            Fact::ServerSideDst => address(self.server_side.1),
            Fact::ConnectionSrc => {
                address(self.proxied.map_or(self.client, |proxied| proxied.connection.0))
            }
            Fact::ConnectionDst => {
                address(self.proxied.map_or(self.local, |proxied| proxied.connection.1))
            }
            Fact::Now => Some(FactValue::Int(self.micros)),
            Fact::UtcOffset => Some(FactValue::Int(utc_offset_millis(self.micros))),
            Fact::Hostname => Some(FactValue::Text(self.process.settings().hostname.clone())),
            Fact::ServerUp(server) => {
                let (_, server) = self.server(server)?;
                let up = server.state.health().serves();
                Some(FactValue::Bool(up))
            }
            Fact::Stopping => Some(FactValue::Bool(self.process.is_stopping())),
            Fact::ReceivedProxy => Some(FactValue::Bool(self.proxied.is_some())),
            Fact::ProxyTlv(kind) => {
                let value = self.proxied.and_then(|proxied| proxied.tlv(kind));
                Some(value.map_or(FactValue::Missing, |value| FactValue::Bytes(value.to_vec())))
            }
            Fact::ConnectionError => {
                Some(FactValue::Int(self.refused.map_or(0, |refused| refused as i64)))
            }
            Fact::BackendPublished(backend) => {
                Some(FactValue::Bool(self.backend(backend)?.state.is_published()))
            }
            Fact::TcpInfo { to_server, field } => {
                let client = self.proxied.map_or((self.client, self.local), |it| it.connection);
                let client = client.1.zip(client.0);
                let socket =
                    if to_server { self.server_side.0.zip(self.server_side.1) } else { client };
                let number = socket.and_then(|(ours, theirs)| tcp_info::ask(ours, theirs, field));
                Some(number.map_or(FactValue::Missing, FactValue::Int))
            }
            Fact::SrcIsLocal => Some(is_local(self.client)),
            Fact::DstIsLocal => Some(is_local(self.local)),
            Fact::ServerFree(at) => {
                let (_, server) = self.server(at)?;
                Some(FactValue::Int(free(server).unwrap_or(-1)))
            }
            Fact::BackendFree(backend) => {
                let sum = self.sum_usable(backend, free)?;
                Some(FactValue::Int(sum.unwrap_or(-1)))
            }
            Fact::BackendSlots(backend) => {
                let slots = |server: &Server| Some(free(server)? + free_queue(server)?);
                let sum = self.sum_usable(backend, slots)?;
                Some(FactValue::Int(sum.unwrap_or(-1)))
            }
            other => {
                let number = self.number(other)?;
                Some(FactValue::Int(i64::try_from(number).unwrap_or(i64::MAX)))
            }
        }
    }
}

/// What is known of the process alone, before there is a stream.
pub(crate) struct StartFacts<'a> {
    process: &'a Process,
    micros: i64,
}

impl StartFacts<'_> {
    pub(crate) fn now(process: &Process) -> StartFacts<'_> {
        StartFacts { process, micros: crate::clock::wall_micros() }
    }
}

impl Facts for StartFacts<'_> {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        let settings = self.process.settings();
        Some(match fact {
            Fact::Now => FactValue::Int(self.micros),
            Fact::UtcOffset => FactValue::Int(utc_offset_millis(self.micros)),
            Fact::Hostname => FactValue::Text(settings.hostname.clone()),
            Fact::Pid => FactValue::Int(settings.pid.into()),
            Fact::Draw(number) => FactValue::Int(draw(self.micros as u64, number).into()),
            _ => return None,
        })
    }
}

/// How many more streams a server takes; `None` without a limit.
fn free(server: &Server) -> Option<i64> {
    let left = i64::from(server.maxconn()) - i64::from(server.state.streams.now());
    (server.maxconn() != 0).then_some(left.max(0))
}

/// The same of its queue.
fn free_queue(server: &Server) -> Option<i64> {
    let left = i64::from(server.maxqueue) - i64::from(server.state.queued.now());
    (server.maxqueue != 0).then_some(left.max(0))
}

/// Whether an address is one of this machine: then a socket can be bound to it.
fn is_local(address: Option<SocketAddr>) -> FactValue {
    let Some(address) = address else { return FactValue::Missing };
    let known = address.ip().is_loopback() || UdpSocket::bind((address.ip(), 0)).is_ok();
    FactValue::Bool(known)
}

/// Found once a second: every log line asks for it.
fn utc_offset_millis(micros: i64) -> i64 {
    thread_local! {
        static KNOWN: Cell<(i64, i64)> = const { Cell::new((i64::MIN, 0)) };
    }
    let second = micros.div_euclid(1_000_000);
    let (known, millis) = KNOWN.get();
    if known == second {
        return millis;
    }
    let time = Timestamp::from_second(second).unwrap_or_default();
    let millis = i64::from(TimeZone::system().to_offset(time).seconds()) * 1000;
    KNOWN.set((second, millis));
    millis
}

/// The n-th draw of a stream: SplitMix64, whose every output bit depends on every input bit.
fn draw(seed: u64, number: u32) -> u32 {
    let mut z =
        seed.wrapping_add(u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 32) as u32
}
