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
    /// Its groups, also those that nobody is in.
    pub groups: Vec<String>,
}

impl Userlist {
    /// The user of this name, if the password is right.
    pub fn check(&self, name: &[u8], password: &[u8]) -> Option<&User> {
        let user = self.users.iter().find(|user| user.name.as_bytes() == name)?;
        let right = match user.password.as_ref()? {
            Password::Plain(kept) => same(kept.as_bytes(), password),
            Password::Hash(hash) => crate::crypt::verify(password, hash),
        };
        right.then_some(user)
    }
}

/// Compares without telling by its duration how much was right.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
