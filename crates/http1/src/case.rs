//! The case of header names on the wire, for peers that do not read them in any case (`h1-case-adjust`).

use std::collections::HashMap;

/// Names in lower case, each with the case in which it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseMap {
    names: HashMap<Box<[u8]>, Box<[u8]>>,
}

impl CaseMap {
    /// Sends the name `from` as `to`; `false` when it was given before, or they differ in more than case.
    pub fn add(&mut self, from: &[u8], to: &[u8]) -> bool {
        let fits = from.eq_ignore_ascii_case(to) && !self.names.contains_key(from);
        if fits {
            self.names.insert(from.into(), to.into());
        }
        fits
    }

    /// Whether there is no name at all.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Gives the names of a written head or of written trailers their case. A start line has no name to find.
    pub fn adjust(&self, head: &mut [u8]) {
        for line in head.split_mut(|byte| *byte == b'\n') {
            let Some(end) = line.iter().position(|byte| *byte == b':') else { continue };
            let Some(name) = line.get_mut(..end) else { continue };
            if let Some(wanted) = self.names.get(&*name) {
                name.copy_from_slice(wanted);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_change_and_only_those_that_are_known() {
        let mut map = CaseMap::default();
        assert!(map.add(b"content-length", b"Content-Length"));
        assert!(map.add(b"host", b"HoST"));
        assert!(!map.add(b"host", b"Host"), "it was given before");
        assert!(!map.add(b"x-a", b"x-b"), "another name");
        let mut head =
            b"GET host:80 HTTP/1.1\r\nhost: host\r\nx-host: 1\r\ncontent-length: 3\r\n\r\n"
                .to_vec();
        map.adjust(&mut head);
        let expected =
            b"GET host:80 HTTP/1.1\r\nHoST: host\r\nx-host: 1\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(head, expected);
    }
}
