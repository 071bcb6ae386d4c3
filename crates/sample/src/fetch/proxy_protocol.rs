//! The client's PROXY header and what went wrong before a session began (manual 7.3.3).

use crate::arg::{Arg, ArgKind, Args};
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Fact, FactValue, Sample, Type};

use super::{fact, int, text};

const CLIENT: Places = Places::CLIENT;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.3",
    entries: &[
        FetchEntry::new("fc_err", Type::Int, CLIENT, error, "0: no error"),
        FetchEntry::new("fc_err_name", Type::Str, CLIENT, error_name, "its name, if any"),
        FetchEntry::new("fc_err_str", Type::Str, CLIENT, error_text, "its message"),
        FetchEntry::new("fc_pp_authority", Type::Str, CLIENT, authority, "the host it tells"),
        FetchEntry::new("fc_pp_tlv", Type::Str, Places::SESSION, any, "a value by its type")
            .args(1, &[ArgKind::Str]),
        FetchEntry::new("fc_pp_unique_id", Type::Str, CLIENT, unique_id, "the id it tells"),
        FetchEntry::new("fc_rcvd_proxy", Type::Bool, CLIENT, received, "PROXY was received"),
    ],
};

const AUTHORITY: u8 = 0x02;
const UNIQUE_ID: u8 = 0x05;

/// The names that `fc_pp_tlv` takes (section 2.2 of the protocol).
const TYPES: &[(&str, u8)] = &[
    ("ALPN", 0x01),
    ("AUTHORITY", AUTHORITY),
    ("CRC32C", 0x03),
    ("NOOP", 0x04),
    ("UNIQUE_ID", UNIQUE_ID),
    ("SSL", 0x20),
    ("SSL_VERSION", 0x21),
    ("SSL_CN", 0x22),
    ("SSL_CIPHER", 0x23),
    ("SSL_SIG_ALG", 0x24),
    ("SSL_KEY_ALG", 0x25),
    ("NETNS", 0x30),
];

/// Reads the type once: a number, also in hexadecimal, or a name.
pub(super) fn read_tlv(args: &mut Args) -> Result<(), String> {
    let word = args.str(0).map(|word| String::from_utf8_lossy(word).into_owned());
    let word = word.unwrap_or_default();
    let number = match word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        Some(digits) => u8::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    };
    let named = TYPES.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
    let Some(number) = number.or(named) else {
        return Err(format!("`{word}` is no type of a TLV"));
    };
    if let Some(first) = args.0.first_mut() {
        *first = Arg::Int(i64::from(number));
    }
    Ok(())
}

fn any<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let kind = args.int(0).and_then(|kind| u8::try_from(kind).ok()).unwrap_or(0);
    fact(ctx, Fact::ProxyTlv(kind))
}

fn authority<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ProxyTlv(AUTHORITY))
}

fn unique_id<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ProxyTlv(UNIQUE_ID))
}

fn received<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::ReceivedProxy)
}

/// HAProxy's number, name and words for what can go wrong before a session.
const ERRORS: &[(i64, &str, &str)] = &[
    (11, "PRX_EMPTY", "Connection closed while waiting for PROXY protocol header"),
    (12, "PRX_ABORT", "Connection error while waiting for PROXY protocol header"),
    (13, "PRX_TIMEOUT", "Timeout while waiting for PROXY protocol header"),
    (14, "PRX_TRUNCATED", "Truncated PROXY protocol header received"),
    (15, "PRX_NOT_HDR", "Received something which does not look like a PROXY protocol header"),
    (16, "PRX_BAD_HDR", "Received an invalid PROXY protocol header"),
    (17, "PRX_BAD_PROTO", "Received an unhandled protocol in the PROXY protocol header"),
];

fn number(ctx: &Context<'_>) -> i64 {
    match ctx.facts.read(Fact::ConnectionError) {
        Some(FactValue::Int(number)) => number,
        _ => 0,
    }
}

fn known(ctx: &Context<'_>) -> Option<&'static (i64, &'static str, &'static str)> {
    let number = number(ctx);
    ERRORS.iter().find(|(known, ..)| *known == number)
}

fn error<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    int(number(ctx))
}

fn error_name<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    known(ctx).map_or(Sample::Missing, |(_, name, _)| text(name.as_bytes()))
}

fn error_text<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    known(ctx).map_or(text(b"Success"), |(.., words)| text(words.as_bytes()))
}
