//! The first packets of MQTT: `mqtt_is_valid`, `mqtt_field_value` (CONNECT and CONNACK of 3.1, 3.1.1 and 5.0).

use crate::arg::{Arg, ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

use super::{bool, bytes, more, str};

const CONNECT: u8 = 1;
const CONNACK: u8 = 2;
const V3_1: u8 = 3;
const V3_1_1: u8 = 4;
const V5: u8 = 5;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("mqtt_is_valid", Type::Bin, Type::Bool, is_valid, "a first packet of MQTT")
        .settles(),
    ConvertEntry::new(
        "mqtt_field_value",
        Type::Bin,
        Type::Str,
        field_value,
        "a field of a first packet of MQTT",
    )
    .args(2, &[ArgKind::Str, ArgKind::Str])
    .check(check_field),
];

const CONNECT_FIELDS: &[&str] = &[
    "flags",
    "protocol_name",
    "protocol_version",
    "client_identifier",
    "will_topic",
    "will_payload",
    "username",
    "password",
    "keepalive",
];
const CONNACK_FIELDS: &[&str] = &["flags", "protocol_version", "reason_code"];
const CONNECT_PROPERTIES: &[u32] = &[17, 33, 39, 34, 25, 23, 21, 22, 18, 24, 1, 2, 3, 8, 9];
const CONNACK_PROPERTIES: &[u32] =
    &[17, 33, 36, 37, 39, 18, 34, 31, 40, 41, 42, 19, 26, 28, 21, 22];

/// The kind of packet becomes its number; the field its name in lower case, or a property's number.
fn check_field(args: &mut Args) -> Result<(), (usize, String)> {
    let word = |at| String::from_utf8_lossy(args.str(at).unwrap_or_default()).to_ascii_lowercase();
    let (kind, field) = (word(0), word(1));
    let (kind, fields, properties) = match kind.as_str() {
        "connect" | "1" => (CONNECT, CONNECT_FIELDS, CONNECT_PROPERTIES),
        "connack" | "2" => (CONNACK, CONNACK_FIELDS, CONNACK_PROPERTIES),
        _ => return Err((0, String::from("the first packets are `connect` and `connack`"))),
    };
    let number = field.parse::<u32>().ok();
    if !fields.contains(&field.as_str()) && !number.is_some_and(|id| properties.contains(&id)) {
        return Err((1, format!("`{field}` is no field or property of such a packet")));
    }
    args.0[0] = Arg::Int(i64::from(kind));
    args.0[1] = number.map_or(Arg::Str(field.into_bytes()), |id| Arg::Int(i64::from(id)));
    Ok(())
}

/// A packet that was read: its fields by name, its properties by number.
#[derive(Debug, Default, PartialEq, Eq)]
struct Packet {
    kind: u8,
    fields: Vec<(&'static str, Vec<u8>)>,
    properties: Vec<(u32, Vec<u8>)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Incomplete,
    Malformed,
}

/// Bytes that are read from the front; their end is the packet's.
struct Reader<'p>(&'p [u8]);

impl<'p> Reader<'p> {
    fn take(&mut self, count: usize) -> Result<&'p [u8], Stop> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Stop::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, count: usize) -> Result<u32, Stop> {
        let bytes = self.take(count)?;
        Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        Ok(self.take(1)?[0])
    }

    /// Bytes with their length in front.
    fn text(&mut self) -> Result<&'p [u8], Stop> {
        let length = self.number(2)? as usize;
        self.take(length)
    }

    /// Seven bits a byte, lowest first, four bytes at most.
    fn varint(&mut self) -> Result<u32, Stop> {
        let mut sum = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            sum |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(sum);
            }
        }
        Err(Stop::Malformed)
    }

    fn properties(&mut self, into: &mut Vec<(u32, Vec<u8>)>) -> Result<(), Stop> {
        let length = self.varint()? as usize;
        let mut list = Reader(self.take(length)?);
        while !list.0.is_empty() {
            let id = list.varint()?;
            let value = match id {
                1 | 23 | 25 | 36 | 37 | 40 | 41 | 42 => decimal(u32::from(list.byte()?)),
                19 | 33 | 34 | 35 => decimal(list.number(2)?),
                2 | 17 | 24 | 39 => decimal(list.number(4)?),
                11 => decimal(list.varint()?),
                3 | 8 | 9 | 18 | 21 | 22 | 26 | 28 | 31 => list.text()?.to_vec(),
                38 => {
                    list.text()?;
                    list.text()?.to_vec()
                }
                _ => return Err(Stop::Malformed),
            };
            into.push((id, value));
        }
        Ok(())
    }
}

fn decimal(number: u32) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn read(bytes: &[u8]) -> Result<Packet, Stop> {
    let [first, rest @ ..] = bytes else { return Err(Stop::Incomplete) };
    if rest.is_empty() {
        return Err(Stop::Incomplete);
    }
    if !takes(first >> 4, first & 15) {
        return Err(Stop::Malformed);
    }
    let mut rest = Reader(rest);
    // The bytes of the length may still be on their way.
    let length = match rest.varint() {
        Ok(length) => length as usize,
        Err(_) if bytes.len() < 4 => return Err(Stop::Incomplete),
        Err(stop) => return Err(stop),
    };
    if rest.0.len() < length {
        return Err(Stop::Incomplete);
    }
    let mut packet = Packet { kind: first >> 4, ..Packet::default() };
    let mut body = Reader(rest.take(length)?);
    match packet.kind {
        CONNECT => connect(&mut body, &mut packet)?,
        CONNACK => connack(&mut body, length, &mut packet)?,
        _ => return Err(Stop::Malformed),
    }
    // Anything behind the packet, or left over in it, is no first packet.
    if body.0.is_empty() && rest.0.is_empty() { Ok(packet) } else { Err(Stop::Malformed) }
}

