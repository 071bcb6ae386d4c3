//! Encryption: AES in the modes CBC and GCM, with keys of 128, 192 or 256 bits.
//!
//! Key, nonce, tag and associated data are in base 64. Nonces of GCM have 12 or 16 bytes, those of CBC are filled
//! with zeros; CBC has no associated data, what is given for it counts for nothing.

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aes::{Aes128, Aes192, Aes256};
use aes_gcm::{AeadInOut, AesGcm, KeyInit};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use cbc::{Decryptor, Encryptor};

use crate::arg::{Arg, ArgKind, Args};
use crate::base64::{self, Alphabet};
use crate::registry::ConvertEntry;
use crate::{Context, Effect, Sample, Type, Value, cast};

use super::{bin, bytes};

const BIN: Type = Type::Bin;
const TEXT: ArgKind = ArgKind::StrOrVar;
const CBC: &[ArgKind] = &[ArgKind::Int, TEXT, TEXT, TEXT];
const GCM: &[ArgKind] = &[ArgKind::Int, TEXT, TEXT, TEXT, TEXT];
const GCM_ENC: &[ArgKind] = &[ArgKind::Int, TEXT, TEXT, ArgKind::Var, TEXT];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("aes_cbc_dec", BIN, BIN, cbc_dec, "decrypted by AES-CBC")
        .args(3, CBC)
        .check(check),
    ConvertEntry::new("aes_cbc_enc", BIN, BIN, cbc_enc, "encrypted by AES-CBC")
        .args(3, CBC)
        .check(check),
    ConvertEntry::new(
        "aes_gcm_dec",
        BIN,
        BIN,
        gcm_dec,
        "decrypted by AES-GCM, when its tag is right",
    )
    .args(4, GCM)
    .check(check),
    ConvertEntry::new(
        "aes_gcm_enc",
        BIN,
        BIN,
        gcm_enc,
        "encrypted by AES-GCM, its tag in a variable",
    )
    .args(4, GCM_ENC)
    .check(check),
];

/// What is written is decoded once.
fn check(args: &mut Args) -> Result<(), (usize, String)> {
    if !matches!(args.int(0), Some(128 | 192 | 256)) {
        return Err((0, String::from("AES has keys of 128, 192 or 256 bits")));
    }
    for at in 1..args.0.len() {
        if let Some(text) = args.str(at) {
            let decoded = base64::decode(text, Alphabet::Standard);
            args.0[at] = Arg::Str(decoded.ok_or((at, String::from("this is not in base 64")))?);
        }
    }
    Ok(())
}

fn read(arg: &Arg, ctx: &Context<'_>) -> Option<Vec<u8>> {
    match arg {
        Arg::Str(text) => Some(text.clone()),
        Arg::Var(id) => {
            let text = bytes(cast(ctx.vars.read(*id)?, Type::Str)?);
            base64::decode(&text, Alphabet::Standard)
        }
        _ => Some(Vec::new()),
    }
}

fn cbc_parts(args: &Args, ctx: &Context<'_>) -> Option<(i64, Vec<u8>, Vec<u8>)> {
    let mut nonce = read(args.at(1), ctx)?;
    nonce.resize(16, 0);
    Some((args.int(0)?, nonce, read(args.at(2), ctx)?))
}

fn cbc_enc<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let Some((bits, nonce, key)) = cbc_parts(args, ctx) else { return Sample::Missing };
    let text = bytes(value);
    let done = match bits {
        128 => Encryptor::<Aes128>::new_from_slices(&key, &nonce)
            .map(|aes| aes.encrypt_padded_vec::<Pkcs7>(&text)),
        192 => Encryptor::<Aes192>::new_from_slices(&key, &nonce)
            .map(|aes| aes.encrypt_padded_vec::<Pkcs7>(&text)),
        _ => Encryptor::<Aes256>::new_from_slices(&key, &nonce)
            .map(|aes| aes.encrypt_padded_vec::<Pkcs7>(&text)),
    };
    done.map_or(Sample::Missing, bin)
}

