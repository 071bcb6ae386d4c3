//! Hash functions and digests.

use balance::hash::{self, avalanche};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use xxhash_rust::{
    xxh3::xxh3_64_with_seed, xxh32::xxh32 as hash_xxh32, xxh64::xxh64 as hash_xxh64,
};

use crate::arg::{Arg, ArgKind, Args};
use crate::base64::{self, Alphabet};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value, cast};

use super::algorithm::{self, Algorithm};
use super::{bin, bytes, int};

const BIN: Type = Type::Bin;
const INT: Type = Type::Int;
const NUMBER: &[ArgKind] = &[ArgKind::Int];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("crc32", BIN, INT, crc32, "the CRC-32").args(0, NUMBER),
    ConvertEntry::new("crc32c", BIN, INT, crc32c, "the CRC-32C").args(0, NUMBER),
    ConvertEntry::new("digest", BIN, BIN, digest, "a digest by the name of its algorithm")
        .args(1, &[ArgKind::Str])
        .check(check_algorithm),
    ConvertEntry::new("djb2", BIN, INT, djb2, "Bernstein's hash").args(0, NUMBER),
    ConvertEntry::new("hmac", BIN, BIN, hmac, "a keyed digest; the key in base 64")
        .args(2, &[ArgKind::Str, ArgKind::StrOrVar])
        .check(check_hmac),
    ConvertEntry::new("sdbm", BIN, INT, sdbm, "the hash of the sdbm library").args(0, NUMBER),
    ConvertEntry::new("sha1", BIN, BIN, sha1, "the SHA-1 digest"),
    ConvertEntry::new("sha2", BIN, BIN, sha2, "the SHA-2 digest of 256, or as many, bits")
        .args(0, NUMBER)
        .check(check_bits),
    ConvertEntry::new("wt6", BIN, INT, wt6, "the hash wt6").args(0, NUMBER),
    ConvertEntry::new("xxh3", BIN, INT, xxh3, "XXH3, 64 bits").args(0, NUMBER),
    ConvertEntry::new("xxh32", BIN, INT, xxh32, "XXH32").args(0, NUMBER),
    ConvertEntry::new("xxh64", BIN, INT, xxh64, "XXH64").args(0, NUMBER),
];

/// A 32-bit hash; an argument other than 0 mixes it once more.
fn mixed<'a>(hash: u32, args: &Args) -> Sample<'a> {
    let mix = args.int(0).is_some_and(|argument| argument != 0);
    int(i64::from(if mix { avalanche(hash) } else { hash }))
}

fn crc32<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    mixed(hash::crc32(&bytes(value)), args)
}

fn crc32c<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    mixed(crate::hash::crc32c(&bytes(value)), args)
}

fn djb2<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    mixed(hash::djb2(&bytes(value)), args)
}

fn sdbm<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    mixed(hash::sdbm(&bytes(value)), args)
}

fn wt6<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    mixed(hash::wt6(&bytes(value)), args)
}

fn seed(args: &Args) -> u64 {
    args.int(0).unwrap_or(0) as u64
}

fn xxh32<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(i64::from(hash_xxh32(&bytes(value), seed(args) as u32)))
}

fn xxh64<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(hash_xxh64(&bytes(value), seed(args)) as i64)
}

fn xxh3<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(xxh3_64_with_seed(&bytes(value), seed(args)) as i64)
}

fn sha1<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bin(Sha1::digest(bytes(value)).to_vec())
}

fn check_bits(args: &mut Args) -> Result<(), (usize, String)> {
    match args.int(0) {
        None | Some(224 | 256 | 384 | 512) => Ok(()),
        Some(_) => Err((0, String::from("`sha2` has 224, 256, 384 or 512 bits"))),
    }
}

fn sha2<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let data = bytes(value);
    bin(match args.int(0) {
        Some(224) => Sha224::digest(data).to_vec(),
        Some(384) => Sha384::digest(data).to_vec(),
        Some(512) => Sha512::digest(data).to_vec(),
        _ => Sha256::digest(data).to_vec(),
    })
}

fn check_algorithm(args: &mut Args) -> Result<(), (usize, String)> {
    let name = args.str(0).unwrap_or_default();
    if Algorithm::of(name).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = algorithm::names().collect();
    let name = String::from_utf8_lossy(name);
    Err((0, format!("`{name}` is no digest: {}", known.join(", "))))
}

/// The key is decoded once.
fn check_hmac(args: &mut Args) -> Result<(), (usize, String)> {
    check_algorithm(args)?;
    if let Some(key) = args.str(1) {
        let key = base64::decode(key, Alphabet::Standard);
        let key = key.ok_or((1, String::from("the key is not in base 64")))?;
        args.0[1] = Arg::Str(key);
    }
    Ok(())
}

fn digest<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let algorithm = args.str(0).and_then(Algorithm::of);
    algorithm.and_then(|known| known.digest(&bytes(value))).map_or(Sample::Missing, bin)
}

fn hmac<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let data = bytes(value);
    let key = match args.at(1) {
        Arg::Str(key) => Some(key.clone()),
        Arg::Var(id) => {
            let text = ctx.vars.read(*id).and_then(|value| cast(value, Type::Str)).map(bytes);
            text.and_then(|text| base64::decode(&text, Alphabet::Standard))
        }
        _ => None,
    };
    let (Some(key), Some(algorithm)) = (key, args.str(0).and_then(Algorithm::of)) else {
        return Sample::Missing;
    };
    algorithm.mac(&key, &data).map_or(Sample::Missing, bin)
}

/// A keyed digest by the name of its algorithm.
pub(super) fn mac(algorithm: &[u8], key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    Algorithm::of(algorithm)?.mac(key, data)
}