/// Whether a kind of packet may have these flags (MQTT 5.0, section 2.1.3).
fn takes(kind: u8, flags: u8) -> bool {
    match kind {
        3 => true,
        6 | 8 | 10 => flags == 2,
        1..=15 => flags == 0,
        _ => false,
    }
}

fn connect(body: &mut Reader<'_>, packet: &mut Packet) -> Result<(), Stop> {
    let name = body.text()?;
    let version = body.byte()?;
    let known = match name {
        b"MQIsdp" => version == V3_1,
        b"MQTT" => matches!(version, V3_1_1 | V5),
        _ => false,
    };
    let flags = body.byte()?;
    let will_settings = flags & 0b0011_1000;
    let has = |bit: u8| flags & bit != 0;
    let (username, password, will) = (has(0x80), has(0x40), has(0x04));
    let lonely_password = version != V5 && password && !username;
    if !known || has(1) || (!will && will_settings != 0) || flags & 0x18 == 0x18 || lonely_password
    {
        return Err(Stop::Malformed);
    }
    let Packet { fields, properties, .. } = packet;
    fields.push(("protocol_name", name.to_vec()));
    fields.push(("protocol_version", decimal(u32::from(version))));
    fields.push(("flags", decimal(u32::from(flags))));
    fields.push(("keepalive", decimal(body.number(2)?)));
    if version == V5 {
        body.properties(properties)?;
    }
    fields.push(("client_identifier", body.text()?.to_vec()));
    if will {
        if version == V5 {
            body.properties(properties)?;
        }
        fields.push(("will_topic", body.text()?.to_vec()));
        fields.push(("will_payload", body.text()?.to_vec()));
    }
    if username {
        fields.push(("username", body.text()?.to_vec()));
    }
    if password {
        fields.push(("password", body.text()?.to_vec()));
    }
    Ok(())
}

/// The answer does not say its version; only version 5 has more than two bytes.
fn connack(body: &mut Reader<'_>, length: usize, packet: &mut Packet) -> Result<(), Stop> {
    let flags = body.byte()?;
    let reason = body.byte()?;
    if flags > 1 {
        return Err(Stop::Malformed);
    }
    let version = if length == 2 { V3_1_1 } else { V5 };
    packet.fields.push(("flags", decimal(u32::from(flags))));
    packet.fields.push(("reason_code", decimal(u32::from(reason))));
    packet.fields.push(("protocol_version", decimal(u32::from(version))));
    if version == V5 {
        body.properties(&mut packet.properties)?;
    }
    Ok(())
}

fn is_valid<'a>(value: Value<'a>, _: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match read(&bytes(value)) {
        Ok(_) => bool(true),
        Err(Stop::Malformed) => bool(false),
        Err(Stop::Incomplete) => more(ctx),
    }
}

fn field_value<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let packet = match read(&bytes(value)) {
        Ok(packet) if Some(i64::from(packet.kind)) == args.int(0) => packet,
        Ok(_) | Err(Stop::Malformed) => return Sample::Missing,
        Err(Stop::Incomplete) => return more(ctx),
    };
    let found = match args.at(1) {
        Arg::Int(id) => {
            packet.properties.into_iter().find(|it| i64::from(it.0) == *id).map(|it| it.1)
        }
        Arg::Str(name) => {
            packet.fields.into_iter().find(|it| it.0.as_bytes() == name).map(|it| it.1)
        }
        _ => None,
    };
    found.map_or(Sample::Missing, str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECT_3_1_1: &[u8] = b"\x10\x13\x00\x04MQTT\x04\x82\x00\x3c\x00\x02id\x00\x03joe";

    #[test]
    fn a_connect_tells_its_fields() {
        let packet = read(CONNECT_3_1_1);
        assert!(packet.is_ok_and(|packet| {
            packet.fields.contains(&("client_identifier", b"id".to_vec()))
                && packet.fields.contains(&("username", b"joe".to_vec()))
                && packet.fields.contains(&("keepalive", b"60".to_vec()))
        }));
    }

    #[test]
    fn a_packet_that_ends_early_is_waited_for_and_one_with_a_reserved_bit_is_wrong() {
        assert_eq!(read(&CONNECT_3_1_1[..9]), Err(Stop::Incomplete));
        assert_eq!(read(b"\x10"), Err(Stop::Incomplete));
        let mut reserved = CONNECT_3_1_1.to_vec();
        reserved[9] |= 1;
        assert_eq!(read(&reserved), Err(Stop::Malformed));
        assert_eq!(read(b"GET / HTTP/1.1\r\n"), Err(Stop::Malformed));
        assert_eq!(read(b"0\x05"), Err(Stop::Incomplete));
        assert_eq!(read(b"\x11\x05"), Err(Stop::Malformed), "no flags here");
        assert_eq!(read(b"\x10\x80\x80\x80"), Err(Stop::Malformed), "no end of the length");
    }
}
