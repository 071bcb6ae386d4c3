//! Questions to name servers, and what their answers say (RFC 1035, RFC 2782, RFC 6891).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use simple_dns::rdata::{OPT, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    V4,
    V6,
    /// SRV records.
    Service,
}

impl Kind {
    fn qtype(self) -> QTYPE {
        QTYPE::TYPE(match self {
            Kind::V4 => TYPE::A,
            Kind::V6 => TYPE::AAAA,
            Kind::Service => TYPE::SRV,
        })
    }

    /// What is asked when there is no such record.
    pub(crate) fn other(self) -> Option<Kind> {
        match self {
            Kind::V4 => Some(Kind::V6),
            Kind::V6 => Some(Kind::V4),
            Kind::Service => None,
        }
    }
}

/// A record that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Record {
    Address(IpAddr),
    Service {
        target: String,
        port: u16,
        weight: u16,
        /// The address of the target, where the answer brings it along.
        address: Option<IpAddr>,
    },
}

/// Why there are no records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Nx,
    Refused,
    Timeout,
    /// Another error, or an answer without a record that was asked for.
    Other,
}

/// What a message is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Answer(Result<Vec<Record>, Refusal>),
    /// It was cut off: the question is to be asked over TCP.
    Truncated,
    /// It answers something else.
    Stray,
    Invalid,
}

/// A question as it is sent. `None`: there can be no such name.
pub(crate) fn question(id: u16, name: &str, kind: Kind, payload: u16) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).ok()?;
    packet.questions.push(Question::new(name, kind.qtype(), QCLASS::CLASS(CLASS::IN), false));
    *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: payload, version: 0 });
    packet.build_bytes_vec().ok()
}

/// Reads what a name server sent for a question.
pub(crate) fn read(bytes: &[u8], id: u16, name: &str, kind: Kind) -> Read {
    let Ok(packet) = Packet::parse(bytes) else { return Read::Invalid };
    let asked = packet.questions.first();
    let ours =
        asked.is_some_and(|question| same(&question.qname, name) && question.qtype == kind.qtype());
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) || !ours {
        return Read::Stray;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Read::Truncated;
    }
    Read::Answer(match packet.rcode() {
        RCODE::NoError => match records(&packet, name, kind) {
            found if found.is_empty() => Err(Refusal::Other),
            found => Ok(found),
        },
        RCODE::NameError => Err(Refusal::Nx),
        RCODE::Refused => Err(Refusal::Refused),
        _ => Err(Refusal::Other),
    })
}

/// As many aliases as are followed.
const MOST_ALIASES: usize = 16;

fn records(packet: &Packet<'_>, name: &str, kind: Kind) -> Vec<Record> {
    let mut owner = name.to_owned();
    for _ in 0..MOST_ALIASES {
        let alias = packet.answers.iter().find_map(|record| match &record.rdata {
            RData::CNAME(alias) if same(&record.name, &owner) => Some(alias.0.to_string()),
            _ => None,
        });
        let Some(alias) = alias else { break };
        owner = alias;
    }
    let mut found: Vec<Record> = Vec::new();
    for answer in packet.answers.iter().filter(|answer| same(&answer.name, &owner)) {
        let record = match (&answer.rdata, kind) {
            (RData::SRV(service), Kind::Service) => {
                let target = service.target.to_string();
                let mut more = packet.additional_records.iter();
                let address = more
                    .find(|record| same(&record.name, &target))
                    .and_then(|record| address(&record.rdata));
                let (port, weight) = (service.port, service.weight);
                Record::Service { target, port, weight, address }
            }
            (RData::A(_), Kind::V4) | (RData::AAAA(_), Kind::V6) => match address(&answer.rdata) {
                Some(ip) => Record::Address(ip),
                None => continue,
            },
            _ => continue,
        };
        if !found.contains(&record) {
            found.push(record);
        }
    }
    found
}

fn address(data: &RData<'_>) -> Option<IpAddr> {
    match data {
        RData::A(v4) => Some(Ipv4Addr::from(v4.address).into()),
        RData::AAAA(v6) => Some(Ipv6Addr::from(v6.address).into()),
        _ => None,
    }
}

