//! Versions as `haproxy -v` shows them, in the order in which they were released.

/// `3.5-dev5` comes before `3.5.0`, and `2.6.12` before `2.6.12-5` (five patches later).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    numbers: [u32; 3],
    /// The number of a `-devN`; the greatest for a release.
    development: u32,
    patches: u32,
}

impl Version {
    /// Reads as much as looks like a version; what is missing is zero (manual 2.4).
    pub(crate) fn read(text: &str) -> Self {
        let mut parts = text.split('-');
        let mut version = Self { numbers: [0; 3], development: u32::MAX, patches: 0 };
        let dotted = parts.next().unwrap_or("").split('.');
        for (number, part) in version.numbers.iter_mut().zip(dotted) {
            *number = leading(part);
        }
        for part in parts {
            match part.strip_prefix("dev") {
                Some(number) => version.development = leading(number),
                // `2.6.12-1+deb12u4`: the packager's number counts no patches.
                None if part.contains('+') => break,
                None => version.patches = leading(part),
            }
        }
        version
    }
}

fn leading(text: &str) -> u32 {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
