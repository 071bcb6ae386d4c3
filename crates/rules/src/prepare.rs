//! What a request is given before it goes to its server, besides what rules did.

use std::net::IpAddr;

use config::model::{Cookie, CookieMode, ForwardFor};
use diag::{Span, Spanned};
use http1::RequestHead;
use sample::Facts;

use crate::action::address;
use crate::forwarded::ForwardedField;
use crate::moment::{Moment, Request, World, change, edited};
use crate::{Program, Stream, Trace, cookie, unique_id};

/// A compiled `option forwardfor` or `originalto`.
#[derive(Debug, Default)]
pub(crate) struct Forwarded {
    /// `except`: networks of clients that are not named.
    pub(crate) except: Option<Net>,
}

/// An address with a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Net {
    address: IpAddr,
    bits: u8,
}

impl Net {
    /// Reads `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.1.2.3`, `2001:db8::/32`.
    pub(crate) fn read(text: &str) -> Option<Net> {
        let (address, mask) = text.split_once('/').map_or((text, None), |(a, m)| (a, Some(m)));
        let address: IpAddr = address.parse().ok()?;
        let full = if address.is_ipv4() { 32 } else { 128 };
        let bits = match mask {
            None => full,
            Some(mask) => match mask.parse::<u8>() {
                Ok(bits) => bits,
                Err(_) => dotted(mask)?,
            },
        };
        (bits <= full).then_some(Net { address, bits })
    }

