//! Proxies and servers whose name is known only when the stream is there: `nbsrv`, `srv_queue` and others.

use crate::arg::{Arg, Args};
use crate::names::NameIndex;
use crate::registry::ConvertEntry;
use crate::{Context, Fact, Sample, ServerRef, Type, Value};

use super::{bool, bytes};
use crate::fetch::fact;

const STR: Type = Type::Str;

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("fe_exists", STR, Type::Bool, fe_exists, "whether a frontend has this name")
        .names(),
    ConvertEntry::new("nbsrv", STR, Type::Int, nbsrv, "usable servers of the backend of this name")
        .names(),
    ConvertEntry::new("srv_is_up", STR, Type::Bool, srv_is_up, "whether the server named is up")
        .names(),
    ConvertEntry::new(
        "srv_queue",
        STR,
        Type::Int,
        srv_queue,
        "streams that wait for the server named",
    )
    .names(),
];

/// The text, and the names of the program.
fn with<'a, 'i, T>(
    value: Value<'_>,
    args: &'i Args,
    find: impl FnOnce(&'i NameIndex, &str) -> Option<T>,
    then: impl FnOnce(T) -> Sample<'a>,
) -> Sample<'a> {
    let Arg::Names(index) = args.at(0) else { return Sample::Missing };
    let name = bytes(value);
    let found = std::str::from_utf8(&name).ok().and_then(|name| find(index, name));
    found.map_or(Sample::Missing, then)
}

fn fe_exists<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    with(value, args, |index, name| Some(index.frontends.contains(name)), bool)
}

fn nbsrv<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let find = |index: &NameIndex, name: &str| index.backends.get(name).copied();
    with(value, args, find, |id| fact(ctx, Fact::UsableServers(id)))
}

/// `backend/server`, or a server of the own backend.
fn server(index: &NameIndex, name: &str) -> Option<ServerRef> {
    let (backend, server) = match name.rsplit_once('/') {
        Some((backend, server)) => (index.backends.get(backend).copied()?, server),
        None => (index.own_backend?, name),
    };
    index.servers.get(&backend)?.get(server).map(|server| ServerRef { backend, server: *server })
}

fn srv_is_up<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(value, args, server, |id| fact(ctx, Fact::ServerUp(id)))
}

fn srv_queue<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(value, args, server, |id| fact(ctx, Fact::ServerQueue(id)))
}
