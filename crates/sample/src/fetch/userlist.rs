//! User lists (manual 12.2): what `http_auth` asks.

/// How a password is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// `insecure-password`: the text itself.
    Plain(String),
    /// `password`: a crypt(3) hash.
    Hash(String),
}

/// A user with a password and groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password; `None` lets nobody in.
    pub password: Option<Password>,
    /// The groups, those of `group ... users` lines included.
    pub groups: Vec<String>,
}

/// A `userlist` section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Userlist {
    /// The section's name.
    pub name: String,
    /// Its users.
    pub users: Vec<User>,
}
