//! From a key to 32 bits: the functions of `hash-type`, and the `avalanche` modifier.
//!
//! The sample converters `sdbm`, `djb2`, `wt6` and `crc32` of HAProxy compute the same numbers, so
//! the tests hold values that HAProxy printed.

use std::net::IpAddr;

use crate::pick::Key;
use crate::spec::{HashFunction, HashType};

/// The hash of `key` as `hash-type` says.
pub(crate) fn hash(kind: HashType, key: Key<'_>) -> u32 {
    let raw = match key {
        Key::Bytes(bytes) => match kind.function {
            HashFunction::Sdbm => sdbm(bytes),
            HashFunction::Djb2 => djb2(bytes),
            HashFunction::Wt6 => wt6(bytes),
            HashFunction::Crc32 => crc32(bytes),
            HashFunction::None => number(bytes),
        },
        Key::Source(address) => source(address),
    };
    if kind.avalanche { avalanche(raw) } else { raw }
}

/// `balance source` folds the address into one word.
// Quirk: the function of `hash-type` is not used for addresses; `avalanche` is.
fn source(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(v4) => v4.to_bits(),
        IpAddr::V6(v6) => {
            let bits = v6.to_bits();
            [96, 64, 32, 0].into_iter().fold(0, |sum, shift| sum ^ (bits >> shift) as u32)
        }
    }
}

/// Scatters the bytes of an address for `hash-key addr` and `addr-port`.
pub(crate) fn of_address(bytes: &[u8]) -> u32 {
    avalanche(crc32(bytes))
}

/// The public-domain hash of the sdbm library: multiply by 65599, add the byte.
pub fn sdbm(key: &[u8]) -> u32 {
    key.iter().fold(0, |hash: u32, byte| hash.wrapping_mul(65_599).wrapping_add(u32::from(*byte)))
}

/// Dan Bernstein's hash: multiply by 33, add the byte.
pub fn djb2(key: &[u8]) -> u32 {
    key.iter().fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}

/// Two words, each stirred with every byte and rotated by counts that the words themselves choose.
pub fn wt6(key: &[u8]) -> u32 {
    let (mut left, mut right) = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let (mut turn_right, mut turn_left) = (6, 18);
    for byte in key.iter().copied().map(u32::from) {
        let stirred_left = !(left ^ byte);
        let stirred_right = !right.wrapping_add(byte);
        left = stirred_right.rotate_left(turn_right);
        right = stirred_left.rotate_left(turn_left);
        let choice = ((left >> 16) ^ right) & 0xffff;
        (turn_right, turn_left) = (choice & 31, choice >> 11);
    }
    left ^ right
}

/// CRC-32 with the reversed polynomial 0xEDB88320 (ISO 3309, ITU-T V.42).
pub fn crc32(key: &[u8]) -> u32 {
    crc(key, &CRC32)
}

static CRC32: [u32; 256] = crc_table(0xedb8_8320);

/// The CRC of 32 reversed bits whose polynomial made the table.
pub fn crc(key: &[u8], table: &[u32; 256]) -> u32 {
    !key.iter()
        .fold(u32::MAX, |crc, byte| table[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8))
}

/// The table of a reversed polynomial, for [`crc`].
pub const fn crc_table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { polynomial ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// `hash-type ... none`: the decimal number at the start of the key, modulo 2^32; 0 without one.
fn number(key: &[u8]) -> u32 {
    let (negative, digits) = match key.trim_ascii_start() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let value = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0_u32, |sum, digit| sum.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
    if negative { value.wrapping_neg() } else { value }
}

/// Bob Jenkins' full-avalanche mix of one word (burtleburtle.net/bob/hash/integer.html), then a
/// multiplication by 3 * 2^30 + 1 that spreads neighbours over the ring.
///
/// Also places the points of the consistent ring. It maps no two words to the same one.
pub fn avalanche(word: u32) -> u32 {
    let a = word.wrapping_add(0x7ed5_5d16).wrapping_add(word << 12);
    let a = a ^ 0xc761_c23c ^ (a >> 19);
    let a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    let a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    let a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    let a = a ^ 0xb55a_4f09 ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, raw: [u32; 4], mixed: [u32; 4]) {
        let functions =
            [HashFunction::Sdbm, HashFunction::Djb2, HashFunction::Wt6, HashFunction::Crc32];
        for (at, function) in functions.into_iter().enumerate() {
            for (avalanche, expected) in [(false, raw[at]), (true, mixed[at])] {
                let kind = HashType { function, avalanche, ..HashType::default() };
                let got = hash(kind, Key::Bytes(key.as_bytes()));
                assert_eq!(got, expected, "{function:?} avalanche={avalanche} of {key:?}");
            }
        }
    }

    #[test]
    fn hashes_are_the_numbers_that_haproxy_prints() {
        check(
            "a",
            [97, 177_670, 1_900_802_597, 3_904_355_907],
            [1_830_748_055, 3_548_763_807, 1_986_649_387, 1_288_200_982],
        );
        check(
            "ab",
            [6_363_201, 5_863_208, 314_091_001, 2_659_403_885],
            [3_352_188_731, 282_820_760, 988_008_184, 854_450_000],
        );
        check(
            "hello-world",
            [971_994_359, 1_403_312_366, 2_238_057_508, 2_983_461_467],
            [758_954_906, 2_633_604_929, 1_142_189_580, 2_033_588_571],
        );
        check(
            "0123456789abcdef",
            [3_183_779_144, 3_574_071_943, 3_993_543_035, 1_757_737_011],
            [955_458_673, 3_691_078_465, 2_840_862_770, 4_040_127_996],
        );
    }

    #[test]
    fn an_address_is_folded_into_one_word() {
        assert_eq!(source("1.2.3.4".parse().unwrap()), 0x0102_0304);
        assert_eq!(
            source("1:2:3:4:5:6:7:8".parse().unwrap()),
            0x0001_0002 ^ 0x0003_0004 ^ 0x0005_0006 ^ 0x0007_0008
        );
    }

    #[test]
    fn without_a_function_the_key_is_the_number() {
        for (key, expected) in
            [("42", 42), (" 7x", 7), ("", 0), ("x", 0), ("4294967297", 1), ("-1", u32::MAX)]
        {
            assert_eq!(number(key.as_bytes()), expected, "{key:?}");
        }
    }
}
