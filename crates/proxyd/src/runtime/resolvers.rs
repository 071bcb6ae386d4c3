//! Name servers and the names of servers on the runtime socket.

use std::sync::atomic::Ordering::Relaxed;

use admin::{NameserverRow, Reply, ResolversRow, ServerName, reply};
use config_parse::address::{AddressKind, Host};
use forward::{Generation, Nameserver};

/// `show resolvers [SECTION]`.
pub(super) fn show(generation: &Generation, section: Option<&str>) -> Reply {
    let sections = generation.live.resolvers.iter();
    let rows: Vec<ResolversRow> = sections
        .filter(|resolver| section.is_none_or(|name| resolver.name() == name))
        .map(|resolver| ResolversRow {
            name: resolver.name().to_owned(),
            nameservers: resolver.nameservers.iter().map(row).collect(),
        })
        .collect();
    match section {
        Some(_) if rows.is_empty() => reply::no_such_resolvers(),
        _ => reply::show_resolvers(&rows),
    }
}

fn row(server: &Nameserver) -> NameserverRow {
    let all = &server.counters;
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Relaxed);
    let errors = [&all.nx, &all.refused, &all.other].map(read).iter().sum();
    let counters = vec![
        ("sent", read(&all.sent)),
        ("snd_error", read(&all.send_error)),
        ("valid", read(&all.valid)),
        ("update", read(&all.update)),
        ("cname", 0),
        ("cname_error", 0),
        ("any_err", errors),
        ("nx", read(&all.nx)),
        ("timeout", read(&all.timeout)),
        ("refused", read(&all.refused)),
        ("other", read(&all.other)),
        ("invalid", read(&all.invalid)),
        ("too_big", 0),
        ("truncated", read(&all.truncated)),
        ("outdated", 0),
    ];
    NameserverRow { name: server.name.clone(), counters }
}

/// `set server b/s fqdn NAME`.
pub(super) fn rename(generation: &Generation, name: &ServerName, host: String) -> Reply {
    let Some((backend, at)) = super::carry_out::find(generation, name) else {
        return reply::failed("No such server.");
    };
    let lines = generation.program.backend(backend.reference).servers();
    let known = lines.get(at as usize).zip(backend.server(at));
    let Some((line, server)) = known else { return reply::failed("No such server.") };
    let section = line.settings.resolvers.as_ref();
    let resolver = section.and_then(|section| generation.live.resolver(&section.value));
    let AddressKind::Inet { host: Host::Name(own), .. } = &line.address.kind else {
        return reply::no_resolution();
    };
    let Some(resolver) = resolver else { return reply::no_resolution() };
    let before = server.state.named().host.replace(host.clone());
    resolver.look_again();
    let label = format!("{}/{}", backend.state.name(), server.state.name());
    reply::name_set(&label, before.as_deref().unwrap_or(own), &host)
}
