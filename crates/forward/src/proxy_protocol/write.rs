//! Makes the PROXY header that a connection to a server begins with.

use std::net::{IpAddr, SocketAddr};

use config::model::ServerSettings;

use super::{SIGNATURE, crc32c, tlv};

/// What a server line wants of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SendProxy {
    /// 1 or 2.
    version: u8,
    crc32c: bool,
    /// The header tells the stream's unique id.
    pub(crate) unique_id: bool,
    /// It tells of TLS, and that there is none.
    tls: bool,
}

impl SendProxy {
    /// The header of traffic; `None` without `send-proxy`.
    pub(crate) fn of(settings: &ServerSettings) -> Option<SendProxy> {
        let version = settings.send_proxy.as_ref()?.value;
        let options = settings.proxy_v2_options.as_ref().map_or(&[][..], |list| &list.value);
        let has = |names: &[&str]| options.iter().any(|option| names.contains(&option.as_str()));
        let tls = has(&["ssl", "cert-cn", "ssl-cipher", "cert-sig", "cert-key"]);
        Some(SendProxy { version, crc32c: has(&["crc32c"]), unique_id: has(&["unique-id"]), tls })
    }

    /// The header of health checks: that of traffic unless they go elsewhere, or as
    /// `check-send-proxy` says (version 1 where traffic has none).
    pub(crate) fn of_checks(settings: &ServerSettings) -> Option<SendProxy> {
        let elsewhere = settings.check_port.is_some() || settings.check_addr.is_some();
        let asked = settings.check_send_proxy.as_ref().is_some_and(|on| on.value);
        let traffic = SendProxy::of(settings);
        match (traffic, asked) {
            (Some(traffic), true) => Some(traffic),
            (None, true) => Some(SendProxy { version: 1, ..SendProxy::default() }),
            (traffic, false) => traffic.filter(|_| !elsewhere),
        }
    }

    /// The header of text, as `tcp-check connect send-proxy` sends it.
    pub(crate) fn text() -> SendProxy {
        SendProxy { version: 1, ..SendProxy::default() }
    }

    /// Whether it is the binary one, which may carry TLVs.
    pub(crate) fn is_binary(self) -> bool {
        self.version == 2
    }
}

/// A header for this client, who connected to `to`, with these TLVs. A client without an address is
/// not told of.
pub(crate) fn header(
    send: SendProxy,
    addresses: Option<(SocketAddr, SocketAddr)>,
    unique_id: Option<&[u8]>,
    more: &[(u8, Vec<u8>)],
) -> Vec<u8> {
    let addresses = addresses.map(|(from, to)| alike(from, to));
    if !send.is_binary() {
        return line(addresses);
    }
    let mut out = SIGNATURE.to_vec();
    let family = match addresses {
        Some((SocketAddr::V4(_), _)) => [0x21, 0x11],
        Some((SocketAddr::V6(_), _)) => [0x21, 0x21],
        None => [0x20, 0x00],
    };
    out.extend_from_slice(&family);
    // The length is known when the rest is there.
    out.extend_from_slice(&[0, 0]);
    if let Some((from, to)) = addresses {
        [from, to].iter().for_each(|address| push_ip(address.ip(), &mut out));
        out.extend_from_slice(&from.port().to_be_bytes());
        out.extend_from_slice(&to.port().to_be_bytes());
    }
    let sum_at = send.crc32c.then(|| {
        push_tlv(tlv::CRC32C, &[0; 4], &mut out);
        out.len() - 4
    });
    // A check speaks for nobody: it has no id and no TLS of a client.
    if addresses.is_some() {
        if let Some(id) = unique_id.filter(|_| send.unique_id) {
            push_tlv(tlv::UNIQUE_ID, id, &mut out);
        }
        if send.tls {
            push_tlv(tlv::SSL, &[0; 5], &mut out);
        }
        for (kind, value) in more {
            push_tlv(*kind, value, &mut out);
        }
    }
    let length = u16::try_from(out.len() - 16).unwrap_or(u16::MAX).to_be_bytes();
    if let Some(place) = out.get_mut(14..16) {
        place.copy_from_slice(&length);
    }
    if let Some(at) = sum_at {
        let sum = crc32c(&[&out]).to_be_bytes();
        if let Some(place) = out.get_mut(at..at + 4) {
            place.copy_from_slice(&sum);
        }
    }
    out
}

/// Both addresses of one family: where they differ the IPv4 one is mapped.
fn alike(from: SocketAddr, to: SocketAddr) -> (SocketAddr, SocketAddr) {
    let mapped = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(IpAddr::V6(ip.to_ipv6_mapped()), address.port()),
        IpAddr::V6(_) => address,
    };
    if from.is_ipv4() == to.is_ipv4() { (from, to) } else { (mapped(from), mapped(to)) }
}

fn line(addresses: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    let Some((from, to)) = addresses else { return b"PROXY UNKNOWN\r\n".to_vec() };
    let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
    let (ips, ports) = ((from.ip(), to.ip()), (from.port(), to.port()));
    format!("PROXY {family} {} {} {} {}\r\n", ips.0, ips.1, ports.0, ports.1).into_bytes()
}

fn push_ip(ip: IpAddr, out: &mut Vec<u8>) {
    match ip {
        IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
    }
}

fn push_tlv(kind: u8, value: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.push(kind);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value.get(..usize::from(length)).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(version: u8, crc32c: bool, unique_id: bool) -> SendProxy {
        SendProxy { version, crc32c, unique_id, tls: false }
    }

    #[track_caller]
    fn check(send: SendProxy, from: &str, to: &str, expected: &[u8]) {
        let addresses = from.parse().ok().zip(to.parse().ok());
        assert_eq!(header(send, addresses, Some(b"id-/v2c/x"), &[]), expected);
    }

    #[test]
    fn a_header_is_what_haproxy_2_6_sends() {
        let text = |text: &str| text.as_bytes().to_vec();
        let hex = |digits: &str| {
            let digit = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
            (0..digits.len()).step_by(2).map(digit).collect::<Vec<u8>>()
        };
        let v1 = send(1, false, false);
        check(v1, "127.0.0.1:5", "127.0.0.1:80", &text("PROXY TCP4 127.0.0.1 127.0.0.1 5 80\r\n"));
        check(v1, "[::1]:5", "[::2]:80", &text("PROXY TCP6 ::1 ::2 5 80\r\n"));
        check(v1, "[::1]:5", "127.0.0.1:80", &text("PROXY TCP6 ::1 ::ffff:127.0.0.1 5 80\r\n"));
        check(v1, "unix", "unix", &text("PROXY UNKNOWN\r\n"));
        let begin = "0d0a0d0a000d0a515549540a";
        let v2 = send(2, false, false);
        check(v2, "unix", "unix", &hex(&format!("{begin}20000000")));
        let addresses = "7f0000017f000001a89a46a0";
        let at = ("127.0.0.1:43162", "127.0.0.1:18080");
        check(v2, at.0, at.1, &hex(&format!("{begin}2111000c{addresses}")));
        let id = "05000969642d2f7632632f78";
        let with_id = hex(&format!("{begin}21110018{addresses}{id}"));
        check(send(2, false, true), at.0, at.1, &with_id);
        // The sum of a header without a client is HAProxy's own; the other one is checked when it is read.
        check(
            send(2, true, false),
            "unix",
            "unix",
            &hex(&format!("{begin}20000007030004a9b87e8f")),
        );
    }
}
