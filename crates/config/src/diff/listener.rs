//! `bind` and `server` lines in canonical form.

use diag::Span;

use super::global::level;
use super::{Section, text};
use crate::model::{
    AgentCheck, Bind, Rare, RareSettings, Server, ServerSettings, Setting, Shards, ThreadSet, V6,
};

fn thread_sets(sets: &[ThreadSet]) -> String {
    let set = |set: &ThreadSet| match set {
        ThreadSet::All => String::from("all"),
        ThreadSet::Odd => String::from("odd"),
        ThreadSet::Even => String::from("even"),
        ThreadSet::Range(first, last) => format!("{first}-{last}"),
    };
    sets.iter().map(set).collect::<Vec<_>>().join(",")
}

pub(super) fn bind(bind: &Bind) -> (String, Span) {
    let Bind {
        addresses,
        name,
        id,
        backlog,
        maxconn,
        nice,
        accept_proxy,
        transparent,
        v6,
        defer_accept,
        tfo,
        mss,
        interface,
        tcp_ut,
        mode,
        user,
        group,
        level,
        expose_fd: _,
        threads,
        shards,
        congestion_control,
        severity: _,
        ignored: _,
        span,
        tls: _,
    } = bind;
    let mut out = vec![addresses.iter().map(text::address).collect::<Vec<_>>().join(",")];
    let mut named = |name: &str, value: Option<String>| {
        out.extend(value.map(|value| format!("{name} {value}")));
    };
    named("name", name.as_deref().map(text::word));
    named("id", id.map(|n| n.to_string()));
    named("backlog", backlog.map(|n| n.to_string()));
    named("maxconn", maxconn.map(|n| n.to_string()));
    named("nice", nice.map(|n| n.to_string()));
    named("mss", mss.map(|n| n.to_string()));
    named("cc", congestion_control.as_deref().map(text::word));
    named("thread", (!threads.is_empty()).then(|| thread_sets(threads)));
    named(
        "shards",
        shards.map(|shards| match shards {
            Shards::ByThread => String::from("by-thread"),
            Shards::Count(count) => count.to_string(),
        }),
    );
    named("interface", interface.as_deref().map(text::word));
    named("tcp-ut", tcp_ut.map(text::duration));
    named("mode", mode.map(|mode| format!("{mode:o}")));
    named("user", user.as_deref().map(text::word));
    named("group", group.as_deref().map(text::word));
    named("level", level.map(|level| self::level(level).to_owned()));
    let flags = [
        (*accept_proxy, "accept-proxy"),
        (*transparent, "transparent"),
        (*v6 == Some(V6::Both), "v4v6"),
        (*v6 == Some(V6::Only), "v6only"),
        (*defer_accept, "defer-accept"),
        (*tfo, "tfo"),
    ];
    out.extend(flags.iter().filter(|(on, _)| *on).map(|(_, name)| String::from(*name)));
    (out.join(" "), *span)
}

pub(super) fn server(out: &mut Section, key: &str, server: &Server) {
    out.set(&format!("{key} address"), text::address(&server.address), server.address.span);
    let ServerSettings {
        weight,
        maxconn,
        backup,
        disabled,
        cookie,
        check,
        inter,
        rise,
        fall,
        check_port,
        rest,
    } = &server.settings;
    let RareSettings {
        id,
        minconn,
        maxqueue,
        fastinter,
        downinter,
        check_addr,
        log_octets,
        healthcheck,
        socks4,
        slowstart,
        track,
        observe,
        error_limit,
        on_error,
        on_marked_down,
        on_marked_up,
        redir,
        source,
        init_addr,
        init_state,
        resolving,
        send_proxy,
        proxy_v2_options,
        proxy_v2_tlvs,
        check_send_proxy,
        pool_max_conn,
        pool_purge_delay,
        pool_low_conn,
        max_reuse,
        tcp_ut,
        hash_key,
        agent,
        resolvers,
        // Refused: there is nothing that could change.
        tls: _,
    } = &**rest;
    let key = |name: &str| format!("{key} {name}");
    out.number(&key("id"), id);
    out.text(&key("resolvers"), &plain(resolvers));
    let resolving = resolving.as_deref().cloned().unwrap_or_default();
    out.text(&key("resolve-prefer"), &resolving.prefer);
    out.text(&key("resolve-net"), &resolving.net);
    out.text(&key("resolve-opts"), &resolving.opts);
    out.number(&key("weight"), weight);
    out.number(&key("maxconn"), maxconn);
    out.number(&key("minconn"), &plain(minconn));
    out.number(&key("maxqueue"), &plain(maxqueue));
    out.number(&key("backup"), backup);
    out.number(&key("disabled"), disabled);
    out.text(&key("cookie"), &plain(cookie));
    out.number(&key("check"), check);
    out.time(&key("inter"), inter);
    out.time(&key("fastinter"), &plain(fastinter));
    out.time(&key("downinter"), &plain(downinter));
    out.number(&key("rise"), rise);
    out.number(&key("fall"), fall);
    out.number(&key("port"), check_port);
    out.put(&key("addr"), &plain(check_addr), text::address);
    out.number(&key("log-proto octet-count"), &plain(log_octets));
    out.text(&key("healthcheck"), &plain(healthcheck));
    if let Some(socks) = socks4.as_deref() {
        out.put(&key("socks4"), &socks.proxy, text::address);
        if socks.checks {
            out.set(&key("check-via-socks4"), "", server.span);
        }
    }
    out.time(&key("slowstart"), &plain(slowstart));
    out.text(&key("track"), &plain(track));
    out.text(&key("observe"), &plain(observe));
    out.number(&key("error-limit"), &plain(error_limit));
    out.text(&key("on-error"), &plain(on_error));
    out.text(&key("on-marked-down"), &plain(on_marked_down));
    out.text(&key("on-marked-up"), &plain(on_marked_up));
    out.text(&key("redir"), &plain(redir));
    out.put(&key("source"), &plain(source), text::address);
    out.text(&key("init-addr"), &plain(init_addr));
    out.text(&key("init-state"), &plain(init_state));
    out.number(&key("send-proxy"), &plain(send_proxy));
    out.put(&key("proxy-v2-options"), &plain(proxy_v2_options), |options| options.join(","));
    for tlv in proxy_v2_tlvs {
        let (kind, format) = &tlv.value;
        let name = format!("set-proxy-v2-tlv-fmt({kind})");
        out.set(&key(&name), text::log_format(format), tlv.span);
    }
    out.number(&key("check-send-proxy"), &plain(check_send_proxy));
    out.number(&key("pool-max-conn"), &plain(pool_max_conn));
    out.time(&key("pool-purge-delay"), &plain(pool_purge_delay));
    out.number(&key("pool-low-conn"), &plain(pool_low_conn));
    out.number(&key("max-reuse"), &plain(max_reuse));
    out.time(&key("tcp-ut"), &plain(tcp_ut));
    out.text(&key("hash-key"), &plain(hash_key));
    if let Some(AgentCheck { on, port, addr, inter, send }) = agent.as_deref() {
        out.set(&key("agent-check"), on.to_string(), server.span);
        out.number(&key("agent-port"), port);
        out.text(&key("agent-addr"), addr);
        out.time(&key("agent-inter"), inter);
        out.text(&key("agent-send"), send);
    }
}

fn plain<T: Clone>(rare: &Rare<T>) -> Setting<T> {
    rare.as_deref().cloned()
}
