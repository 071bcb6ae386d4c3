//! `persist rdp-cookie`: the server that the cookie of an RDP client names by its address (manual 4.2).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use balance::{Balancer, key};
use config_parse::address::{AddressKind, Host, Ports};
use sample::{Fact, FactValue, Facts, ServerRef};

use crate::moment::Moment;
use crate::persistence;
use crate::program::Backend;

/// The server that the cookie names: one that takes traffic, or any where dead ones are taken too.
pub(crate) fn server(
    backend: Backend<'_>,
    balancer: &Balancer,
    even_down: bool,
    m: &mut Moment<'_>,
) -> Option<u32> {
    let name = backend.proxy().persist_rdp_cookie.as_ref()?;
    // Quirk: it is looked for in `mode tcp` only.
    if m.head().is_some() {
        return None;
    }
    let value = key::rdp_cookie(m.request_body.bytes, name.value.as_bytes())?;
    let wanted = address(value)?;
    let named = |at: &u32| {
        let usable = even_down || persistence::is_up(balancer, *at);
        usable && address_of(backend, *at, m) == Some(wanted)
    };
    (0..backend.servers().len() as u32).find(named)
}

/// Reads `ADDRESS.PORT.ANYTHING`, where both numbers have their bytes the other way round.
///
/// Quirk: of an address that is too large only the low half counts.
fn address(value: &[u8]) -> Option<SocketAddr> {
    let mut parts = value.splitn(3, |byte| *byte == b'.');
    let (ip, port) = (decimal(parts.next()?)?, decimal(parts.next()?)?);
    parts.next()?;
    let ip = Ipv4Addr::from((ip as u32).to_le_bytes());
    Some(SocketAddr::new(IpAddr::V4(ip), (port as u16).swap_bytes()))
}

fn decimal(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?;
    text.parse().ok()
}

/// Where a server is now; where nobody knows, what its line says.
fn address_of(backend: Backend<'_>, at: u32, m: &Moment<'_>) -> Option<SocketAddr> {
    let server = ServerRef { backend: backend.reference(), server: at };
    match m.world.read(Fact::ServerAddress(server)) {
        Some(FactValue::Addr(address)) => return Some(address),
        Some(_) => return None,
        None => {}
    }
    match &backend.servers().get(at as usize)?.address.kind {
        AddressKind::Inet { host: Host::Ip(ip), ports: Ports::One(port), .. } => {
            Some(SocketAddr::new(*ip, *port))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_cookie_is_read_as_haproxy_reads_it() {
        let cases: [(&[u8], Option<&str>); 9] = [
            (b"16777343.10787.0000", Some("127.0.0.1:9002")),
            (b"3640205228.15629.0000", Some("172.31.249.216:3389")),
            (b"16777343.10787.0", Some("127.0.0.1:9002")),
            (b"16777343.10787.0000x", Some("127.0.0.1:9002")),
            (b"4311744639.10787.0000", Some("127.0.0.1:9002")),
            (b"16777343.10787", None),
            (b"16777343.10787x.0000", None),
            (b"x.10787.0000", None),
            (b"", None),
        ];
        for (value, expected) in cases {
            let found = address(value).map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{}", String::from_utf8_lossy(value));
        }
    }
}
