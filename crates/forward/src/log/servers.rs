//! `log backend@NAME`: lines are spread over the servers of a backend in `mode log` (manual 4.2, `mode`).

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use arc_swap::ArcSwapOption;
use balance::{Key, NoTrace, PickInput};
use config_parse::address::AddressKind;
use rules::Program;
use sample::NoFacts;

use crate::io::ServerAddress;
use crate::live::Backend;

use super::batch::is_sent;
use super::feed::Feed;
use super::sender::{At, Sender};

/// The servers of a backend, whichever generation has it.
#[derive(Debug, Default)]
pub(crate) struct LogServers {
    now: ArcSwapOption<Servers>,
}

/// The backend of one generation.
#[derive(Debug)]
struct Servers {
    program: Arc<Program>,
    backend: Arc<Backend>,
    ways: Vec<Way>,
    draws: AtomicU32,
}

/// How a server is reached.
#[derive(Debug)]
enum Way {
    Datagrams(UdpSocket),
    Stream(Arc<Feed>),
    /// No socket could be had.
    None,
}

impl LogServers {
    /// Sends to the servers of this backend from now on. What streams need is in the senders that are returned.
    pub(crate) fn lead_to(&self, program: &Arc<Program>, backend: &Arc<Backend>) -> Vec<Sender> {
        let earlier = self.now.load();
        let mut senders = Vec::new();
        let named = program.backend(backend.reference);
        let ways = named.servers().iter().zip(&backend.servers).map(|(line, server)| {
            if is_datagram(&line.address.kind) {
                return open().map_or(Way::None, Way::Datagrams);
            }
            let name = server.state.name();
            let feed = earlier.as_ref().and_then(|earlier| earlier.feed(name)).unwrap_or_default();
            feed.limit(None, None);
            feed.keep_readers(&[name.to_owned()]);
            let limit = |setting| crate::connection::limit(setting);
            senders.push(Sender {
                name: name.to_owned(),
                feed: Arc::clone(&feed),
                to: At::Server(Arc::clone(&server.state)),
                octets: line.settings.log_octets.as_ref().is_some_and(|on| on.value),
                connect: limit(named.proxy().timeouts.connect),
                write: limit(named.proxy().timeouts.server),
            });
            Way::Stream(feed)
        });
        let ways = ways.collect();
        let (program, backend) = (Arc::clone(program), Arc::clone(backend));
        self.now.store(Some(Arc::new(Servers {
            program,
            backend,
            ways,
            draws: AtomicU32::new(0),
        })));
        senders
    }

    /// Sends a line, whose text begins at `text`, to the server whose turn it is; `false`: it is lost.
    pub(crate) fn send(&self, line: &[u8], text: usize) -> bool {
        self.now.load().as_ref().is_some_and(|servers| servers.send(line, text))
    }
}

impl Servers {
    fn feed(&self, server: &str) -> Option<Arc<Feed>> {
        let at = self.backend.servers.iter().position(|known| known.state.name() == server)?;
        match self.ways.get(at)? {
            Way::Stream(feed) => Some(Arc::clone(feed)),
            Way::Datagrams(_) | Way::None => None,
        }
    }

    fn send(&self, line: &[u8], text: usize) -> bool {
        let message = line.get(text..).unwrap_or_default();
        let message = message.strip_suffix(b"\n").unwrap_or(message);
        let key = rules::log_key(&self.program, self.backend.reference, message, &NoFacts);
        let draws = self.draws();
        let input = PickInput { key: key.as_deref().map(Key::Bytes), draws: &draws, exclude: None };
        let Ok(pick) = self.backend.balancer.pick(&input, &mut NoTrace) else { return false };
        let Some(server) = self.backend.servers.get(pick.server) else { return false };
        match self.ways.get(pick.server) {
            Some(Way::Stream(feed)) => feed.push(line),
            Some(Way::Datagrams(socket)) => match server.state.address().as_deref() {
                Some(ServerAddress::Tcp(to)) => is_sent(socket.send_to(line, to), line),
                Some(ServerAddress::Unix(_)) | None => false,
            },
            Some(Way::None) | None => false,
        }
    }

    /// Draws for `balance random`: a count with its bits mixed.
    fn draws(&self) -> Vec<u32> {
        let draw = |_| {
            let count = self.draws.fetch_add(1, Relaxed).wrapping_add(1);
            let mixed = (count ^ count >> 16).wrapping_mul(0x7feb_352d);
            (mixed ^ mixed >> 15).wrapping_mul(0x846c_a68b)
        };
        (0..self.backend.balancer.draws()).map(draw).collect()
    }
}

/// A server line without a prefix is a stream (manual 4.2, `server`).
fn is_datagram(address: &AddressKind) -> bool {
    matches!(address, AddressKind::Inet { datagram: true, .. })
}

fn open() -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