    pub(crate) fn holds(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                (net.to_bits() ^ ip.to_bits()) & mask == 0
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                (net.to_bits() ^ ip.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

fn dotted(mask: &str) -> Option<u8> {
    let bits = mask.parse::<std::net::Ipv4Addr>().ok()?.to_bits();
    (bits.leading_ones() == bits.count_ones()).then(|| bits.count_ones() as u8)
}

/// Makes the request ready for a server: `unique-id-header`, `option forwardfor` and `originalto`,
/// the persistence cookie taken out (`indirect`) or its prefix cut off (`prefix`),
/// `http-send-name-header`. Without a server it goes to the address of `dispatch`. `Connection` and framing
/// fields are the caller's. A redispatch begins again with the head as it was before: call it on a copy when
/// there may be one.
pub fn prepare<T: Trace>(
    program: &Program,
    stream: &mut Stream,
    server: Option<u32>,
    head: &mut RequestHead,
    facts: &dyn Facts,
    trace: &mut T,
) {
    stream.server = server;
    let Some(backend) = stream.backend else { return };
    let world = World::new(program, facts, stream, trace);
    let mut m = Moment::new(program, stream, &world);
    m.request = Request::Open(head);
    name_stream(&mut m, trace);
    let (front, back) = (program.frontend(m.stream.frontend), program.backend(backend));
    let lines = [front.proxy().forwardfor.as_ref(), back.proxy().forwardfor.as_ref()];
    let nets = [front.part().forwardfor.except, back.part().forwardfor.except];
    let src = (lines != [None, None]).then(|| address::current(&world, true)).flatten();
    name_address(lines, nets, src.map(|src| src.ip()), b"x-forwarded-for", &mut m, trace);
    let lines = [front.proxy().originalto.as_ref(), back.proxy().originalto.as_ref()];
    let nets = [front.part().originalto.except, back.part().originalto.except];
    let dst = (lines != [None, None]).then(|| address::current(&world, false)).flatten();
    name_address(lines, nets, dst.map(|dst| dst.ip()), b"x-original-to", &mut m, trace);
    if let (Some(field), Some(line)) = (&back.part().forwarded, &back.proxy().forwarded) {
        forward(field, line.span, &mut m, trace);
    }
    if let Some(line) = &back.proxy().cookie {
        hide_cookie(line, &mut m, trace);
    }
    if let Some((line, server)) = back.proxy().http_send_name_header.as_ref().zip(server) {
        name_server(line, server, &mut m, trace);
    }
    m.flush(trace);
}

/// `unique-id-header` shows the id to the server.
fn name_stream<T: Trace>(m: &mut Moment<'_>, trace: &mut T) {
    unique_id::make(m);
    let program = m.program;
    let front = program.frontend(m.stream.frontend);
    let (Some(name), Some(id)) = (&front.proxy().unique_id_header, m.stream.unique_id.clone())
    else {
        return;
    };
    let Some(head) = m.head_mut() else { return };
    head.fields.add(name.value.as_bytes(), &id);
    edited(trace, name.span, || {
        change(format!("header {}", name.value.to_ascii_lowercase()), None, Some(&id))
    });
}

/// Adds the header that names an address, as the options of both proxies say together.
fn name_address<T: Trace>(
    [front, back]: [Option<&Spanned<ForwardFor>>; 2],
    nets: [Option<Net>; 2],
    address: Option<IpAddr>,
    default: &[u8],
    m: &mut Moment<'_>,
    trace: &mut T,
) {
    let (Some(line), Some(address)) = (back.or(front), address) else { return };
    // The backend's name of the header counts, its default too.
    let name = line.value.header.as_deref().map_or(default, str::as_bytes);
    if nets.into_iter().flatten().any(|net| net.holds(address)) {
        return;
    }
    let lines = [front, back];
    let if_none = lines.into_iter().flatten().all(|line| line.value.if_none);
    let Some(head) = m.head_mut() else { return };
    if if_none && head.fields.contains(name) {
        return;
    }
    let text = sample::ip_text(address);
    head.fields.add(name, text.as_bytes());
    edited(trace, line.span, || {
        change(
            format!("header {}", String::from_utf8_lossy(name).to_ascii_lowercase()),
            None,
            Some(text.as_bytes()),
        )
    });
}

/// `option forwarded`: one more element of the last such field, or a field.
fn forward<T: Trace>(field: &ForwardedField, line: Span, m: &mut Moment<'_>, trace: &mut T) {
    let element = field.element(m);
    let Some(head) = m.head_mut() else { return };
    let last = (0..head.fields.len())
        .rev()
        .find(|at| head.fields.at(*at).is_some_and(|(name, _)| name == b"forwarded"));
    match last.and_then(|at| Some((at, head.fields.at(at)?.1.to_vec()))) {
        Some((at, old)) => {
            let value = [old.as_slice(), element.as_bytes()].join(&b',');
            head.fields.replace_at(at, &value);
        }
        None => head.fields.add(b"forwarded", element.as_bytes()),
    }
    edited(trace, line, || change("header forwarded", None, Some(element.as_bytes())));
}

/// `http-send-name-header`: the header names the server and nothing else.
fn name_server<T: Trace>(line: &Spanned<String>, server: u32, m: &mut Moment<'_>, trace: &mut T) {
    let Some(backend) = m.stream.backend.map(|backend| m.program.backend(backend)) else { return };
    let Some(server) = backend.servers().get(server as usize) else { return };
    let (header, name) = (line.value.as_bytes(), server.name.value.as_bytes());
    let Some(head) = m.head_mut() else { return };
    head.fields.set(header, name);
    edited(trace, line.span, || {
        change(format!("header {}", line.value.to_ascii_lowercase()), None, Some(name))
    });
}

/// `indirect` with `insert`: the server never sees our cookie; `prefix`: it sees its own value.
fn hide_cookie<T: Trace>(line: &Spanned<Cookie>, m: &mut Moment<'_>, trace: &mut T) {
    let name = line.value.name.as_bytes();
    let takes_out = line.value.mode == CookieMode::Insert && line.value.indirect;
    let Some(head) = m.head_mut() else { return };
    for index in 0..head.fields.len() {
        let gaps = head.fields.at(index).filter(|(field, _)| *field == b"cookie");
        if let Some(new) = gaps.and_then(|(_, value)| cookie::closed(value)) {
            head.fields.replace_at(index, &new);
        }
    }
    if !takes_out && line.value.mode != CookieMode::Prefix {
        return;
    }
    let mut index = 0;
    while let Some((field, value)) = head.fields.at(index) {
        let new = match field {
            b"cookie" if takes_out => cookie::without(value, name),
            b"cookie" => cookie::with(value, name, without_prefix),
            _ => None,
        };
        let Some(new) = new else {
            index += 1;
            continue;
        };
        edited(trace, line.span, || {
            let after = (!new.is_empty()).then_some(new.as_slice());
            change("header cookie", Some(value), after)
        });
        if new.is_empty() {
            head.fields.remove_at(index);
        } else {
            head.fields.replace_at(index, &new);
            index += 1;
        }
    }
}

fn without_prefix(value: &[u8]) -> Option<Vec<u8>> {
    let end = value.iter().position(|byte| *byte == b'~')?;
    value.get(end + 1..).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(net: &str, address: &str, expected: Option<bool>) {
        let found = Net::read(net).map(|net| net.holds(address.parse().unwrap()));
        assert_eq!(found, expected, "{net} {address}");
    }

    #[test]
    fn a_net_holds_its_addresses() {
        check("127.0.0.0/8", "127.9.9.9", Some(true));
        check("127.0.0.0/255.0.0.0", "128.9.9.9", Some(false));
        check("10.1.2.3", "10.1.2.3", Some(true));
        check("10.1.2.3", "10.1.2.4", Some(false));
        check("0.0.0.0/0", "1.2.3.4", Some(true));
        check("2001:db8::/32", "2001:db8:1::1", Some(true));
        check("2001:db8::/32", "10.0.0.1", Some(false));
        check("::/0", "::1", Some(true));
    }

    #[test]
    fn what_is_no_net_is_none() {
        for net in ["", "10.0.0.0/33", "10.0.0.0/255.0.255.0", "x/8", "::/129"] {
            check(net, "10.0.0.1", None);
        }
    }
}
