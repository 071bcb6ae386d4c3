//! Where an expression stands: the columns of HAProxy's fetch matrix (`haproxy -dKsmp`).
//!
//! Each fetch has a value only in some places; outside of them it is refused or warned of.

/// The rule set, line or machinery that an expression belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Place {
    /// `tcp-request connection`.
    TcpConnection,
    /// `tcp-request session`.
    TcpSession,
    /// `tcp-request content` of a frontend.
    FrontendTcpContent,
    /// `http-request` of a frontend, before the body.
    FrontendHttpRequest,
    /// The same once the body was waited for.
    FrontendHttpBody,
    /// `use_backend`.
    UseBackend,
    /// `tcp-request content` of a backend.
    BackendTcpContent,
    /// `http-request` of a backend.
    BackendHttpRequest,
    /// The same once the body was waited for.
    BackendHttpBody,
    /// `use-server`, `balance hash`, `stick match`.
    UseServer,
    /// `source ... usesrc`, `sni` and others of a server line.
    ServerSource,
    /// `tcp-response content` of a backend.
    BackendTcpResponse,
    /// `http-response` of a backend.
    BackendHttpResponse,
    /// The same once the body was waited for.
    BackendHttpResponseBody,
    /// `stick store-response`.
    StickStore,
    /// `tcp-response content` as seen by the frontend.
    FrontendTcpResponse,
    /// `http-response` of a frontend.
    FrontendHttpResponse,
    /// The same once the body was waited for.
    FrontendHttpResponseBody,
    /// `log-format` and its relatives.
    Log,
    /// `tcp-check` and `http-check`.
    Check,
    /// While the configuration is read (`set-var` of `global`).
    Configuration,
    /// The runtime socket.
    Cli,
}

impl Place {
    /// The words that HAProxy's messages use for it.
    pub fn describe(self) -> &'static str {
        match self {
            Place::TcpConnection => "frontend tcp-request connection rule",
            Place::TcpSession => "frontend tcp-request session rule",
            Place::FrontendTcpContent => "frontend tcp-request content rule",
            Place::FrontendHttpRequest => "frontend http-request header rule",
            Place::FrontendHttpBody => "frontend http-request body rule",
            Place::UseBackend => "frontend use-backend rule",
            Place::BackendTcpContent => "backend tcp-request content rule",
            Place::BackendHttpRequest => "backend http-request header rule",
            Place::BackendHttpBody => "backend http-request body rule",
            Place::UseServer => "backend use-server, balance or stick-match rule",
            Place::ServerSource => "server source selection",
            Place::BackendTcpResponse => "backend tcp-response content rule",
            Place::BackendHttpResponse => "backend http-response header rule",
            Place::BackendHttpResponseBody => "backend http-response body rule",
            Place::StickStore => "backend stick-store rule",
            Place::FrontendTcpResponse => "frontend tcp-response content rule",
            Place::FrontendHttpResponse => "frontend http-response header rule",
            Place::FrontendHttpResponseBody => "frontend http-response body rule",
            Place::Log => "logs",
            Place::Check => "backend tcp-check rule",
            Place::Configuration => "configuration parser",
            Place::Cli => "CLI parser",
        }
    }

    /// Whether the response is what such a rule looks at; decides what `hdr` alone means.
    pub fn is_response(self) -> bool {
        Places::RESPONSE.has(self)
    }
}

/// A set of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places(u32);

impl Places {
    /// Everywhere.
    pub const ALL: Places = Places(0x3f_ffff);
    /// Constants' sisters: everywhere but while the configuration is read.
    pub const RUNNING: Places = Places::from("YYYYYYYYYYYYYYYYYYYY.Y");
    /// What belongs to the client's connection and is also known to checks.
    pub const CLIENT: Places = Places::from("YYYYYYYYYYYYYYYYYYYY..");
    /// What belongs to the frontend.
    pub const FRONTEND: Places = Places::from("YYYYYYYYYYYYYYYYYYY...");
    /// What belongs to the client's session once it is accepted.
    pub const SESSION: Places = Places::from(".YYYYYYYYYYYYYYYYYY...");
    /// The request's head and body.
    pub const REQUEST: Places = Places::from("..YYYYYYYYY...........");
    /// What is kept of the request until the stream ends.
    pub const TRANSACTION: Places = Places::from("..YYYYYYYYYYYYYYYYY...");
    /// The request's or the response's bytes, whichever is at hand.
    pub const EITHER: Places = Places::from("..YYYYYYYYYYYYYYYY.Y..");
    /// What belongs to the backend.
    pub const BACKEND: Places = Places::from("......YYYYYYYYYYYYYY..");
    /// What belongs to the chosen server.
    pub const SERVER: Places = Places::from("..........YYYYYYYYYY..");
    /// Byte counts and durations of the server's side.
    pub const SERVER_COUNTS: Places = Places::from(".........YYYYYYYYYY...");
    /// What is kept of the response until the stream ends.
    pub const RESPONSE_KEPT: Places = Places::from("...........YYYYYYYYY..");
    /// The response's head and body.
    pub const RESPONSE: Places = Places::from("...........YYYYYYY.Y..");

    /// The set that a row of the matrix shows, one character a place.
    pub(crate) const fn from(row: &str) -> Places {
        let row = row.as_bytes();
        let mut set = 0;
        let mut place = 0;
        while place < row.len() {
            if row[place] == b'Y' {
                set |= 1 << place;
            }
            place += 1;
        }
        Places(set)
    }

    /// The row of the matrix: a `Y` or a dot for each place, in order.
    pub fn row(self) -> String {
        (0..22).map(|place| if self.0 & (1 << place) != 0 { 'Y' } else { '.' }).collect()
    }

    /// Whether the place is in the set.
    pub const fn has(self, place: Place) -> bool {
        self.0 & (1 << place as u8) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_name_the_places_in_order() {
        assert!(Places::REQUEST.has(Place::FrontendTcpContent));
        assert!(Places::REQUEST.has(Place::ServerSource));
        assert!(!Places::REQUEST.has(Place::BackendTcpResponse));
        assert!(Places::RESPONSE.has(Place::Check) && !Places::RESPONSE.has(Place::Log));
        assert!(Places::RUNNING.has(Place::Cli) && !Places::RUNNING.has(Place::Configuration));
        assert!(Places::ALL.has(Place::Cli));
    }
}
