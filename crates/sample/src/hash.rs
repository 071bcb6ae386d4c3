//! The hash that servers are never chosen by; the others are in [`balance::hash`].

use balance::hash::{crc, crc_table};

/// CRC-32C, the Castagnoli polynomial (RFC 9260 appendix A).
pub(crate) fn crc32c(key: &[u8]) -> u32 {
    crc(key, &CRC32C)
}

static CRC32C: [u32; 256] = crc_table(0x82f6_3b78);
