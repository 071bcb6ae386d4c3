//! As much of certificates and private keys as a check needs: the end, the names, and whether the two belong together.
//!
//! No signature is looked at and nothing is trusted here, so a reader of DER is enough (RFC 5280, RFC 5208, RFC 5915).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// When it ends, in seconds since the epoch.
    pub(super) ends: i64,
    /// The names it is for, in lower case, `*.example.com` included; the common name is one.
    pub(super) names: Vec<String>,
    /// The number or the point that a private key has too.
    public: Vec<u8>,
}

impl Certificate {
    /// The first certificate of a PEM file. `None`: there is none. `Some(None)`: it cannot be read.
    pub(super) fn first(pem: &str) -> Option<Option<Self>> {
        Some(Self::read(&block(pem, "CERTIFICATE")?))
    }

    fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate, _) = element(der)?;
        let (_, mut fields, _) = element(certificate)?;
        if element(fields)?.0 == 0xa0 {
            fields = element(fields)?.2;
        }
        // Serial number, algorithm, issuer.
        for _ in 0..3 {
            fields = element(fields)?.2;
        }
        let (_, dates, fields) = element(fields)?;
        let (_, subject, fields) = element(fields)?;
        let (_, key, mut fields) = element(fields)?;
        let (_, _, later) = element(dates)?;
        let (tag, ends, _) = element(later)?;
        let mut names: Vec<String> = common_name(subject).into_iter().collect();
        while let Some((tag, content, rest)) = element(fields) {
            if tag == 0xa3 {
                names.extend(alternatives(content).unwrap_or_default());
            }
            fields = rest;
        }
        Some(Self { ends: seconds(tag, ends)?, names, public: public(key)? })
    }

    /// Whether one of its names is that of a host, in lower case.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest == domain),
            None => name == host,
        })
    }

    /// Whether the first private key of a PEM file is its own. `None`: there is no key, or it does not say.
    pub(super) fn fits(&self, pem: &str) -> Option<bool> {
        let key = [
            ("RSA PRIVATE KEY", modulus as fn(&[u8]) -> Option<Vec<u8>>),
            ("EC PRIVATE KEY", point),
            ("PRIVATE KEY", wrapped),
        ];
        key.into_iter()
            .find_map(|(label, half)| half(&block(pem, label)?))
            .map(|half| half == self.public)
    }
}

/// The bytes of the first block of a PEM file with this label.
fn block(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once("-----END ")?;
    let letters: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(letters).ok()
}

/// One element of DER: its tag, its content, what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*length) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
            let sum = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add(usize::from(*byte));
            (bytes.iter().try_fold(0, sum)?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// The object identifiers 2.5.4.3, 2.5.29.17 and that of RSA keys.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ALTERNATIVES: &[u8] = &[0x55, 29, 17];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

fn common_name(mut subject: &[u8]) -> Option<String> {
    while let Some((_, set, rest)) = element(subject) {
        let (_, pair, _) = element(set)?;
        let (_, kind, value) = element(pair)?;
        if kind == COMMON_NAME {
            let (_, text, _) = element(value)?;
            return std::str::from_utf8(text).ok().map(str::to_ascii_lowercase);
        }
        subject = rest;
    }
    None
}

/// The names of a `subjectAltName` extension that are names of hosts.
fn alternatives(extensions: &[u8]) -> Option<Vec<String>> {
    let (_, mut list, _) = element(extensions)?;
    while let Some((_, extension, rest)) = element(list) {
        let (_, kind, mut value) = element(extension)?;
        if kind == ALTERNATIVES {
            // A flag that says whether it is critical may stand before the value.
            if element(value)?.0 == 1 {
                value = element(value)?.2;
            }
            let (_, octets, _) = element(value)?;
            let (_, mut names, _) = element(octets)?;
            let mut all = Vec::new();
            while let Some((tag, name, rest)) = element(names) {
                if tag == 0x82 {
                    all.push(std::str::from_utf8(name).ok()?.to_ascii_lowercase());
                }
                names = rest;
            }
            return Some(all);
        }
        list = rest;
    }
    None
}

/// The modulus of an RSA key, the bits of another one.
fn public(key: &[u8]) -> Option<Vec<u8>> {
    let (_, algorithm, rest) = element(key)?;
    let (_, bits, _) = element(rest)?;
    let (_, bits) = bits.split_first()?;
    if element(algorithm)?.1 != RSA {
        return Some(bits.to_vec());
    }
    let (_, numbers, _) = element(bits)?;
    Some(element(numbers)?.1.to_vec())
}

/// Of a private RSA key (RFC 8017, A.1.2).
fn modulus(der: &[u8]) -> Option<Vec<u8>> {
    let (_, numbers, _) = element(der)?;
    let (_, _, numbers) = element(numbers)?;
    Some(element(numbers)?.1.to_vec())
}

/// Of a private key on a curve, which may leave its point out (RFC 5915, 3).
fn point(der: &[u8]) -> Option<Vec<u8>> {
    let (_, mut fields, _) = element(der)?;
    while let Some((tag, content, rest)) = element(fields) {
        if tag == 0xa1 {
            return element(content)?.1.split_first().map(|(_, bits)| bits.to_vec());
        }
        fields = rest;
    }
    None
}

/// A key with the name of its algorithm before it (RFC 5208, 5).
fn wrapped(der: &[u8]) -> Option<Vec<u8>> {
    let (_, fields, _) = element(der)?;
    let (_, _, fields) = element(fields)?;
    let (_, algorithm, fields) = element(fields)?;
    let (_, inner, _) = element(fields)?;
    if element(algorithm)?.1 == RSA { modulus(inner) } else { point(inner) }
}

/// `UTCTime` (tag 23) or `GeneralizedTime` (24).
fn seconds(tag: u8, text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, at) = match tag {
        23 => match number(0, 2)? {
            late @ 50.. => (1900 + late, 2),
            early => (2000 + early, 2),
        },
        _ => (number(0, 4)?, 4),
    };
    let date = jiff::civil::date(
        i16::try_from(year).ok().filter(|year| (0..=9999).contains(year))?,
        i8::try_from(number(at, at + 2)?).ok().filter(|month| (1..=12).contains(month))?,
        1,
    );
    let first = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let (day, hour, minute) =
        (number(at + 2, at + 4)?, number(at + 4, at + 6)?, number(at + 6, at + 8)?);
    Some(first + (day - 1) * 86_400 + hour * 3600 + minute * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_certificates_are_read() {
        assert_eq!(seconds(23, b"260131120000Z"), Some(1_769_860_800));
        assert_eq!(seconds(24, b"20260131120000Z"), Some(1_769_860_800));
        assert_eq!(seconds(23, b"991301000000Z"), None);
    }

    #[test]
    fn bytes_that_are_no_certificate_are_none() {
        for der in [&b"\x30\x82\xff"[..], b"", b"\x30\x00", b"\x30\x02\x30\x00", &[0x30; 40]] {
            assert_eq!(Certificate::read(der), None);
            assert_eq!((modulus(der), point(der)), (None, None));
        }
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let names = vec!["a.example".to_owned(), "*.b.example".to_owned()];
        let certificate = Certificate { ends: 0, names, public: Vec::new() };
        for (host, is) in [
            ("a.example", true),
            ("x.a.example", false),
            ("x.b.example", true),
            ("b.example", false),
            ("x.y.b.example", false),
        ] {
            assert_eq!(certificate.is_for(host), is, "{host}");
        }
    }
}
