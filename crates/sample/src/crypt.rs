//! Password hashes of crypt(3), as `user ... password` has them.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

/// Whether a hash is of a kind that is built: `$1$` (MD5), `$5$` (SHA-256), `$6$` (SHA-512).
pub fn supports(hash: &str) -> bool {
    ["$1$", "$5$", "$6$"].iter().any(|kind| hash.starts_with(kind))
}

/// Whether the password has this hash; `false` for kinds that are not built.
pub(crate) fn verify(password: &[u8], hash: &str) -> bool {
    match hash.split_at_checked(3) {
        Some(("$1$", rest)) => verify_md5(password, rest),
        Some(("$5$", rest)) => verify_sha::<Sha256>(password, rest, sha256_text),
        Some(("$6$", rest)) => verify_sha::<Sha512>(password, rest, sha512_text),
        _ => false,
    }
}

/// `[rounds=N$]salt$digest` of the SHA kinds (Drepper, "Unix crypt using SHA-256 and SHA-512").
fn verify_sha<D: Digest>(password: &[u8], rest: &str, text: fn(&[u8]) -> Vec<u8>) -> bool {
    let (rounds, rest) = match rest.strip_prefix("rounds=").and_then(|rest| rest.split_once('$')) {
        Some((rounds, rest)) => (rounds.parse().unwrap_or(5000), rest),
        None => (5000_u32, rest),
    };
    let Some((salt, kept)) = rest.split_once('$') else { return false };
    let salt = salt.as_bytes().get(..16).unwrap_or(salt.as_bytes());
    let digest = sha_digest::<D>(password, salt, rounds.clamp(1000, 999_999_999));
    crate::fetch::same(&text(&digest), kept.as_bytes())
}

fn sha_digest<D: Digest>(password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let woven =
        D::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut first = D::new().chain_update(password).chain_update(salt);
    first.update(repeat(&woven, password.len()));
    let mut bits = password.len();
    while bits > 0 {
        first.update(if bits & 1 == 1 { &woven[..] } else { password });
        bits >>= 1;
    }
    let mut digest = first.finalize();
    let of_password = D::digest(password.repeat(password.len()));
    let of_password = repeat(&of_password, password.len());
    let salts = 16 + usize::from(digest.first().copied().unwrap_or(0));
    let of_salt = repeat(&D::digest(salt.repeat(salts)), salt.len());
    for round in 0..rounds {
        let odd = round % 2 == 1;
        let mut next = D::new();
        next.update(if odd { &of_password[..] } else { &digest[..] });
        if round % 3 != 0 {
            next.update(&of_salt);
        }
        if round % 7 != 0 {
            next.update(&of_password);
        }
        next.update(if odd { &digest[..] } else { &of_password[..] });
        digest = next.finalize();
    }
    digest.to_vec()
}

/// The bytes, again and again, up to a length.
fn repeat(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes.iter().copied().cycle().take(length).collect()
}

/// Three bytes ten apart in each group, turned right by one from group to group.
fn sha256_text(digest: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(43);
    for group in 0..10 {
        let mut bytes = [group, group + 10, group + 20];
        bytes.rotate_right(group % 3);
        push_digits(&bytes.map(|at| digest.get(at).copied().unwrap_or(0)), 4, &mut text);
    }
    let last = [31, 30].map(|at| digest.get(at).copied().unwrap_or(0));
    push_digits(&last, 3, &mut text);
    text
}

/// Three bytes 21 apart in each group, turned left by one from group to group.
fn sha512_text(digest: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(86);
    for group in 0..21 {
        let mut bytes = [group, group + 21, group + 42];
        bytes.rotate_left(group % 3);
        push_digits(&bytes.map(|at| digest.get(at).copied().unwrap_or(0)), 4, &mut text);
    }
    push_digits(digest.get(63..).unwrap_or_default(), 2, &mut text);
    text
}

/// Bytes in crypt's own base 64, low bits first.
fn push_digits(bytes: &[u8], digits: usize, text: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut word = bytes.iter().fold(0, |word, byte| (word << 8) | u32::from(*byte));
    for _ in 0..digits {
        text.push(DIGITS[(word & 63) as usize]);
        word >>= 6;
    }
}

/// `salt$digest` of the MD5 kind.
fn verify_md5(password: &[u8], rest: &str) -> bool {
    let Some((salt, kept)) = rest.split_once('$') else { return false };
    let salt = salt.as_bytes().get(..8).unwrap_or(salt.as_bytes());
    let digest = md5_digest(password, salt);
    crate::fetch::same(&md5_text(&digest), kept.as_bytes())
}

/// FreeBSD's construction: two digests woven together, then a thousand rounds.
fn md5_digest(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let woven = Md5::new().chain_update(password).chain_update(salt).chain_update(password);
    let woven: [u8; 16] = woven.finalize().into();
    let mut first = Md5::new().chain_update(password).chain_update(b"$1$").chain_update(salt);
    for at in (0..password.len()).step_by(16) {
        let length = (password.len() - at).min(16);
        first.update(woven.get(..length).unwrap_or_default());
    }
    let mut bits = password.len();
    while bits > 0 {
        first.update(if bits & 1 == 1 { &[0][..] } else { password.get(..1).unwrap_or_default() });
        bits >>= 1;
    }
    let mut digest: [u8; 16] = first.finalize().into();
    for round in 0..1000 {
        let odd = round % 2 == 1;
        let mut next = Md5::new();
        next.update(if odd { password } else { &digest[..] });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if odd { &digest[..] } else { password });
        digest = next.finalize().into();
    }
    digest
}

/// The digest's bytes in the order of the MD5 kind.
fn md5_text(digest: &[u8; 16]) -> Vec<u8> {
    const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    let mut text = Vec::with_capacity(22);
    for group in ORDER {
        push_digits(&group.map(|at| digest[at]), 4, &mut text);
    }
    push_digits(&[digest[11]], 2, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_fit_the_hashes_that_openssl_makes() {
        // openssl passwd -1|-5|-6 -salt saltsalt "pass word"
        for hash in HASHES {
            assert!(verify(b"pass word", hash), "{hash}");
            assert!(!verify(b"pass wore", hash), "{hash}");
        }
        assert!(!verify(b"x", "$2y$05$abc") && !supports("$2y$05$abc"));
    }

    const HASHES: &[&str] = &[
        "$1$saltsalt$1K7dkhtbTNVUwUicA5kOT1",
        "$5$saltsalt$9Wp9Qw4Ze8Jxq5F1Z3UnS47KFhc8AqhCRyxFDa8e660",
        "$6$saltsalt$cc1KsgmlKYtCcnNH8.sv7Fe8mca8fAso5fHlNrb1VZa5WYQ.L3ChTcx06ID.LoaXZAf9CZNraK43XCp7LxKHl1",
    ];
}
