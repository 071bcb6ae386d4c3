//! What a backend says about balancing: the algorithm, the hash type, and its servers.

use std::net::SocketAddr;

/// The balancing part of one backend (manual 4.2, `balance`, `hash-type`,
/// `hash-balance-factor`, `option allbackups`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spec {
    /// `balance`; HAProxy 2.6 takes `roundrobin` when the line is absent.
    pub algorithm: Algorithm,
    /// `hash-type`; read only by [`Algorithm::Hash`].
    pub hash_type: HashType,
    /// `hash-balance-factor` in per cent of the mean load, over 100; 0 is off. Read by consistent
    /// hashing and by `random`.
    pub balance_factor: u32,
    /// `hash-preserve-affinity`; read by consistent hashing.
    pub affinity: Affinity,
    /// `option allbackups`: all backup servers share the load, not only the first usable one.
    pub all_backups: bool,
}

/// `hash-preserve-affinity`: how long a hash holds on to a server that has enough to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Affinity {
    /// The stream waits for its server.
    #[default]
    Always,
    /// A server at its `maxconn` is passed over.
    MaxConn,
    /// A server whose queue holds `maxqueue` streams is passed over.
    MaxQueue,
}

/// `balance <algorithm>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// Servers in turn by weight; weights may change while it runs.
    #[default]
    RoundRobin,
    /// Servers in turn by the weight they had at start.
    StaticRr,
    /// The server with the fewest streams, served and queued, for its weight.
    LeastConn,
    /// The lowest `id` that has a free connection slot.
    First,
    /// The least loaded of `draws` servers that are drawn by weight.
    Random {
        /// How many servers are drawn: 1 or more, 2 when the line does not say.
        draws: u32,
    },
    /// One server for all, until it goes: then the one that came next (`mode log`).
    Sticky,
    /// A hash of a key: `source`, `uri`, `url_param`, `hdr`, `rdp-cookie` and `hash` differ only in
    /// where the caller takes the key from.
    Hash,
}

/// `hash-type <method> <function> <modifier>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashType {
    /// How a hash becomes a server.
    pub method: HashMethod,
    /// How a key becomes a hash.
    pub function: HashFunction,
    /// The `avalanche` modifier: mixes the bits of the hash once more.
    pub avalanche: bool,
}

impl HashType {
    /// What `hash-type <method>` means when no function is named: sdbm, and for consistent hashing
    /// also avalanche (manual 4.2, `hash-type`).
    #[must_use]
    pub fn with_default_function(method: HashMethod) -> Self {
        Self { method, function: HashFunction::Sdbm, avalanche: method == HashMethod::Consistent }
    }
}

impl Default for HashType {
    fn default() -> Self {
        Self::with_default_function(HashMethod::MapBased)
    }
}

/// How a hash becomes a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashMethod {
    /// The hash modulo the total weight is an index into an array of servers.
    MapBased,
    /// The nearest of many points that each server has on a ring of 32-bit numbers.
    Consistent,
}

/// How a key becomes 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashFunction {
    /// The hash of the sdbm database library.
    Sdbm,
    /// Dan Bernstein's hash with the multiplier 33.
    Djb2,
    /// HAProxy's hash with rotations that depend on the data.
    Wt6,
    /// The CRC of Ethernet, gzip and PNG.
    Crc32,
    /// The key is a decimal number and is the hash (HAProxy 3.0 and later).
    None,
}

/// What a server's points on the ring are made from (`server ... hash-key`, HAProxy 3.0 and
/// later; 2.6 always uses the id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HashKey {
    /// The server's `id`.
    #[default]
    Id,
    /// The server's address; the `id` while the address is unknown.
    Addr,
    /// The server's address and port; the `id` while the address is unknown.
    AddrPort,
}

/// One `server` line, as far as balancing reads it. Order in the list is order in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSpec {
    /// The name, by which a reload finds the same server again.
    pub name: String,
    /// `id`, or what HAProxy gives when it is absent: the lowest free number from 1 in file order.
    pub id: u32,
    /// `weight`, 0 to 256; larger values count as 256. 1 when absent.
    pub weight: u32,
    /// `backup`.
    pub backup: bool,
    /// The state at start; `disabled` is [`State::Maint`].
    pub state: State,
    /// `hash-key`.
    pub hash_key: HashKey,
    /// The resolved address, for [`HashKey::Addr`] and [`HashKey::AddrPort`].
    pub address: Option<SocketAddr>,
}

impl ServerSpec {
    /// A server that is up, with weight 1.
    #[must_use]
    pub fn new(name: impl Into<String>, id: u32) -> Self {
        Self {
            name: name.into(),
            id,
            weight: 1,
            backup: false,
            state: State::Up,
            hash_key: HashKey::Id,
            address: None,
        }
    }

    /// The same server with another `weight`.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// The same server with `backup`.
    #[must_use]
    pub fn backup(mut self) -> Self {
        self.backup = true;
        self
    }

    /// The same server in another state at start.
    #[must_use]
    pub fn state(mut self, state: State) -> Self {
        self.state = state;
        self
    }
}

/// Whether a server takes new streams by load balancing, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum State {
    /// Takes new streams.
    #[default]
    Up = 0,
    /// Failed its checks.
    Down = 1,
    /// In maintenance: by `disabled`, the runtime socket, or because its address is unknown.
    Maint = 2,
    /// Finishes what it has; only persistence leads there.
    Drain = 3,
}

impl State {
    pub(crate) fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Up,
            1 => Self::Down,
            2 => Self::Maint,
            _ => Self::Drain,
        }
    }
}
