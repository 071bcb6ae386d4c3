//! Facts: everything a decision reads from outside the stream's own bytes.
//!
//! One method and one key type, so that a recorder can stand in between and a recording can replay a verdict.
//! The daemon answers every key; `lbctl` answers what it was told and `None` for the rest.

use std::net::SocketAddr;

/// A frontend by its index in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrontendRef(pub u32);

/// A backend by its index in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendRef(pub u32);

/// A server by its backend and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerRef {
    /// The backend.
    pub backend: BackendRef,
    /// The server's index in its backend, from 0.
    pub server: u32,
}

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// A value that this program does not know how to make.
    NotBuilt,
    /// The client's address ([`FactValue::Addr`]; missing for a unix socket).
    Src,
    /// The address that the client connected to.
    Dst,
    /// The client's address as the connection has it: neither a PROXY header nor rules of streams
    /// change it (`fc_src`).
    ConnectionSrc,
    /// The same of the address that the client connected to (`fc_dst`).
    ConnectionDst,
    /// Our address of the connection to the server (`bc_src`); missing before there is one.
    ServerSideSrc,
    /// The server's address of it (`bc_dst`).
    ServerSideDst,
    /// The listener's id (`so_id`) and name come from the program; this is its index there.
    Listener,
    /// Microseconds since the Unix epoch, when this step began.
    Now,
    /// Milliseconds of the machine's offset from UTC.
    UtcOffset,
    /// The n-th random draw of this stream: 32 uniform bits.
    Draw(u32),
    /// The stream's number in the process (`%rt`).
    StreamId,
    /// The process id.
    Pid,
    /// The machine's host name.
    Hostname,
    /// Connections of the process now.
    ProcessConnections,
    /// Connections a frontend has now (`fe_conn`).
    FrontendConnections(FrontendRef),
    /// Sessions a second of a frontend (`fe_sess_rate`).
    FrontendRate(FrontendRef),
    /// Requests a second of a frontend (`fe_req_rate`).
    FrontendRequestRate(FrontendRef),
    /// Streams a backend has now (`be_conn`).
    BackendConnections(BackendRef),
    /// Sessions a second of a backend (`be_sess_rate`).
    BackendRate(BackendRef),
    /// Servers of a backend that take new streams (`nbsrv`).
    UsableServers(BackendRef),
    /// Whether rules may switch to a backend (`publish backend`): [`FactValue::Bool`].
    BackendPublished(BackendRef),
    /// Streams waiting in a backend's queue, its servers' queues included (`queue`).
    BackendQueue(BackendRef),
    /// Whether a server is up and takes traffic (`srv_is_up`): [`FactValue::Bool`].
    ServerUp(ServerRef),
    /// Streams a server has now (`srv_conn`).
    ServerConnections(ServerRef),
    /// Streams waiting for one server (`srv_queue`).
    ServerQueue(ServerRef),
    /// Sessions a second of a server (`srv_sess_rate`).
    ServerRate(ServerRef),
    /// A server's effective weight (`srv_weight`).
    ServerWeight(ServerRef),
    /// A server's weight as set now, before slow start and the like (`srv_uweight`).
    ServerUserWeight(ServerRef),
    /// Where a server is.
    ServerAddress(ServerRef),
    /// A server's weight in the file (`srv_iweight`).
    ServerInitialWeight(ServerRef),
    /// How many more streams a server takes (`srv_conn_free`); -1 without a limit.
    ServerFree(ServerRef),
    /// How many more streams the servers of a backend take (`be_conn_free`); -1 without a limit.
    BackendFree(BackendRef),
    /// The same with the room in their queues (`connslots`); -1 without a limit.
    BackendSlots(BackendRef),
    /// The name of the stream's frontend: [`FactValue::Text`].
    FrontendName,
    /// Its id.
    FrontendId,
    /// The name of the frontend's default backend.
    FrontendDefault,
    /// The name of the stream's backend.
    BackendName,
    /// Its id.
    BackendId,
    /// The name of the chosen server.
    ServerName,
    /// Its id.
    ServerId,
    /// The name of the listener (`so_name`).
    ListenerName,
    /// Its id (`so_id`).
    ListenerId,
    /// Whether the client's address is one of this machine (`src_is_local`): [`FactValue::Bool`].
    SrcIsLocal,
    /// Whether the address it connected to is one of this machine: [`FactValue::Bool`].
    DstIsLocal,
    /// Whether this is the first request of its connection: [`FactValue::Bool`].
    FirstRequest,
    /// Whether the process is stopping: [`FactValue::Bool`].
    Stopping,
    /// The number of the thread, from 0.
    Thread,
    /// Seconds since the process began.
    Uptime,
    /// The stream's unique id: [`FactValue::Text`].
    UniqueId,
    /// Whether the connection began with a PROXY header (`fc_rcvd_proxy`): [`FactValue::Bool`].
    ReceivedProxy,
    /// The first TLV of this type in the PROXY header: [`FactValue::Bytes`].
    ProxyTlv(u8),
    /// What went wrong with the client's connection (`fc_err`): HAProxy's number, 0 for nothing.
    ConnectionError,
    /// A timeout of the frontend's lines in milliseconds, 0 for none (`fe_client_timeout`).
    FrontendTimeout(Bound),
    /// The same of the backend, or of the frontend before one was chosen (`be_server_timeout`).
    BackendTimeout(Bound),
    /// The timeout in force now, with what rules made of it (`cur_server_timeout`).
    CurrentTimeout(Bound),
    /// `retries` of the backend (`be_max_retries`).
    BackendRetries,
    /// The retries in force now (`cur_max_retries`).
    CurrentRetries,
    /// The file of the last rule that ended its list (`last_rule_file`): [`FactValue::Text`].
    LastRuleFile,
    /// Its line.
    LastRuleLine,
    /// Connections that the listener has now (`dst_conn`).
    ListenerConnections,
    /// The class in the queue that rules set (`prio_class`).
    PriorityClass,
    /// The offset in the queue that rules set (`prio_offset`).
    PriorityOffset,
    /// What the kernel measured of a TCP connection, that to the server or that of the client (`fc_rtt`, `bc_rtt`):
    /// [`FactValue::Missing`] where there is none.
    TcpInfo {
        /// The server's side.
        to_server: bool,
        /// What.
        field: TcpField,
    },
    /// The name of the zone that [`Fact::UtcOffset`] belongs to (`CET`): [`FactValue::Text`].
    ZoneName,
}

/// What the kernel knows of a TCP connection (`TCP_INFO`, tcp(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TcpField {
    /// The round trip in microseconds.
    Rtt,
    /// Its variance.
    RttVar,
    /// Segments that were not acknowledged.
    Unacked,
    /// Segments that were acknowledged out of order.
    Sacked,
    /// Segments that are taken for lost.
    Lost,
    /// Timeouts that were not made up for.
    Retransmits,
    /// Segments up to the last one that was acknowledged out of order.
    Fackets,
    /// How far segments come out of order.
    Reordering,
}

/// A timeout that rules may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum Bound {
    Client,
    Connect,
    Queue,
    Server,
    Tarpit,
    Tunnel,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Int(i64),
    /// An address.
    Addr(SocketAddr),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// It is known that there is none.
    Missing,
}

/// Answers questions about the world.
pub trait Facts {
    /// The answer, or `None` when it is not known here.
    fn read(&self, fact: Fact) -> Option<FactValue>;
}

/// Knows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn read(&self, _fact: Fact) -> Option<FactValue> {
        None
    }
}
