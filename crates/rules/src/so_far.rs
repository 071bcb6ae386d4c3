//! What the aliases of a format (`%ci`, `%HM`, `%b`) say while a stream is still under way.
//!
//! A log line is written from a record that whoever ran the stream has filled. Rules have none: theirs is made here,
//! from the facts and from the heads, and only for formats that hold an alias.

use std::net::SocketAddr;
use std::time::Duration;

use sample::{Fact, FactValue, Facts, LogRecord};

use crate::moment::Moment;

/// The stream as it is now; times that are not over and bytes that were not counted are not known.
pub(crate) fn record(m: &Moment<'_>) -> LogRecord {
    let world = m.world;
    let now = int(world, Fact::Now).unwrap_or(0);
    let count = |fact| int(world, fact).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let backend = m.stream.backend;
    let server =
        backend.zip(m.stream.server).map(|(backend, server)| sample::ServerRef { backend, server });
    LogRecord {
        client: address(world, Fact::Src),
        frontend_addr: address(world, Fact::Dst),
        accept_micros: now,
        request_micros: now,
        frontend: text(world, Fact::FrontendName).unwrap_or_default(),
        backend: text(world, Fact::BackendName).unwrap_or_default(),
        server: text(world, Fact::ServerName).unwrap_or_else(|| String::from("<NOSRV>")),
        handshake: Some(Duration::ZERO),
        idle: Some(Duration::ZERO),
        status: m.response.as_deref().map(|response| response.status),
        actconn: count(Fact::ProcessConnections),
        feconn: count(Fact::FrontendConnections(m.stream.frontend)),
        beconn: backend.map_or(0, |backend| count(Fact::BackendConnections(backend))),
        srv_conn: server.map_or(0, |server| count(Fact::ServerConnections(server))),
        request_line: m.head().map(|head| {
            let version = match head.version {
                http1::Version::Http10 => "HTTP/1.0",
                http1::Version::Http11 => "HTTP/1.1",
            };
            (head.received_method().to_vec(), head.received_target().to_vec(), version)
        }),
        request_counter: int(world, Fact::StreamId)
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or(0),
        unique_id: m.stream.unique_id.clone(),
        ..LogRecord::default()
    }
}

fn int(facts: &dyn Facts, fact: Fact) -> Option<i64> {
    match facts.read(fact) {
        Some(FactValue::Int(number)) => Some(number),
        _ => None,
    }
}

fn text(facts: &dyn Facts, fact: Fact) -> Option<String> {
    match facts.read(fact) {
        Some(FactValue::Text(text)) => Some(text),
        _ => None,
    }
}

fn address(facts: &dyn Facts, fact: Fact) -> Option<SocketAddr> {
    match facts.read(fact) {
        Some(FactValue::Addr(address)) => Some(address),
        _ => None,
    }
}
