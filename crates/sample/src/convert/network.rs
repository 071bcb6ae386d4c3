//! Addresses and `Host` values: masks, hosts, ports; states of servers by name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::arg::{Arg, ArgKind, Args};
use crate::number::port_int;
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

use super::{bytes, int, slice, str};

const STR: Type = Type::Str;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("host_only", STR, STR, host_only, "without the port, in lower case"),
    ConvertEntry::new("ipmask", Type::Addr, Type::Addr, ipmask, "the network of an address")
        .args(1, &[ArgKind::Mask4, ArgKind::Mask6]),
    ConvertEntry::new("port_only", STR, Type::Int, port_only, "the port, 0 without one"),
];

/// An IPv6 address is masked by the second mask, one that holds an IPv4 address by the first.
fn ipmask<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let (Value::Ip(ip), Arg::Ip(IpAddr::V4(mask4))) = (value, args.at(0)) else {
        return Sample::Missing;
    };
    let masked = match (ip.to_canonical(), args.at(1)) {
        (IpAddr::V4(ip), _) => IpAddr::V4(mask_v4(ip, *mask4)),
        (IpAddr::V6(ip), Arg::Ip(IpAddr::V6(mask))) => {
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask.to_bits()))
        }
        (IpAddr::V6(_), _) => return Sample::Missing,
    };
    Sample::Known(Value::Ip(masked))
}

fn mask_v4(ip: Ipv4Addr, mask: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from_bits(ip.to_bits() & mask.to_bits())
}

/// Where the `:` before the port stands: the last one behind any `]`.
fn port_colon(text: &[u8]) -> Option<usize> {
    let colon = memchr::memrchr(b':', text)?;
    let inside = memchr::memrchr(b']', text).is_some_and(|bracket| bracket > colon);
    (!inside).then_some(colon)
}

fn host_only<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let end = port_colon(&text).unwrap_or(text.len());
    let mut host = slice(text, 0, end);
    if host.iter().any(u8::is_ascii_uppercase) {
        host.to_mut().make_ascii_lowercase();
    }
    str(host)
}

fn port_only<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let text = bytes(value);
    let port = port_colon(&text).and_then(|colon| text.get(colon + 1..));
    int(i64::from(port_int(port.unwrap_or_default())))
}
