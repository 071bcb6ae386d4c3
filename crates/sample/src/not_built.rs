//! Names of the language that are known and not built yet, with the part that each needs.

/// The part that a fetch of HAProxy needs and that is not built; `None`: built, or no such name.
pub fn fetch_not_built(_name: &str) -> Option<&'static str> {
    None
}

/// The same of a converter.
pub fn converter_not_built(_name: &str) -> Option<&'static str> {
    None
}
