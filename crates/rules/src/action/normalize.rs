//! `normalize-uri`: each normalizer brings one trait of a target into one form (RFC 3986 section 6.2.2).

use crate::Change;
use crate::action::target::{self, Part};
use crate::moment::Moment;

/// A normalizer; the flag of some is `strict` or `full`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Normalizer {
    FragmentEncode,
    FragmentStrip,
    MergeSlashes,
    StripDot,
    StripDotDot { full: bool },
    DecodeUnreserved { strict: bool },
    ToUppercase { strict: bool },
    SortByName,
}

/// A percent sign that begins no sequence, for a strict normalizer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl Normalizer {
    pub(crate) fn from_words(name: &str, flag: bool) -> Option<Self> {
        Some(match name {
            "fragment-encode" => Self::FragmentEncode,
            "fragment-strip" => Self::FragmentStrip,
            "path-merge-slashes" => Self::MergeSlashes,
            "path-strip-dot" => Self::StripDot,
            "path-strip-dotdot" => Self::StripDotDot { full: flag },
            "percent-decode-unreserved" => Self::DecodeUnreserved { strict: flag },
            "percent-to-uppercase" => Self::ToUppercase { strict: flag },
            "query-sort-by-name" => Self::SortByName,
            _ => return None,
        })
    }

    /// Which part of the target it looks at.
    fn part(self) -> Part {
        match self {
            Self::MergeSlashes | Self::StripDot | Self::StripDotDot { .. } => Part::Path,
            Self::SortByName => Part::Query,
            _ => Part::PathAndQuery,
        }
    }

    fn of(self, text: &[u8]) -> Result<Vec<u8>, Broken> {
        Ok(match self {
            Self::FragmentEncode => encode_fragment(text),
            Self::FragmentStrip => text.split(|byte| *byte == b'#').next().unwrap_or(text).to_vec(),
            Self::MergeSlashes => merge_slashes(text),
            Self::StripDot => strip_dot(text),
            Self::StripDotDot { full } => strip_dotdot(text, full),
            Self::DecodeUnreserved { strict } => percents(text, strict, |byte, digits, out| {
                match byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    true => out.push(byte),
                    false => out.extend_from_slice(digits),
                }
            })?,
            Self::ToUppercase { strict } => percents(text, strict, |_, digits, out| {
                out.extend(digits.iter().map(u8::to_ascii_uppercase));
            })?,
            Self::SortByName => sort_by_name(text),
        })
    }
}

/// Normalizes the request's target.
///
/// # Errors
/// A broken sequence, where that is to be refused.
pub(crate) fn apply(
    normalizer: Normalizer,
    m: &mut Moment<'_>,
    on: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Broken> {
    let part = normalizer.part();
    let old = m.head().and_then(|head| target::get(head, part)).map(<[u8]>::to_vec);
    let Some(old) = old else { return Ok(()) };
    let new = normalizer.of(&old)?;
    if new != old {
        target::set(m, part, &new, on, changes);
    }
    Ok(())
}

fn encode_fragment(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    for byte in text {
        match byte {
            b'#' => out.extend_from_slice(b"%23"),
            byte => out.push(*byte),
        }
    }
    out
}

fn merge_slashes(path: &[u8]) -> Vec<u8> {
    let mut out = path.to_vec();
    out.dedup_by(|next, before| *next == b'/' && *before == b'/');
    out
}

/// The segments behind the first slash; `None` where the path does not begin with one.
fn segments(path: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    Some(path.strip_prefix(b"/")?.split(|byte| *byte == b'/'))
}

fn joined(segments: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for segment in segments {
        out.push(b'/');
        out.extend_from_slice(segment);
    }
    out
}

fn strip_dot(path: &[u8]) -> Vec<u8> {
    let Some(all) = segments(path) else { return path.to_vec() };
    let all: Vec<&[u8]> = all.collect();
    let mut kept: Vec<&[u8]> = all.iter().copied().filter(|it| *it != b".").collect();
    // What ended with a dot ends with the slash before it.
    if all.last() == Some(&&b"."[..]) {
        kept.push(b"");
    }
    joined(&kept)
}

fn strip_dotdot(path: &[u8], full: bool) -> Vec<u8> {
    let Some(all) = segments(path) else { return path.to_vec() };
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut open = false;
    for segment in all {
        open = false;
        if segment != b".." {
            kept.push(segment);
        } else if kept.last().is_some_and(|last| *last != b"..") {
            kept.pop();
            open = true;
        } else if full {
            open = true;
        } else {
            kept.push(segment);
        }
    }
    if open {
        kept.push(b"");
    }
    joined(&kept)
}

/// Shows each percent-encoded byte with its three characters; everything else passes.
fn percents(
    text: &[u8],
    strict: bool,
    mut each: impl FnMut(u8, &[u8], &mut Vec<u8>),
) -> Result<Vec<u8>, Broken> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |at: usize| behind.get(at).and_then(|byte| (*byte as char).to_digit(16));
        match (digit(0), digit(1)) {
            (Some(high), Some(low)) => {
                let digits = [b'%', behind[0], behind[1]];
                each((high << 4 | low) as u8, &digits, &mut out);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ if strict => return Err(Broken),
            _ => out.push(byte),
        }
    }
    Ok(out)
}

