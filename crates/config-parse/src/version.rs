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
    /// What no version comes before: also what HAProxy takes a text for that is none (`2.6.12x`).
    const NONE: Self = Self { numbers: [0; 3], development: 0, patches: 0 };

    /// What every version comes before.
    pub(crate) const NEWEST: Self =
        Self { numbers: [u32::MAX; 3], development: u32::MAX, patches: u32::MAX };

    /// Reads a version; what is missing is zero (manual 2.4), and so is all of what cannot be read.
    pub(crate) fn read(text: &str) -> Self {
        Self::try_read(text).unwrap_or(Self::NONE)
    }

    fn try_read(text: &str) -> Option<Self> {
        // What a packager adds counts no patches: `2.6.12-1+deb12u4` is 2.6.12.
        let text = match text.split_once('+') {
            Some((text, _)) => text.rsplit_once('-').map_or(text, |(version, _)| version),
            None => text,
        };
        let mut parts = text.split('-');
        let mut version = Self { numbers: [0; 3], development: u32::MAX, patches: 0 };
        let mut dotted = parts.next()?.split('.');
        for (number, part) in version.numbers.iter_mut().zip(&mut dotted) {
            *number = part.parse().ok()?;
        }
        for part in dotted.chain(parts) {
            match part.strip_prefix("dev") {
                Some(number) => version.development = number.parse().ok()?,
                None => version.patches = part.parse().ok()?,
            }
        }
        Some(version)
    }
}
