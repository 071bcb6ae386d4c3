//! Conversions between sample types: what happens where a converter, an action or a match method
//! wants another type than it is given.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::number::{format_int, int_of_text};
use crate::{Type, Value};

/// Whether values of one type can ever become values of the other.
pub fn can_cast(from: Type, to: Type) -> bool {
    use Type::*;
    match (from, to) {
        (Any, _) | (_, Any) => true,
        (Bool | Int, Bool | Int | Str | Bin) => true,
        (Int, Addr | Ipv4 | Ipv6) => true,
        (Bool | Int, _) => false,
        (Addr | Ipv4, Int) => true,
        (Addr | Ipv4 | Ipv6, Addr | Ipv4 | Ipv6 | Str | Bin) => true,
        (Addr | Ipv4 | Ipv6, _) => false,
        (Str, _) => true,
        (Bin | Meth, Str | Bin | Meth) => true,
        (Bin | Meth, _) => false,
    }
}

/// The same for a HAProxy of a version; `None` is `proxyd`. Newer versions make no number of an address.
pub fn can_cast_for(haproxy: Option<(u8, u8)>, from: Type, to: Type) -> bool {
    let newer = haproxy.is_some_and(|version| version >= (3, 5));
    let number_of_address = matches!((from, to), (Type::Addr | Type::Ipv4, Type::Int | Type::Bool));
    can_cast(from, to) && !(newer && number_of_address)
}

/// The value as another type; `None` when this value has no such form.
pub fn cast(value: Value<'_>, to: Type) -> Option<Value<'_>> {
    let value = match to {
        Type::Any => value,
        Type::Bool => Value::Bool(as_int(&value)? != 0),
        Type::Int => Value::Int(as_int(&value)?),
        Type::Addr => Value::Ip(as_ip(&value)?),
        Type::Ipv4 => match as_ip(&value)? {
            IpAddr::V4(ip) => Value::Ip(IpAddr::V4(ip)),
            IpAddr::V6(ip) => Value::Ip(IpAddr::V4(embedded_v4(ip)?)),
        },
        Type::Ipv6 => match as_ip(&value)? {
            IpAddr::V4(ip) => Value::Ip(IpAddr::V6(ip.to_ipv6_mapped())),
            IpAddr::V6(ip) => Value::Ip(IpAddr::V6(ip)),
        },
        Type::Str => Value::Str(as_text(value)),
        // Quirk: text that goes where bytes are wanted stays text, so that a variable of it still makes a number.
        Type::Bin => match value {
            Value::Str(text) => Value::Str(text),
            other => Value::Bin(as_bytes(other)?),
        },
        Type::Meth => match value {
            Value::Meth(text) | Value::Str(text) | Value::Bin(text) => Value::Meth(text),
            Value::Bool(_) | Value::Int(_) | Value::Ip(_) => return None,
        },
    };
    Some(value)
}

/// The IPv4 address inside an IPv6 one: mapped, compatible or 6to4.
pub fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = ip.octets();
    let [a, b, c, d] = match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, ..] => [octets[12], octets[13], octets[14], octets[15]],
        [0x2002, ..] => [octets[2], octets[3], octets[4], octets[5]],
        _ => return None,
    };
    Some(Ipv4Addr::new(a, b, c, d))
}

fn as_int(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Bool(yes) => Some(i64::from(*yes)),
        Value::Int(number) => Some(*number),
        Value::Ip(IpAddr::V4(ip)) => Some(i64::from(u32::from(*ip))),
        Value::Str(text) => int_of_text(text),
        Value::Ip(IpAddr::V6(_)) | Value::Bin(_) | Value::Meth(_) => None,
    }
}

fn as_ip(value: &Value<'_>) -> Option<IpAddr> {
    match value {
        Value::Ip(ip) => Some(*ip),
        Value::Int(number) => Some(IpAddr::V4(Ipv4Addr::from(*number as u32))),
        Value::Str(text) => ip_of_text(text),
        Value::Bool(_) | Value::Bin(_) | Value::Meth(_) => None,
    }
}

