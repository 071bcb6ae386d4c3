//! `global` and logging in canonical form.

use diag::{Span, Spanned};

use super::{Section, text};
use crate::model::{Global, GlobalValue, Level, LogAddress, LogTarget, StatsSocket};

pub(super) fn global(global: &Global) -> Section {
    // Named one by one: a field that is added must be thought of here.
    let Global {
        scripts: _,
        once: _,
        ssl_server_verify_none: _,
        ssl_default_ciphers: _,
        ssl_default_ciphersuites: _,
        daemon,
        master_worker,
        pidfile,
        user,
        group,
        uid,
        gid,
        chroot,
        nbthread,
        maxconn,
        ulimit_n,
        maxconnrate,
        maxsessrate,
        hard_stop_after,
        close_spread_time,
        grace,
        node,
        description,
        log,
        log_tag,
        log_send_hostname,
        stats_sockets,
        stats_timeout,
        stats_maxconn,
        spread_checks,
        bufsize,
        maxrewrite,
        http_maxhdr,
        idle_pool_shared,
        default_path,
        server_state_file,
        server_state_base,
        localpeer,
        unix_bind_prefix,
        h1_case_adjust,
        h1_case_adjust_file,
        set_vars,
        switches,
    } = global;
    let mut out = Section::default();
    let flag = |span: &Option<Span>| span.map(|span| Spanned::new(String::new(), span));
    out.put("daemon", &flag(daemon), String::clone);
    out.put("master-worker", &flag(master_worker), String::clone);
    out.text("pidfile", pidfile);
    out.text("user", user);
    out.text("group", group);
    out.number("uid", uid);
    out.number("gid", gid);
    out.text("chroot", chroot);
    out.number("nbthread", nbthread);
    out.number("maxconn", maxconn);
    out.number("ulimit-n", ulimit_n);
    out.number("maxconnrate", maxconnrate);
    out.number("maxsessrate", maxsessrate);
    out.time("hard-stop-after", hard_stop_after);
    out.time("close-spread-time", close_spread_time);
    out.time("grace", grace);
    out.text("node", node);
    out.text("description", description);
    out.list("log", log, log_target);
    out.text("log-tag", log_tag);
    out.put("log-send-hostname", log_send_hostname, |name| {
        name.as_deref().map_or_else(String::new, text::word)
    });
    out.list("stats socket", stats_sockets, stats_socket);
    out.time("stats timeout", stats_timeout);
    out.number("stats maxconn", stats_maxconn);
    out.number("spread-checks", spread_checks);
    out.number("tune.bufsize", bufsize);
    out.number("tune.maxrewrite", maxrewrite);
    out.number("tune.http.maxhdr", http_maxhdr);
    out.put("tune.idle-pool.shared", idle_pool_shared, |on| {
        String::from(if *on { "on" } else { "off" })
    });
    out.text("default-path", default_path);
    out.text("server-state-file", server_state_file);
    out.text("server-state-base", server_state_base);
    out.text("localpeer", localpeer);
    out.text("unix-bind prefix", unix_bind_prefix);
    out.list("h1-case-adjust", h1_case_adjust, |pair| {
        (text::words([pair.value.0.as_str(), &pair.value.1]), pair.span)
    });
    out.text("h1-case-adjust-file", h1_case_adjust_file);
    out.list("set-var", set_vars, |(name, value)| {
        let (keyword, value) = match value {
            GlobalValue::Expr(value) => ("", text::expr(value)),
            GlobalValue::Format(value) => ("format ", text::log_format(value)),
        };
        (format!("{} {keyword}{}", name.value, text::word(&value)), name.span)
    });
    out.list("switches", switches, |name| (name.value.clone(), name.span));
    out
}

fn stats_socket(socket: &StatsSocket) -> (String, Span) {
    let mut out = format!("{} level {}", text::address(&socket.address), level(socket.level));
    if let Some(mode) = socket.mode {
        out.push_str(&format!(" mode {mode:o}"));
    }
    for (name, value) in [("user", &socket.user), ("group", &socket.group)] {
        if let Some(value) = value {
            out.push_str(&format!(" {name} {}", text::word(value)));
        }
    }
    out.push_str(if socket.expose_fd { " expose-fd listeners" } else { "" });
    (out, socket.span)
}

pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::User => "user",
        Level::Operator => "operator",
        Level::Admin => "admin",
    }
}

pub(super) fn log_target(target: &LogTarget) -> (String, Span) {
    match target {
        LogTarget::Global(span) => ("global".into(), *span),
        LogTarget::None(span) => ("none".into(), *span),
        LogTarget::Target(target) => {
            let to = match &target.to {
                LogAddress::Address(address) => text::address(address),
                LogAddress::Stdout => "stdout".into(),
                LogAddress::Stderr => "stderr".into(),
                LogAddress::Ring(name) => format!("ring@{name}"),
                LogAddress::Backend(name) => format!("backend@{}", name.value),
            };
            let sample =
                target.sample.as_ref().map_or_else(String::new, |s| format!(" sample {s}"));
            let profile =
                target.profile.as_ref().map_or_else(String::new, |name| format!(" profile {name}"));
            let out = format!(
                "{to} len {} format {}{sample}{profile} facility {} levels {}-{}",
                target.len, target.format, target.facility, target.min_level, target.max_level
            );
            (out, target.span)
        }
    }
}