fn cbc_dec<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let Some((bits, nonce, key)) = cbc_parts(args, ctx) else { return Sample::Missing };
    let text = bytes(value);
    let done = match bits {
        128 => Decryptor::<Aes128>::new_from_slices(&key, &nonce)
            .ok()
            .and_then(|aes| aes.decrypt_padded_vec::<Pkcs7>(&text).ok()),
        192 => Decryptor::<Aes192>::new_from_slices(&key, &nonce)
            .ok()
            .and_then(|aes| aes.decrypt_padded_vec::<Pkcs7>(&text).ok()),
        _ => Decryptor::<Aes256>::new_from_slices(&key, &nonce)
            .ok()
            .and_then(|aes| aes.decrypt_padded_vec::<Pkcs7>(&text).ok()),
    };
    done.map_or(Sample::Missing, bin)
}

/// Which way, and for the way back the tag to check.
enum Way {
    Encrypt,
    Decrypt([u8; 16]),
}

/// The text in place; gives the tag.
fn gcm(
    bits: i64,
    key: &[u8],
    nonce: &[u8],
    associated: &[u8],
    text: &mut [u8],
    way: &Way,
) -> Option<[u8; 16]> {
    fn run<C: AeadInOut<TagSize = U16> + KeyInit>(
        key: &[u8],
        nonce: &[u8],
        associated: &[u8],
        text: &mut [u8],
        way: &Way,
    ) -> Option<[u8; 16]> {
        let cipher = C::new_from_slice(key).ok()?;
        let nonce = nonce.try_into().ok()?;
        match way {
            Way::Encrypt => {
                cipher.encrypt_inout_detached(nonce, associated, text.into()).ok().map(Into::into)
            }
            Way::Decrypt(tag) => cipher
                .decrypt_inout_detached(nonce, associated, text.into(), &(*tag).into())
                .ok()
                .map(|()| *tag),
        }
    }
    match (bits, nonce.len()) {
        (128, 12) => run::<AesGcm<Aes128, U12>>(key, nonce, associated, text, way),
        (192, 12) => run::<AesGcm<Aes192, U12>>(key, nonce, associated, text, way),
        (256, 12) => run::<AesGcm<Aes256, U12>>(key, nonce, associated, text, way),
        (128, 16) => run::<AesGcm<Aes128, U16>>(key, nonce, associated, text, way),
        (192, 16) => run::<AesGcm<Aes192, U16>>(key, nonce, associated, text, way),
        (256, 16) => run::<AesGcm<Aes256, U16>>(key, nonce, associated, text, way),
        _ => None,
    }
}

fn gcm_enc<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value).into_owned();
    let part = |at| read(args.at(at), ctx);
    let (Some(nonce), Some(key), Some(associated)) = (part(1), part(2), part(4)) else {
        return Sample::Missing;
    };
    let bits = args.int(0).unwrap_or(0);
    let tag = gcm(bits, &key, &nonce, &associated, &mut text, &Way::Encrypt);
    let (Some(tag), Arg::Var(id)) = (tag, args.at(3)) else { return Sample::Missing };
    let tag = base64::encode(&tag, Alphabet::Standard);
    ctx.vars.leave(Effect::Set(*id, Value::Str(tag.into())));
    bin(text)
}

fn gcm_dec<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let mut text = bytes(value).into_owned();
    let part = |at| read(args.at(at), ctx);
    let tag = part(3).and_then(|tag| <[u8; 16]>::try_from(tag.as_slice()).ok());
    let (Some(nonce), Some(key), Some(tag), Some(associated)) = (part(1), part(2), tag, part(4))
    else {
        return Sample::Missing;
    };
    let bits = args.int(0).unwrap_or(0);
    let done = gcm(bits, &key, &nonce, &associated, &mut text, &Way::Decrypt(tag));
    done.map_or(Sample::Missing, |_| bin(text))
}
