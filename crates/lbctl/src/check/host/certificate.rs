//! Certificates as far as files go: there, readable, with a key, and not expired.
//!
//! Whether a key belongs to a certificate is not looked at: that takes a TLS library.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use config_parse::tree::Word;
use diag::{Diagnostic, codes};

use super::unreadable;

/// A certificate that ends within this many days is told of.
const SOON_DAYS: i64 = 30;

/// The file or each file of the folder that `crt` names.
///
/// `needs_key`: no other word or line says where its private key is.
pub(super) fn check(
    word: Option<&Word<'_>>,
    base: &Path,
    needs_key: bool,
    findings: &mut Vec<Diagnostic>,
) {
    let Some(word) = word.filter(|word| !word.text.is_empty() && !word.text.starts_with('@'))
    else {
        return;
    };
    let path = base.join(word.text.as_ref());
    let files: Vec<PathBuf> = match std::fs::read_dir(&path) {
        Ok(entries) => {
            let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            let part = |file: &PathBuf| {
                let end = file.extension().and_then(|end| end.to_str()).unwrap_or("");
                matches!(end, "key" | "ocsp" | "issuer" | "sctl")
            };
            files.retain(|file| file.is_file() && !part(file));
            files.sort();
            files
        }
        Err(_) => vec![path],
    };
    let now =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    for file in files {
        if !file.exists() && is_bundle(&file) {
            continue;
        }
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(why) => {
                findings.push(unreadable(word.span, &file, &why));
                continue;
            }
        };
        let mut wrong = |message: String| {
            let message = format!("`{}` {message}", file.display());
            findings.push(Diagnostic::new(codes::E0721, word.span, message));
        };
        let text = String::from_utf8_lossy(&text);
        let Some(der) = first_block(&text, "CERTIFICATE") else {
            wrong("holds no certificate".to_owned());
            continue;
        };
        let key = |text: &str| text.contains("PRIVATE KEY-----");
        let mut beside = file.clone().into_os_string();
        beside.push(".key");
        // `ssl-load-extra-del-ext` puts the end in the place of another.
        let beside = [PathBuf::from(beside), file.with_extension("key")];
        let is_key = |file: &PathBuf| std::fs::read_to_string(file).is_ok_and(|text| key(&text));
        if needs_key && !key(&text) && !beside.iter().any(is_key) {
            wrong("has no private key, nor a file `.key` beside it".to_owned());
        }
        let Some((_, ends)) = validity(&der) else {
            wrong("holds a certificate that cannot be read".to_owned());
            continue;
        };
        let days = (ends - now).div_euclid(86_400);
        if days < SOON_DAYS {
            let message = match days {
                ..0 => {
                    format!("the certificate in `{}` expired {} days ago", file.display(), -days)
                }
                _ => format!("the certificate in `{}` expires in {days} days", file.display()),
            };
            findings.push(Diagnostic::new(codes::W0722, word.span, message));
        }
    }
}

/// A name that stands for a file of each kind of key (manual 5.1, `crt`).
fn is_bundle(file: &Path) -> bool {
    ["rsa", "ecdsa", "dsa"].iter().any(|kind| {
        let mut name = file.to_path_buf().into_os_string();
        name.push(format!(".{kind}"));
        Path::new(&name).exists()
    })
}

/// The bytes of the first block of a PEM file with this label.
fn first_block(text: &str, label: &str) -> Option<Vec<u8>> {
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

/// When a certificate begins and ends, in seconds since the epoch (RFC 5280, 4.1).
fn validity(der: &[u8]) -> Option<(i64, i64)> {
    let (_, certificate, _) = element(der)?;
    let (_, mut fields, _) = element(certificate)?;
    if element(fields)?.0 == 0xa0 {
        fields = element(fields)?.2;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (_, dates, _) = element(fields)?;
    let (tag, begins, rest) = element(dates)?;
    let (later_tag, ends, _) = element(rest)?;
    Some((seconds(tag, begins)?, seconds(later_tag, ends)?))
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
        i16::try_from(year).ok()?,
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
        assert_eq!(validity(b"\x30\x82\xff"), None);
    }
}
