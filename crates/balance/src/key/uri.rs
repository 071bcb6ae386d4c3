//! `balance uri`: the left part of the URI, or as much of it as the options want.

/// The options of `balance uri` (manual 4.2, `balance`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uri {
    /// `len`: only so many bytes; 0 is no limit.
    pub len: usize,
    /// `depth`: only so many directories; 0 is no limit.
    pub depth: usize,
    /// `whole`: the query belongs to the key.
    pub whole: bool,
    /// `path-only`: the key starts at the path, not at the scheme.
    pub path_only: bool,
}

impl Uri {
    /// The key in a request target as HAProxy hands it on: it is the caller who takes the default
    /// port out of `http://host:80/`, which HAProxy does before it balances.
    ///
    /// With `path-only` it is empty when the target has no path (`OPTIONS *`, `CONNECT host:port`).
    #[must_use]
    pub fn key<'a>(&self, target: &'a [u8]) -> &'a [u8] {
        let start = if self.path_only { path(target).unwrap_or_default() } else { target };
        let limit = if self.len == 0 { start.len() } else { self.len.min(start.len()) };
        let mut slashes = 0;
        let ends = |byte: &u8| match byte {
            b'?' => !self.whole,
            b'/' => {
                slashes += 1;
                // The slash that opens the path is not a directory yet.
                self.depth > 0 && slashes > self.depth
            }
            _ => false,
        };
        let end = start.iter().take(limit).position(ends).unwrap_or(limit);
        &start[..end]
    }
}

/// The target from its path on.
fn path(target: &[u8]) -> Option<&[u8]> {
    if target.first() == Some(&b'/') {
        return Some(target);
    }
    let scheme = target.windows(3).position(|three| three == b"://")?;
    let authority = target.get(scheme + 3..)?;
    let path = authority.iter().position(|byte| *byte == b'/')?;
    authority.get(path..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(options: Uri, target: &str, expected: &str) {
        assert_eq!(str::from_utf8(options.key(target.as_bytes())).unwrap(), expected);
    }

    #[test]
    fn the_key_is_the_part_before_the_question_mark() {
        check(Uri::default(), "/a/b?c=d", "/a/b");
        check(Uri::default(), "http://h/a?c", "http://h/a");
        check(Uri::default(), "*", "*");
        check(Uri { whole: true, ..Uri::default() }, "/a/b?c=d", "/a/b?c=d");
    }

    #[test]
    fn len_and_depth_shorten_it_and_the_shorter_wins() {
        check(Uri { len: 3, ..Uri::default() }, "/a/b", "/a/");
        check(Uri { len: 99, ..Uri::default() }, "/a/b", "/a/b");
        check(Uri { depth: 1, ..Uri::default() }, "/a/b/c", "/a");
        check(Uri { depth: 2, ..Uri::default() }, "/a/b/c", "/a/b");
        check(Uri { depth: 2, len: 2, ..Uri::default() }, "/a/b/c", "/a");
        check(Uri { depth: 1, whole: true, ..Uri::default() }, "/a?b/c", "/a?b");
    }

    #[test]
    fn path_only_leaves_scheme_and_authority_out() {
        let path_only = Uri { path_only: true, ..Uri::default() };
        check(path_only, "http://h:80/a/b?c", "/a/b");
        check(path_only, "/a/b?c", "/a/b");
        check(path_only, "*", "");
        check(path_only, "h:80", "");
    }
}