/// Names are the same in any case, and with or without the dot at the end.
fn same(name: &Name<'_>, text: &str) -> bool {
    name.to_string().eq_ignore_ascii_case(text.strip_suffix('.').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, CNAME, SRV};

    use super::*;

    fn name(text: &'static str) -> Name<'static> {
        Name::new(text).expect("a name")
    }

    fn record(owner: &'static str, data: RData<'static>) -> ResourceRecord<'static> {
        ResourceRecord::new(name(owner), CLASS::IN, 5, data)
    }

    fn v4(last: u8) -> RData<'static> {
        RData::A(A { address: u32::from_be_bytes([192, 0, 2, last]) })
    }

    fn reply(
        asked: (&'static str, Kind),
        code: RCODE,
        answers: Vec<ResourceRecord<'static>>,
        more: Vec<ResourceRecord<'static>>,
    ) -> Vec<u8> {
        let mut packet = Packet::new_reply(7);
        let class = QCLASS::CLASS(CLASS::IN);
        packet.questions.push(Question::new(name(asked.0), asked.1.qtype(), class, false));
        *packet.rcode_mut() = code;
        packet.answers = answers;
        packet.additional_records = more;
        packet.build_bytes_vec_compressed().expect("a message")
    }

    #[test]
    fn a_question_is_read_back() {
        let bytes = question(7, "a.example.test", Kind::V6, 1232).expect("a question");
        let packet = Packet::parse(&bytes).expect("a message");
        assert_eq!(packet.questions[0].qname.to_string(), "a.example.test");
        assert_eq!(packet.opt().map(|opt| opt.udp_packet_size), Some(1232));
        assert_eq!(question(7, &"a".repeat(70), Kind::V6, 1232), None);
    }

    #[test]
    fn aliases_lead_to_the_addresses() {
        let answers = vec![
            record("a.test", RData::CNAME(CNAME(name("b.test")))),
            record("B.test", v4(1)),
            record("b.test", v4(2)),
            record("c.test", v4(3)),
        ];
        let bytes = reply(("a.test", Kind::V4), RCODE::NoError, answers, Vec::new());
        let found = read(&bytes, 7, "A.test.", Kind::V4);
        let expected =
            ["192.0.2.1", "192.0.2.2"].map(|ip| Record::Address(ip.parse().expect("an address")));
        assert_eq!(found, Read::Answer(Ok(expected.to_vec())));
    }

    #[test]
    fn a_service_brings_its_addresses_along_or_not() {
        let service =
            |port, target| RData::SRV(SRV { priority: 1, weight: 10, port, target: name(target) });
        let answers = vec![
            record("_h._tcp.test", service(1, "a.test")),
            record("_h._tcp.test", service(2, "b.test")),
        ];
        let more = vec![record("a.test", v4(9))];
        let bytes = reply(("_h._tcp.test", Kind::Service), RCODE::NoError, answers, more);
        let target = |target: &str, port, address: Option<&str>| Record::Service {
            target: target.into(),
            port,
            weight: 10,
            address: address.map(|ip| ip.parse().expect("an address")),
        };
        let expected = vec![target("a.test", 1, Some("192.0.2.9")), target("b.test", 2, None)];
        assert_eq!(read(&bytes, 7, "_h._tcp.test", Kind::Service), Read::Answer(Ok(expected)));
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_passed_over() {
        let asked = ("a.test", Kind::V4);
        let bytes = reply(asked, RCODE::NoError, vec![record("a.test", v4(1))], Vec::new());
        assert_eq!(read(&bytes, 8, "a.test", Kind::V4), Read::Stray);
        assert_eq!(read(&bytes, 7, "b.test", Kind::V4), Read::Stray);
        assert_eq!(read(&bytes, 7, "a.test", Kind::V6), Read::Stray);
        assert_eq!(read(&bytes[..20], 7, "a.test", Kind::V4), Read::Invalid);
        let codes = [
            (RCODE::NameError, Refusal::Nx),
            (RCODE::Refused, Refusal::Refused),
            (RCODE::ServerFailure, Refusal::Other),
            (RCODE::NoError, Refusal::Other),
        ];
        for (code, refusal) in codes {
            let bytes = reply(asked, code, Vec::new(), Vec::new());
            assert_eq!(read(&bytes, 7, "a.test", Kind::V4), Read::Answer(Err(refusal)), "{code:?}");
        }
    }
}
