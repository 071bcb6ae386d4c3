//! Arguments of fetches and converters: the kinds a signature names, and their compiled form.

use std::net::IpAddr;
use std::sync::Arc;

use crate::fetch::Userlist;
use crate::names::{AclTest, Map, MapMethod, NameIndex};
use crate::{BackendRef, FrontendRef, ServerRef, Type, VarId};

/// What a signature asks for at one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    /// Text.
    Str,
    /// A decimal or `0x` number.
    Int,
    /// A number, or the name of a variable that holds one.
    Operand,
    /// Text, or the name of a variable.
    StrOrVar,
    /// The name of a variable.
    Var,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An IPv4 mask: dotted or a number of bits.
    Mask4,
    /// An IPv6 mask: an address or a number of bits.
    Mask6,
    /// A frontend; the own one when omitted.
    Frontend,
    /// A backend; the own one when omitted.
    Backend,
    /// A server, `[backend/]server`.
    Server,
    /// A user list.
    Userlist,
    /// A stick table; the own proxy's when omitted.
    Table,
    /// The path of a field in a message of Protocol Buffers, `1.2.3`.
    FieldNumber,
    /// A regular expression; the flags stand in the third argument (`regsub`).
    Regex,
    /// A map file, compared by this method, with values of this type.
    Map(MapMethod, Type),
}

impl ArgKind {
    /// The word for it in messages and keyword pages.
    pub fn describe(self) -> &'static str {
        match self {
            ArgKind::Str => "string",
            ArgKind::Int => "integer",
            ArgKind::Operand => "integer or variable",
            ArgKind::StrOrVar => "string or variable",
            ArgKind::Var => "variable",
            ArgKind::Ipv4 => "IPv4 address",
            ArgKind::Ipv6 => "IPv6 address",
            ArgKind::Mask4 => "IPv4 mask",
            ArgKind::Mask6 => "IPv6 mask",
            ArgKind::Frontend => "frontend",
            ArgKind::Backend => "backend",
            ArgKind::Server => "server",
            ArgKind::Userlist => "user list",
            ArgKind::Table => "table",
            ArgKind::FieldNumber => "field number",
            ArgKind::Regex => "regex",
            ArgKind::Map(..) => "map file",
        }
    }
}

/// A compiled argument.
#[derive(Clone)]
pub enum Arg {
    /// It was omitted, or written as nothing.
    None,
    /// Text.
    Str(Vec<u8>),
    /// A number.
    Int(i64),
    /// An address or a mask.
    Ip(IpAddr),
    /// A variable.
    Var(VarId),
    /// A frontend.
    Frontend(FrontendRef),
    /// A backend.
    Backend(BackendRef),
    /// A server.
    Server(ServerRef),
    /// A user list.
    Userlist(Arc<Userlist>),
    /// A regular expression.
    Regex(Arc<regex::bytes::Regex>),
    /// A map.
    Map(Arc<dyn Map>),
    /// The number of a draw of the stream.
    Draw(u32),
    /// ACLs that must hold together; `true`: the ACL must not.
    Acls(Vec<(bool, Arc<dyn AclTest>)>),
    /// Every name of the program.
    Names(Arc<NameIndex>),
}

impl std::fmt::Debug for Arg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Arg::None => f.write_str("-"),
            Arg::Str(text) => write!(f, "{:?}", String::from_utf8_lossy(text)),
            Arg::Int(number) => write!(f, "{number}"),
            Arg::Ip(ip) => write!(f, "{ip}"),
            Arg::Var(id) => write!(f, "{id:?}"),
            Arg::Frontend(id) => write!(f, "{id:?}"),
            Arg::Backend(id) => write!(f, "{id:?}"),
            Arg::Server(id) => write!(f, "{id:?}"),
            Arg::Userlist(list) => write!(f, "userlist {}", list.name),
            Arg::Regex(regex) => write!(f, "/{}/", regex.as_str()),
            Arg::Map(_) => f.write_str("map"),
            Arg::Draw(number) => write!(f, "draw {number}"),
            Arg::Acls(acls) => write!(f, "{} ACLs", acls.len()),
            Arg::Names(_) => f.write_str("names"),
        }
    }
}

/// The compiled arguments of one call; positions past the end read as [`Arg::None`].
#[derive(Debug, Clone, Default)]
pub struct Args(pub(crate) Vec<Arg>);

impl Args {
    /// The argument at a position.
    pub fn at(&self, index: usize) -> &Arg {
        self.0.get(index).unwrap_or(&Arg::None)
    }

    /// Text at a position; `None` when it was omitted.
    pub fn str(&self, index: usize) -> Option<&[u8]> {
        match self.at(index) {
            Arg::Str(text) => Some(text),
            _ => None,
        }
    }

    /// A number at a position; `None` when it was omitted.
    pub fn int(&self, index: usize) -> Option<i64> {
        match self.at(index) {
            Arg::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// A backend at a position.
    pub fn backend(&self, index: usize) -> Option<BackendRef> {
        match self.at(index) {
            Arg::Backend(id) => Some(*id),
            _ => None,
        }
    }
}
