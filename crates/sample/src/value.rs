//! Typed values and what an evaluation gives (manual 7.2).

use std::borrow::Cow;
use std::net::IpAddr;

/// The types of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// Any type: decided by the input.
    Any,
    /// A boolean.
    Bool,
    /// A signed 64-bit number.
    Int,
    /// An address of either family.
    Addr,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// Text.
    Str,
    /// Bytes.
    Bin,
    /// An HTTP method.
    Meth,
}

impl Type {
    /// The word for it in messages.
    pub fn describe(self) -> &'static str {
        match self {
            Type::Any => "any type",
            Type::Bool => "a boolean",
            Type::Int => "an integer",
            Type::Addr => "an address",
            Type::Ipv4 => "an IPv4 address",
            Type::Ipv6 => "an IPv6 address",
            Type::Str => "a string",
            Type::Bin => "a binary block",
            Type::Meth => "a method",
        }
    }
}

/// A value of one of the types; text and bytes are borrowed from the stream where they can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// [`Type::Bool`].
    Bool(bool),
    /// [`Type::Int`].
    Int(i64),
    /// [`Type::Ipv4`] or [`Type::Ipv6`].
    Ip(IpAddr),
    /// [`Type::Str`]: bytes that are text for the language, not always UTF-8.
    Str(Cow<'a, [u8]>),
    /// [`Type::Bin`].
    Bin(Cow<'a, [u8]>),
    /// [`Type::Meth`]: the method's token.
    Meth(Cow<'a, [u8]>),
}

/// What evaluating a fetch, an expression or a condition gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sample<'a> {
    /// A value.
    Known(Value<'a>),
    /// There is none: no such header, a conversion that failed.
    Missing,
    /// The value may still come: more input has to be waited for (`inspect-delay`).
    Wait,
    /// It depends on a fact that was not given.
    Unknown(crate::Fact),
}

impl<'a> Sample<'a> {
    /// The value, if there is one.
    pub fn known(self) -> Option<Value<'a>> {
        match self {
            Sample::Known(value) => Some(value),
            Sample::Missing | Sample::Wait | Sample::Unknown(_) => None,
        }
    }
}

impl Value<'_> {
    /// The same value with its own copy of its text.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Bool(yes) => Value::Bool(yes),
            Value::Int(number) => Value::Int(number),
            Value::Ip(ip) => Value::Ip(ip),
            Value::Str(text) => Value::Str(Cow::Owned(text.into_owned())),
            Value::Bin(text) => Value::Bin(Cow::Owned(text.into_owned())),
            Value::Meth(text) => Value::Meth(Cow::Owned(text.into_owned())),
        }
    }

    /// The type it has.
    pub fn kind(&self) -> Type {
        match self {
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Ip(IpAddr::V4(_)) => Type::Ipv4,
            Value::Ip(IpAddr::V6(_)) => Type::Ipv6,
            Value::Str(_) => Type::Str,
            Value::Bin(_) => Type::Bin,
            Value::Meth(_) => Type::Meth,
        }
    }
}