/// An address at the front of a text.
///
/// Quirk: what follows an IPv4 address counts for nothing unless it is a digit or a dot (`10.1.2.3:80`,
/// `10.1.2.3/24`), and its numbers may begin with zeros; an IPv6 address stands alone.
fn ip_of_text(text: &[u8]) -> Option<IpAddr> {
    if let Some(ip) = ipv4_front(text) {
        return Some(IpAddr::V4(ip));
    }
    std::str::from_utf8(text).ok()?.parse().ok().map(IpAddr::V6)
}

fn ipv4_front(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut rest = text;
    for (at, octet) in octets.iter_mut().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&rest[..digits]).ok()?.parse::<u64>().ok()?;
        *octet = u8::try_from(number).ok()?;
        rest = &rest[digits..];
    }
    (rest.first() != Some(&b'.')).then_some(Ipv4Addr::from(octets))
}

/// The text of any value: what a log line shows.
pub fn as_text(value: Value<'_>) -> Cow<'_, [u8]> {
    match value {
        Value::Bool(yes) => Cow::Borrowed(if yes { b"1" } else { b"0" }),
        Value::Int(number) => Cow::Owned(format_int(number)),
        Value::Ip(ip) => Cow::Owned(ip_text(ip).into_bytes()),
        Value::Str(text) | Value::Meth(text) => text,
        Value::Bin(bytes) => until_nul(bytes),
    }
}

/// An address as inet_ntop(3) writes it: `::1.2.3.4` where Rust writes `::102:304`.
pub fn ip_text(ip: IpAddr) -> String {
    match ip {
        IpAddr::V6(v6) => match v6.segments() {
            [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                format!("::{a}.{b}.{c}.{d}")
            }
            _ => v6.to_string(),
        },
        IpAddr::V4(v4) => {
            let mut text = Vec::with_capacity("255.255.255.255".len());
            push_ipv4(v4, &mut text);
            String::from_utf8(text).unwrap_or_default()
        }
    }
}

/// Appends an address of IPv4: each request writes one for `forwardfor` and one for its log line.
pub(crate) fn push_ipv4(ip: Ipv4Addr, out: &mut Vec<u8>) {
    let (mut text, mut len) = ([b'.'; 16], 0);
    for octet in ip.octets() {
        let digits = [b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10];
        let skipped = usize::from(octet < 100) + usize::from(octet < 10);
        for digit in digits.into_iter().skip(skipped) {
            text[len] = digit;
            len += 1;
        }
        // The dot is there already.
        len += 1;
    }
    out.extend_from_slice(text.get(..len - 1).unwrap_or_default());
}

/// Bytes as text end at the first NUL.
fn until_nul(bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let Some(end) = memchr::memchr(0, &bytes) else { return bytes };
    match bytes {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(..end).unwrap_or(bytes)),
        Cow::Owned(mut bytes) => {
            bytes.truncate(end);
            Cow::Owned(bytes)
        }
    }
}

fn as_bytes(value: Value<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::Str(text) | Value::Bin(text) | Value::Meth(text) => Some(text),
        Value::Int(number) => Some(Cow::Owned(number.to_be_bytes().to_vec())),
        Value::Ip(IpAddr::V4(ip)) => Some(Cow::Owned(ip.octets().to_vec())),
        Value::Ip(IpAddr::V6(ip)) => Some(Cow::Owned(ip.octets().to_vec())),
        Value::Bool(yes) => Some(Cow::Owned(i64::from(yes).to_be_bytes().to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_is_written_without_leading_zeros() {
        for octet in 0..=255_u8 {
            let ip = Ipv4Addr::new(octet, 255 - octet, octet, octet / 10);
            assert_eq!(ip_text(ip.into()), ip.to_string());
        }
    }
}
