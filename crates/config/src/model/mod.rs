//! The model: values as `rules` compiles them and `proxyd` runs them.
//!
//! An `Option<Spanned<T>>` is a setting that may be missing; its span is the line (or word) it came from, in
//! a `defaults` section when it was inherited. Lists keep file order. Nothing here is serialised.

mod balance;
mod bind;
mod check;
mod declared;
mod global;
mod log;
mod mentions;
mod proxy;
mod resolvers;
mod rule;
mod server;
mod shared;
mod tls;

pub use balance::*;
pub use bind::*;
pub use check::*;
pub use declared::*;
pub use global::*;
pub use log::*;
pub use mentions::{acls_asked, acls_of_line};
pub use proxy::*;
pub use resolvers::*;
pub use rule::*;
pub use server::*;
pub use shared::Shared;
pub use tls::*;

use diag::Spanned;

/// A setting that may be missing, with the place it was written at.
pub type Setting<T> = Option<Spanned<T>>;

/// A setting of servers that few lines have: there may be a hundred thousand of them, so it takes no room.
pub type Rare<T> = Option<Box<Spanned<T>>>;

/// As many addresses and ports as one section may listen on; a range counts each of its ports.
pub const MOST_LISTENERS: usize = 1 << 18;

/// A whole configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// `global`, all its sections merged.
    pub global: Global,
    /// `frontend`, `backend` and `listen` sections in file order, `defaults` resolved.
    pub proxies: Vec<Proxy>,
    /// `userlist` sections.
    pub userlists: Vec<Userlist>,
    /// `http-errors` sections.
    pub http_errors: Vec<HttpErrors>,
    /// `ring` sections.
    pub rings: Vec<Ring>,
    /// `resolvers` sections.
    pub resolvers: Vec<Resolvers>,
    /// `log-forward` sections.
    pub log_forwards: Vec<LogForward>,
    /// `log-profile` sections.
    pub log_profiles: Vec<LogProfile>,
    /// `healthcheck` sections.
    pub healthchecks: Vec<Healthcheck>,
    /// Names that other sections and lines declare, and where they are used.
    pub declared: Declared,
    /// The files that it was read from.
    pub files: Vec<FileLines>,
}

impl Config {
    /// The proxy of this name that takes connections.
    pub fn frontend(&self, name: &str) -> Option<&Proxy> {
        self.proxies.iter().find(|p| p.kind.is_frontend() && p.name.value == name)
    }

    /// The `healthcheck` section of this name.
    pub fn healthcheck(&self, name: &str) -> Option<&Healthcheck> {
        self.healthchecks.iter().find(|section| section.name.value == name)
    }

    /// The `resolvers` section of this name.
    pub fn resolvers(&self, name: &str) -> Option<&Resolvers> {
        self.resolvers.iter().find(|section| section.name.value == name)
    }

    /// The proxy of this name that has servers.
    pub fn backend(&self, name: &str) -> Option<&Proxy> {
        self.proxies.iter().find(|p| p.kind.is_backend() && p.name.value == name)
    }
}

/// A file of a configuration, without its text: where each of its lines begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileLines {
    /// The name as the user gave it.
    pub name: String,
    /// The offset of the first byte of each line.
    pub starts: Vec<u32>,
}

impl FileLines {
    /// The line, from 1, that holds the byte at `offset`.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }
}

/// An `http-errors` section: error files that proxies import.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpErrors {
    /// Its name.
    pub name: Spanned<String>,
    /// `errorfile CODE FILE`, in order; the last one for a code counts.
    pub files: Vec<Spanned<(u16, String)>>,
}

/// A `userlist`: names and passwords for `http_auth`.
#[derive(Debug, Clone, PartialEq)]
pub struct Userlist {
    /// Its name.
    pub name: Spanned<String>,
    /// Users in order.
    pub users: Vec<User>,
    /// `group NAME users a,b`.
    pub groups: Vec<(Spanned<String>, Vec<String>)>,
}

/// One `user` line.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The name.
    pub name: Spanned<String>,
    /// `insecure-password TEXT` or the crypt(3) hash of `password`.
    pub secret: Secret,
    /// `groups a,b`.
    pub groups: Vec<String>,
}

/// How a password is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// `insecure-password`.
    Plain(String),
    /// `password`: a crypt(3) string.
    Crypt(String),
}
