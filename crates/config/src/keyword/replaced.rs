//! Keywords that the manual calls deprecated, and those that take their place.

/// The keyword to write instead of `word`, one of the `noun`s, from HAProxy 3.0 on.
///
/// Only those that mean the same in other words: a cure puts the one in the place of the other.
pub(crate) fn by(noun: &str, word: &str) -> Option<&'static str> {
    Some(match (noun, word) {
        ("option", "accept-invalid-http-request") => "accept-unsafe-violations-in-http-request",
        ("option", "accept-invalid-http-response") => "accept-unsafe-violations-in-http-response",
        ("action", "set-mark") => "set-fc-mark",
        ("action", "set-tos") => "set-fc-tos",
        ("keyword", "tune.ssl.capture-cipherlist-size") => "tune.ssl.capture-buffer-size",
        ("keyword", "tune.ssl.ocsp-update.maxdelay") => "ocsp-update.maxdelay",
        ("keyword", "tune.ssl.ocsp-update.mindelay") => "ocsp-update.mindelay",
        _ => return None,
    })
}
