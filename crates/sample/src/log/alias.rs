//! The `%` aliases of manual 8.2.6.

/// An alias by its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alias {
    AcceptDateUtc,
    AcceptDateLocal,
    AcceptSeconds,
    AcceptDateMillis,
    AcceptMillis,
    RequestDateMillis,
    RequestDateUtc,
    RequestDateLocal,
    Active,
    Connect,
    Data,
    Handshake,
    Idle,
    UntilRequest,
    Request,
    Response,
    Total,
    User,
    Queue,
    BytesRead,
    RequestCookie,
    ResponseCookie,
    Hostname,
    Method,
    UriWithoutQuery,
    PathOnly,
    Query,
    Uri,
    Version,
    UniqueId,
    Status,
    BytesUploaded,
    ProcessConnections,
    Backend,
    BackendConnections,
    SourceIp,
    SourcePort,
    BackendQueue,
    ClientIp,
    ClientPort,
    Frontend,
    FrontendConnections,
    FrontendIp,
    FrontendPort,
    FrontendTransport,
    LogCounter,
    RequestHeaders,
    RequestHeadersList,
    ResponseHeaders,
    ResponseHeadersList,
    Origin,
    Pid,
    RequestLine,
    Retries,
    RequestCounter,
    Server,
    ServerConnections,
    ServerIp,
    ServerPort,
    ServerQueue,
    Cipher,
    Protocol,
    Termination,
    TerminationWithCookie,
}

/// Every alias by its name, `%o` aside: it is no item but sets the flags of those behind it.
pub(crate) const ALIASES: &[(&str, Alias)] = &[
    ("B", Alias::BytesRead),
    ("CC", Alias::RequestCookie),
    ("CS", Alias::ResponseCookie),
    ("H", Alias::Hostname),
    ("HM", Alias::Method),
    ("HP", Alias::UriWithoutQuery),
    ("HPO", Alias::PathOnly),
    ("HQ", Alias::Query),
    ("HU", Alias::Uri),
    ("HV", Alias::Version),
    ("ID", Alias::UniqueId),
    ("OG", Alias::Origin),
    ("ST", Alias::Status),
    ("T", Alias::AcceptDateUtc),
    ("Ta", Alias::Active),
    ("Tc", Alias::Connect),
    ("Td", Alias::Data),
    ("Th", Alias::Handshake),
    ("Ti", Alias::Idle),
    ("Tl", Alias::AcceptDateLocal),
    ("Tq", Alias::UntilRequest),
    ("TR", Alias::Request),
    ("Tr", Alias::Response),
    ("Ts", Alias::AcceptSeconds),
    ("Tt", Alias::Total),
    ("Tu", Alias::User),
    ("Tw", Alias::Queue),
    ("U", Alias::BytesUploaded),
    ("ac", Alias::ProcessConnections),
    ("b", Alias::Backend),
    ("bc", Alias::BackendConnections),
    ("bi", Alias::SourceIp),
    ("bp", Alias::SourcePort),
    ("bq", Alias::BackendQueue),
    ("ci", Alias::ClientIp),
    ("cp", Alias::ClientPort),
    ("f", Alias::Frontend),
    ("fc", Alias::FrontendConnections),
    ("fi", Alias::FrontendIp),
    ("fp", Alias::FrontendPort),
    ("ft", Alias::FrontendTransport),
    ("hr", Alias::RequestHeaders),
    ("hrl", Alias::RequestHeadersList),
    ("hs", Alias::ResponseHeaders),
    ("hsl", Alias::ResponseHeadersList),
    ("lc", Alias::LogCounter),
    ("ms", Alias::AcceptMillis),
    ("pid", Alias::Pid),
    ("r", Alias::RequestLine),
    ("rc", Alias::Retries),
    ("rt", Alias::RequestCounter),
    ("s", Alias::Server),
    ("sc", Alias::ServerConnections),
    ("si", Alias::ServerIp),
    ("sp", Alias::ServerPort),
    ("sq", Alias::ServerQueue),
    ("sslc", Alias::Cipher),
    ("sslv", Alias::Protocol),
    ("t", Alias::AcceptDateMillis),
    ("tr", Alias::RequestDateMillis),
    ("trg", Alias::RequestDateUtc),
    ("trl", Alias::RequestDateLocal),
    ("ts", Alias::Termination),
    ("tsc", Alias::TerminationWithCookie),
];

impl Alias {
    /// Whether its value is a number in an encoding.
    pub(crate) fn is_number(self) -> bool {
        matches!(
            self,
            Alias::AcceptSeconds
                | Alias::AcceptMillis
                | Alias::Active
                | Alias::Connect
                | Alias::Data
                | Alias::Handshake
                | Alias::Idle
                | Alias::UntilRequest
                | Alias::Request
                | Alias::Response
                | Alias::Total
                | Alias::User
                | Alias::Queue
                | Alias::BytesRead
                | Alias::BytesUploaded
                | Alias::Status
                | Alias::ProcessConnections
                | Alias::BackendConnections
                | Alias::SourcePort
                | Alias::BackendQueue
                | Alias::ClientPort
                | Alias::FrontendConnections
                | Alias::FrontendPort
                | Alias::LogCounter
                | Alias::Pid
                | Alias::Retries
                | Alias::RequestCounter
                | Alias::ServerConnections
                | Alias::ServerPort
                | Alias::ServerQueue
        )
    }

    pub(crate) fn of(name: &str) -> Option<Alias> {
        ALIASES.iter().find(|(known, _)| *known == name).map(|(_, alias)| *alias)
    }
}
