//! JSON Web Tokens in their compact form, `header.payload.signature` (RFC 7515).
//!
//! Signatures with a shared secret are verified; those with a public key are -2, "unmanaged algorithm".

use crate::arg::{Arg, ArgKind, Args};
use crate::base64::{self, Alphabet};
use crate::fetch::same;
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value, cast};

use super::{bytes, digest, int, json};

const QUERY: &[ArgKind] = &[ArgKind::Str, ArgKind::Str];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("jwt_header_query", Type::Bin, Type::Any, header, "a value of its header")
        .args(0, QUERY)
        .check(check_query),
    ConvertEntry::new("jwt_payload_query", Type::Bin, Type::Any, payload, "a value of its payload")
        .args(0, QUERY)
        .check(check_query),
    ConvertEntry::new("jwt_verify", Type::Bin, Type::Int, verify, "1 when its signature is right")
        .args(2, &[ArgKind::StrOrVar, ArgKind::StrOrVar])
        .check(check_algorithm),
];

const UNKNOWN_ALGORITHM: i64 = -1;
const UNMANAGED_ALGORITHM: i64 = -2;
const INVALID_TOKEN: i64 = -3;

fn check_query(args: &mut Args) -> Result<(), (usize, String)> {
    if args.str(0).is_none_or(<[u8]>::is_empty) { Ok(()) } else { json::check_query(args) }
}

fn check_algorithm(args: &mut Args) -> Result<(), (usize, String)> {
    let Some(name) = args.str(0) else { return Ok(()) };
    let name = String::from_utf8_lossy(name);
    match name.as_ref() {
        "HS256" | "HS384" | "HS512" | "none" => Ok(()),
        _ if is_public(name.as_bytes()) => Err((
            0,
            format!("signatures of `{name}` need public keys, which proxyd does not have yet"),
        )),
        _ => Err((0, format!("`{name}` is no algorithm of a signature (RFC 7518, section 3.1)"))),
    }
}

fn is_public(name: &[u8]) -> bool {
    matches!(
        name,
        b"RS256"
            | b"RS384"
            | b"RS512"
            | b"ES256"
            | b"ES384"
            | b"ES512"
            | b"PS256"
            | b"PS384"
            | b"PS512"
    )
}

/// The three parts as they are written.
fn parts(token: &[u8]) -> Option<[&[u8]; 3]> {
    let mut parts = token.split(|byte| *byte == b'.');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

fn query<'a>(part: &[u8], args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let Some(text) = base64::decode(part, Alphabet::Url) else { return Sample::Missing };
    match args.str(0) {
        // Quirk: the manual promises the whole part, and HAProxy gives nothing.
        None | Some(b"") => Sample::Missing,
        Some(_) => json::json_query(Value::Str(text.into()), args, ctx),
    }
}

/// Encrypted tokens have five parts; their header is the first as well.
fn header<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let token = bytes(value);
    let dots = token.iter().filter(|byte| **byte == b'.').count();
    match token.split(|byte| *byte == b'.').next() {
        Some(part) if matches!(dots, 2 | 4) => query(part, args, ctx),
        _ => Sample::Missing,
    }
}

fn payload<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    match parts(&bytes(value)) {
        Some([_, part, _]) => query(part, args, ctx),
        None => Sample::Missing,
    }
}

/// Text that was written, or that a variable holds.
fn text(arg: &Arg, ctx: &Context<'_>) -> Option<Vec<u8>> {
    match arg {
        Arg::Str(text) => Some(text.clone()),
        Arg::Var(id) => cast(ctx.vars.read(*id)?, Type::Str).map(|value| bytes(value).into_owned()),
        _ => None,
    }
}

fn verify<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let (Some(algorithm), Some(key)) = (text(args.at(0), ctx), text(args.at(1), ctx)) else {
        return Sample::Missing;
    };
    int(verified(&bytes(value), &algorithm, &key))
}

fn verified(token: &[u8], algorithm: &[u8], key: &[u8]) -> i64 {
    let digest = match algorithm {
        b"none" => None,
        b"HS256" => Some(&b"sha256"[..]),
        b"HS384" => Some(&b"sha384"[..]),
        b"HS512" => Some(&b"sha512"[..]),
        name if is_public(name) => return UNMANAGED_ALGORITHM,
        _ => return UNKNOWN_ALGORITHM,
    };
    let Some([header, payload, signature]) = parts(token) else { return INVALID_TOKEN };
    let Some(digest) = digest else { return i64::from(signature.is_empty()) };
    let Some(signature) = base64::decode(signature, Alphabet::Url) else { return INVALID_TOKEN };
    let signed = [header, b".", payload].concat();
    match digest::mac(digest, key, &signed) {
        Some(mac) => i64::from(same(&mac, &signature)),
        None => INVALID_TOKEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The token of RFC 7515, appendix A.1, has its key as base 64; this one is made with a plain key.
    const TOKEN: &[u8] = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
        eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
        SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";

    #[test]
    fn a_signature_is_verified_with_the_shared_secret() {
        assert_eq!(verified(TOKEN, b"HS256", b"your-256-bit-secret"), 1);
        assert_eq!(verified(TOKEN, b"HS256", b"another"), 0);
        assert_eq!(verified(TOKEN, b"HS512", b"your-256-bit-secret"), 0);
        assert_eq!(verified(TOKEN, b"none", b""), 0);
        assert_eq!(verified(b"a.b.", b"none", b""), 1);
        assert_eq!(verified(b"a.b", b"HS256", b""), INVALID_TOKEN);
        assert_eq!(verified(TOKEN, b"RS256", b""), UNMANAGED_ALGORITHM);
        assert_eq!(verified(TOKEN, b"HS1", b""), UNKNOWN_ALGORITHM);
    }
}
