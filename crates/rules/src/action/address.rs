//! `set-src`, `set-src-port`, `set-dst`, `set-dst-port`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sample::{Compiled, Fact, FactValue, Facts, Sample, Type, Value, cast};

use crate::Change;
use crate::moment::{Moment, change};

/// Which half of which address is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressPart {
    Src,
    SrcPort,
    Dst,
    DstPort,
}

impl AddressPart {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "set-src" => AddressPart::Src,
            "set-src-port" => AddressPart::SrcPort,
            "set-dst" => AddressPart::Dst,
            "set-dst-port" => AddressPart::DstPort,
            _ => return None,
        })
    }

    fn is_source(self) -> bool {
        matches!(self, AddressPart::Src | AddressPart::SrcPort)
    }
}

/// Sets a half of an address, of the `connection` itself or of the stream; a value that is none changes nothing.
///
/// # Errors
/// The fact that the value depends on, when it is not known.
pub(crate) fn set(
    part: AddressPart,
    value: &Compiled,
    connection: bool,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Fact> {
    let value = match value.eval_now(&m.context()) {
        Sample::Known(value) => read(part, value),
        Sample::Missing | Sample::Wait => None,
        Sample::Unknown(fact) => return Err(fact),
    };
    m.settle();
    let Some(half) = value else { return Ok(()) };
    let source = part.is_source();
    let old = current(m.world, source);
    let base = old.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0));
    let new = match half {
        Half::Ip(ip) => SocketAddr::new(ip, base.port()),
        Half::Port(port) => SocketAddr::new(base.ip(), port),
    };
    let overrides = &mut m.stream.overrides;
    let (what, slot) = match (source, connection) {
        (true, true) => ("src", &mut overrides.connection_src),
        (true, false) => ("src", &mut overrides.src),
        (false, true) => ("dst", &mut overrides.connection_dst),
        (false, false) => ("dst", &mut overrides.dst),
    };
    *slot = Some(new);
    m.world.take_over(&m.stream.overrides);
    if on {
        let before = old.map(|old| old.to_string());
        let before = before.as_deref().map(str::as_bytes);
        changes.push(change(what, before, Some(new.to_string().as_bytes())));
    }
    Ok(())
}

/// The client's address, or the one it connected to, as rules and the world have it.
pub(crate) fn current(facts: &dyn Facts, source: bool) -> Option<SocketAddr> {
    match facts.read(if source { Fact::Src } else { Fact::Dst }) {
        Some(FactValue::Addr(address)) => Some(address),
        _ => None,
    }
}

enum Half {
    Ip(IpAddr),
    Port(u16),
}

fn read(part: AddressPart, value: Value<'_>) -> Option<Half> {
    match part {
        AddressPart::Src | AddressPart::Dst => match cast(value, Type::Addr)? {
            Value::Ip(ip) => Some(Half::Ip(ip)),
            _ => None,
        },
        AddressPart::SrcPort | AddressPart::DstPort => match cast(value, Type::Int)? {
            Value::Int(port) => u16::try_from(port).ok().map(Half::Port),
            _ => None,
        },
    }
}