/// Quirk: an empty parameter at the end goes.
fn sort_by_name(query: &[u8]) -> Vec<u8> {
    let mut parameters: Vec<&[u8]> = query.split(|byte| *byte == b'&').collect();
    if parameters.last().is_some_and(|last| last.is_empty()) {
        parameters.pop();
    }
    parameters.sort_by_key(|parameter| parameter.split(|byte| *byte == b'=').next());
    parameters.join(&b'&')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, flag: bool, pairs: &[(&str, &str)]) {
        let normalizer = Normalizer::from_words(name, flag).expect("a normalizer");
        for (from, to) in pairs {
            let new = normalizer
                .of(from.as_bytes())
                .map(|new| String::from_utf8_lossy(&new).into_owned());
            assert_eq!(new.as_deref(), Ok(*to), "{name} {from}");
        }
    }

    #[test]
    fn dots_go_as_the_manual_says() {
        // Without its option HAProxy 2.6.12 does something else; these are the manual's.
        check(
            "path-strip-dotdot",
            false,
            &[
                ("/foo/../", "/"),
                ("/foo/../bar/", "/bar/"),
                ("/foo/bar/../", "/foo/"),
                ("/../bar/", "/../bar/"),
                ("/bar/../../", "/../"),
                ("/foo//../", "/foo/"),
                ("/foo/%2E%2E/", "/foo/%2E%2E/"),
                ("/a/..", "/"),
                ("/a/../..", "/.."),
            ],
        );
        check("path-strip-dotdot", true, &[("/../bar/", "/bar/"), ("/bar/../../", "/")]);
        check("path-strip-dot", false, &[("/.", "/"), ("/a/./a", "/a/a"), ("/..", "/..")]);
    }

    #[test]
    fn percents_are_decoded_or_written_in_capitals() {
        check(
            "percent-decode-unreserved",
            false,
            &[
                ("/%61dmin", "/admin"),
                ("/foo%3Fbar=baz", "/foo%3Fbar=baz"),
                ("/%%36%36", "/%66"),
                ("/%ZZ", "/%ZZ"),
                ("/%", "/%"),
            ],
        );
        check("percent-to-uppercase", false, &[("/%6f", "/%6F"), ("/%zz", "/%zz"), ("/%a", "/%a")]);
        for name in ["percent-decode-unreserved", "percent-to-uppercase"] {
            let strict = Normalizer::from_words(name, true).expect("a normalizer");
            assert_eq!(strict.of(b"/%zz"), Err(Broken));
        }
    }

    #[test]
    fn parameters_are_sorted_by_their_names_alone() {
        check(
            "query-sort-by-name",
            false,
            &[
                ("aaa=3&a=1&aa=2", "a=1&aa=2&aaa=3"),
                ("a=3&b=4&a=1&b=5&a=2", "a=3&a=1&a=2&b=4&b=5"),
                ("b=1&a=2&", "a=2&b=1"),
            ],
        );
    }
}
