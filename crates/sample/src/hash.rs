//! Hash functions over bytes, with HAProxy's numbers (the crate `balance` holds the same for servers).

/// The sdbm library's hash.
pub(crate) fn sdbm(key: &[u8]) -> u32 {
    key.iter().fold(0, |hash: u32, byte| hash.wrapping_mul(65_599).wrapping_add(u32::from(*byte)))
}

/// Dan Bernstein's hash.
pub(crate) fn djb2(key: &[u8]) -> u32 {
    key.iter().fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}

/// Two words, each stirred with every byte and rotated by counts that the words themselves choose.
pub(crate) fn wt6(key: &[u8]) -> u32 {
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

/// CRC-32 with the reversed polynomial 0xEDB88320 (ISO 3309).
pub(crate) fn crc32(key: &[u8]) -> u32 {
    crc(key, &CRC32)
}

/// CRC-32C, the Castagnoli polynomial (RFC 9260 appendix A).
pub(crate) fn crc32c(key: &[u8]) -> u32 {
    crc(key, &CRC32C)
}

fn crc(key: &[u8], table: &[u32; 256]) -> u32 {
    !key.iter()
        .fold(u32::MAX, |crc, byte| table[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8))
}

static CRC32: [u32; 256] = crc_table(0xedb8_8320);
static CRC32C: [u32; 256] = crc_table(0x82f6_3b78);

const fn crc_table(polynomial: u32) -> [u32; 256] {
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

/// Bob Jenkins' full-avalanche mix of one word, then a multiplication by 3 * 2^30 + 1.
pub(crate) fn avalanche(word: u32) -> u32 {
    let a = word.wrapping_add(0x7ed5_5d16).wrapping_add(word << 12);
    let a = a ^ 0xc761_c23c ^ (a >> 19);
    let a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    let a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    let a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    let a = a ^ 0xb55a_4f09 ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}
