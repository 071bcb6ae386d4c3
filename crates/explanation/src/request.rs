//! The request that is asked about: where it comes in, and what a client would send.

use std::net::{IpAddr, SocketAddr};

use http1::Version;
use rules::Program;
use sample::FrontendRef;
use serde::Deserialize;

/// A request and where it comes in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The listener: an index of [`Program::listeners`].
    pub listener: usize,
    /// Its frontend.
    pub frontend: FrontendRef,
    /// The head as a client would send it.
    pub head: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
    /// The ClientHello that a TLS client would send first (`--sni`), for `mode tcp`.
    pub hello: Option<Vec<u8>>,
    /// The client.
    pub src: SocketAddr,
    /// The address that the client connects to.
    pub dst: Option<SocketAddr>,
    /// It follows another one on the same connection.
    pub same_connection: bool,
    /// What the server is assumed to answer: the response rules work on it.
    pub answer: Answer,
}

/// A server's answer, as far as response rules look at it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// 0: what such a request usually gets, 101 for an upgrade and 200 for others.
    #[serde(default)]
    pub status: u16,
    /// Fields.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// The same with a status, whatever the request was.
    #[must_use]
    pub fn to(mut self, headers: &[(String, String)]) -> Answer {
        if self.status == 0 {
            self.status = if has(headers, "upgrade") { 101 } else { 200 };
        }
        self
    }
}

/// A request that was made up, on a listener by its index.
pub fn made_up(
    program: &Program,
    listener: usize,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    src: SocketAddr,
) -> Option<Asked> {
    let own = program.listeners().get(listener)?;
    Some(Asked {
        listener,
        frontend: own.frontend,
        head: head(method, target, Version::Http11, headers),
        body: Vec::new(),
        hello: None,
        src,
        dst: address(own),
        same_connection: false,
        answer: Answer::default().to(headers),
    })
}

/// The port of a listener, when it has one.
pub fn port(program: &Program, listener: usize) -> Option<u16> {
    program.listeners().get(listener).and_then(address).map(|address| address.port())
}

/// `http://host/path?q` as `/path?q` with a `Host` header; other forms stay as they are.
pub fn origin_form(url: &str, headers: &mut Vec<(String, String)>) -> String {
    let rest = ["http://", "https://", "ws://", "wss://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = rest else {
        return url.to_owned();
    };
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    if !has(headers, "host") {
        headers.insert(0, ("Host".into(), host.to_owned()));
    }
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// Adds the fields of a WebSocket handshake that are not there.
pub fn add_handshake(headers: &mut Vec<(String, String)>) {
    let handshake = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for (name, value) in handshake {
        if !has(headers, name) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// Whether there is a field of this name.
pub fn has(headers: &[(String, String)], name: &str) -> bool {
    headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// A head as a client sends it.
pub fn head(method: &str, target: &str, version: Version, headers: &[(String, String)]) -> Vec<u8> {
    let mut out = format!("{method} {target} ").into_bytes();
    out.extend_from_slice(version.as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// The first record of a TLS client that asks for a name (RFC 8446, 4.1.2; RFC 6066, 3).
pub fn client_hello(name: &str) -> Vec<u8> {
    let sized = |width: usize, bytes: &[u8]| -> Vec<u8> {
        let length = bytes.len().to_be_bytes();
        [length.get(length.len() - width..).unwrap_or_default(), bytes].concat()
    };
    let host = [&[0][..], &sized(2, name.as_bytes())].concat();
    let server_name = [&[0, 0][..], &sized(2, &sized(2, &host))].concat();
    let versions = [0, 43, 0, 3, 2, 3, 4];
    let extensions = sized(2, &[&server_name[..], &versions].concat());
    let body =
        [&[3, 3][..], &[7; 32], &[0], &sized(2, &[0x13, 0x01, 0xc0, 0x2f]), &[1, 0], &extensions]
            .concat();
    let message = [&[1][..], &sized(3, &body)].concat();
    [&[22, 3, 1][..], &sized(2, &message)].concat()
}

/// A client address; without a port it is 40000.
///
/// # Errors
/// The word is neither.
pub fn source(word: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, 40000));
    }
    word.parse().map_err(|_| format!("`{word}` is no source: IP or IP:PORT"))
}

/// The listener of a name or of a destination; else the first one.
///
/// # Errors
/// There is none, or none of this name or address.
pub fn find_listener(
    program: &Program,
    name: Option<&str>,
    dst: Option<&str>,
) -> Result<(usize, Option<SocketAddr>), String> {
    let listeners = program.listeners();
    if listeners.is_empty() {
        return Err("the configuration has no `bind` line, so nothing can be asked of it".into());
    }
    if let Some(name) = name {
        let named = |listener: &rules::Listener| {
            listener.name.as_deref() == Some(name)
                || program.frontend(listener.frontend).name() == name
        };
        let at = listeners.iter().position(named);
        return at.map(|at| (at, address(&listeners[at]))).ok_or_else(|| {
            let known: Vec<_> =
                program.frontends().map(|frontend| frontend.name().to_owned()).collect();
            format!("no listener is named `{name}`: there are {}", known.join(", "))
        });
    }
    if let Some(dst) = dst {
        let wanted: SocketAddr =
            dst.parse().map_err(|_| format!("`{dst}` is no destination: IP:PORT"))?;
        let fits = |listener: &rules::Listener| {
            address(listener).is_some_and(|own| {
                own.port() == wanted.port()
                    && (own.ip() == wanted.ip() || own.ip().is_unspecified())
            })
        };
        let at =
            listeners.iter().position(fits).ok_or_else(|| format!("nothing listens on `{dst}`"))?;
        return Ok((at, Some(wanted)));
    }
    Ok((0, address(&listeners[0])))
}

/// The address of a listener, when it is a literal one.
fn address(listener: &rules::Listener) -> Option<SocketAddr> {
    use config_parse::address::{AddressKind, Family, Host, Ports};
    let AddressKind::Inet { family, host, ports: Ports::One(port), .. } = &listener.address.kind
    else {
        return None;
    };
    let ip = match host {
        Host::Ip(ip) => *ip,
        Host::Any if *family == Family::V6 => IpAddr::from([0u16; 8]),
        Host::Any => IpAddr::from([0, 0, 0, 0]),
        Host::Name(_) => return None,
    };
    Some(SocketAddr::new(ip, *port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, target: &str, host: Option<&str>) {
        let mut headers = Vec::new();
        assert_eq!(origin_form(url, &mut headers), target);
        assert_eq!(headers.first().map(|(_, value)| value.as_str()), host);
    }

    #[test]
    fn an_absolute_url_gives_the_host() {
        check("http://a.example/x?y", "/x?y", Some("a.example"));
        check("wss://a.example:8443", "/", Some("a.example:8443"));
        check("https://a.example?q", "/?q", Some("a.example"));
        check("/x", "/x", None);
        check("*", "*", None);
    }
}
