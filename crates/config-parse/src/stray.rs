//! Bytes that are no UTF-8 inside of words, which are text: each is one character of a private range.
//!
//! HAProxy's words are bytes. Most of them are text, so they are text here; `\xE9` and bytes of a file in
//! another encoding are kept as the last characters of Unicode's last private plane, and become bytes again
//! where a word is compared or sent.

use std::borrow::Cow;

/// U+10FF00 and the byte make its character, U+10FF80 to U+10FFFF.
const BASE: u32 = 0x10_ff00;

/// The character that stands for a byte; the byte itself when it is ASCII.
pub fn character(byte: u8) -> char {
    match byte.is_ascii() {
        true => char::from(byte),
        // Every value up to U+10FFFF that is no surrogate is a character.
        false => char::from_u32(BASE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

/// The byte that a character stands for.
fn byte(character: char) -> Option<u8> {
    let offset = u32::from(character).checked_sub(BASE)?;
    u8::try_from(offset).ok().filter(|byte| !byte.is_ascii())
}

/// Bytes as text: UTF-8 as it is, each other byte as its character.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| character(*byte)));
    }
    Cow::Owned(text)
}

/// The bytes that a text stands for.
pub fn bytes(text: &str) -> Cow<'_, [u8]> {
    // All of these characters begin with this byte in UTF-8, and hardly anything else does.
    if !text.as_bytes().contains(&0xf4) || !text.chars().any(|c| byte(c).is_some()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match byte(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// The text with `\xHH` in place of each such character: how regular expressions write them.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| byte(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let escape = |character| match byte(character) {
        Some(byte) => format!("\\x{byte:02x}"),
        None => String::from(character),
    };
    Cow::Owned(text.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(&*bytes(&text(&all)), all);
        let mixed = b"caf\xe9 caf\xc3\xa9 \xff\xf4\x8f\xbf";
        assert_eq!(&*bytes(&text(mixed)), mixed);
    }

    #[test]
    fn text_is_left_alone() {
        for plain in ["", "a", "café", "\u{10fe00}", "\u{fffd}"] {
            assert!(matches!(text(plain.as_bytes()), Cow::Borrowed(same) if same == plain));
            assert_eq!(&*bytes(plain), plain.as_bytes());
        }
    }

    #[test]
    fn an_expression_sees_them_as_escapes() {
        assert_eq!(escaped(&text(b"a\xe9+b")), "a\\xe9+b");
    }
}
