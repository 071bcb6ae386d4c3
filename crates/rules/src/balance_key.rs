//! The key that a hash algorithm hashes: cut out of the request as `balance` says.

use std::net::IpAddr;

use balance::Key;
use balance::key;
use config::model::Balance;
use sample::{Sample, Type, Value, as_text, cast};

use crate::action::address;
use crate::moment::Moment;
use crate::program::Backend;

/// A key with its own bytes: it may come from an expression.
#[derive(Debug)]
pub(crate) enum Found {
    Bytes(Vec<u8>),
    Source(IpAddr),
}

impl Found {
    pub(crate) fn as_key(&self) -> Key<'_> {
        match self {
            Found::Bytes(bytes) => Key::Bytes(bytes),
            Found::Source(address) => Key::Source(*address),
        }
    }
}

/// The key of the request: `Some(None)` is round robin, `None` waits for more of the body.
pub(crate) fn find(backend: Backend<'_>, m: &mut Moment<'_>) -> Option<Option<Found>> {
    let Some(balance) = &backend.proxy().balance else { return Some(None) };
    // An empty value is no value, but for a parameter of the query, which is hashed as it is.
    let whole = |bytes: Option<&[u8]>| bytes.map(|bytes| Found::Bytes(bytes.to_vec()));
    let bytes = |bytes: Option<&[u8]>| whole(bytes.filter(|bytes| !bytes.is_empty()));
    Some(match &balance.value {
        Balance::Source => address::current(m.world, true).map(|src| Found::Source(src.ip())),
        Balance::Uri { whole, path_only, len, depth } => {
            let uri = key::Uri {
                len: *len as usize,
                depth: *depth as usize,
                whole: *whole,
                path_only: *path_only,
            };
            bytes(m.head().map(|head| uri.key(head.target())))
        }
        Balance::UrlParam { name, check_post } => {
            let head = m.head()?;
            let in_query = key::url_param(head.target(), name.as_bytes());
            // Quirk: what has come of a POST is looked at without `check_post` too, which only waits for it.
            if in_query.is_none() && head.method() == b"POST" {
                if *check_post && !m.request_body.complete {
                    return None;
                }
                whole(key::url_param_in_body(m.request_body.bytes, name.as_bytes()))
            } else {
                whole(in_query)
            }
        }
        Balance::Hdr { name, use_domain_only } => {
            let value = m.head().and_then(|head| head.fields.values(name.as_bytes()).next());
            bytes(match use_domain_only {
                true => value.map(key::domain_only),
                false => value,
            })
        }
        Balance::RdpCookie { name } => {
            bytes(key::rdp_cookie(m.request_body.bytes, name.as_bytes()))
        }
        Balance::Hash(_) => hashed(backend, m),
        // `mode log` has no requests: its key is made where lines are sent.
        Balance::LogHash(_)
        | Balance::Sticky
        | Balance::RoundRobin
        | Balance::StaticRr
        | Balance::LeastConn
        | Balance::First
        | Balance::Random { .. } => None,
    })
}

/// `balance hash EXPR`: the sample as binary.
fn hashed(backend: Backend<'_>, m: &mut Moment<'_>) -> Option<Found> {
    let expr = backend.part().rules.balance_hash.as_ref()?;
    let key = match expr.eval_now(&m.context()) {
        Sample::Known(value) => {
            let value = cast(value.clone(), Type::Bin).unwrap_or(value);
            match value {
                Value::Bin(bytes) => Some(bytes.into_owned()),
                other => Some(as_text(other).into_owned()),
            }
        }
        Sample::Missing | Sample::Wait | Sample::Unknown(_) => None,
    };
    m.settle();
    key.map(Found::Bytes)
}
