//! Proxies in canonical form.

use std::collections::BTreeMap;

use diag::Spanned;

use super::global::log_target;
use super::{Section, action, listener, text, value};
use crate::model::{
    ConnectionMode, Direction, HashAffinity, HttpReuse, LogFormatChoice, Mode, Options, Proxy,
    RareLines, Timeouts,
};

pub(super) fn proxy(proxy: &Proxy) -> Section {
    let Proxy {
        name: _,
        kind: _,
        span: _,
        // What it was built from is no part of what it is.
        defaults: _,
        mode,
        disabled,
        id,
        binds,
        servers,
        acls,
        rules,
        switching,
        default_backend,
        use_server,
        timeouts,
        balance,
        cookie,
        options,
        log,
        check,
        // Not carried out: it has no effect that could change.
        looked_at: _,
        rest,
    } = proxy;
    let RareLines {
        description,
        force_switch,
        unpublished,
        maxconn,
        fullconn,
        backlog,
        rate_limit_sessions,
        hash_type,
        hash_balance_factor,
        hash_affinity,
        dynamic_cookie_key,
        retries,
        retry_on,
        redispatch,
        connection_mode,
        http_reuse,
        forwardfor,
        originalto,
        forwarded,
        log_format,
        error_log_format,
        log_format_sd,
        log_steps,
        log_tag,
        unique_id_format,
        unique_id_header,
        capture_request,
        capture_response,
        capture_cookie,
        declare_capture,
        errorfiles,
        errorfile_imports,
        errorlocs,
        monitor_uri,
        monitor_fail,
        load_server_state,
        server_state_file_name,
        external_check_command,
        external_check_path,
        check_steps,
        stats,
        persist_rules,
        dispatch,
        persist_rdp_cookie,
        source,
        http_send_name_header,
        restrict_req_hdr_names,
        http_errors,
        // Words of `stats` lines say these too.
        stats_admin: _,
        stats_rules: _,
    } = &**rest;
    let mut out = Section::default();
    out.put("mode", mode, |mode| self::mode(*mode).into());
    out.put("disabled", &disabled.map(|span| Spanned::new((), span)), |()| String::new());
    out.put("be-unpublished", &unpublished.map(|span| Spanned::new((), span)), |()| String::new());
    out.list("force-be-switch", force_switch, |when| (text::condition(when), when.span));
    out.number("id", id);
    out.text("description", description);
    out.list("bind", binds, listener::bind);
    for (key, server) in unique(servers, |server| &server.name.value) {
        listener::server(&mut out, &format!("server {key}"), server);
    }
    out.list("server order", servers, |server| (server.name.value.clone(), server.span));
    for (key, lines) in grouped(acls, |acl| &acl.name.value) {
        out.list(&format!("acl {key}"), &lines, |acl| {
            (acl.expr.as_ref().map_or_else(String::new, text::acl_expr), acl.span)
        });
    }
    let lists = [
        ("tcp-request connection", &rules.tcp_request_connection),
        ("tcp-request session", &rules.tcp_request_session),
        ("tcp-request content", &rules.tcp_request_content),
        ("tcp-response content", &rules.tcp_response_content),
        ("http-request", &rules.http_request),
        ("http-response", &rules.http_response),
        ("http-after-response", &rules.http_after_response),
        ("redirect", &rules.redirect),
    ];
    for (name, rules) in lists {
        out.list(name, rules, |rule| (action::rule(rule), rule.span));
    }
    out.time("tcp-request inspect-delay", &rules.request_inspect_delay);
    out.time("tcp-response inspect-delay", &rules.response_inspect_delay);
    let when = |condition: &Option<config_parse::condition::Condition>| {
        condition.as_ref().map_or_else(String::new, |when| format!(" {}", text::condition(when)))
    };
    out.list("use_backend", switching, |rule| {
        let name = text::word(&text::log_format(&rule.backend.value));
        (format!("{name}{}", when(&rule.condition)), rule.span)
    });
    out.text("default_backend", default_backend);
    out.list("use-server", use_server, |rule| {
        let name = text::word(&text::log_format(&rule.server.value));
        (format!("{name}{}", when(&rule.condition)), rule.span)
    });
    self::timeouts(&mut out, timeouts);
    out.number("maxconn", maxconn);
    out.number("fullconn", fullconn);
    out.number("backlog", backlog);
    out.number("rate-limit sessions", rate_limit_sessions);
    out.put("balance", balance, value::balance);
    out.put("hash-type", hash_type, value::hash_type);
    out.number("hash-balance-factor", hash_balance_factor);
    out.put("hash-preserve-affinity", hash_affinity, |affinity| {
        match affinity {
            HashAffinity::Always => "always",
            HashAffinity::MaxConn => "maxconn",
            HashAffinity::MaxQueue => "maxqueue",
        }
        .into()
    });
    out.put("cookie", cookie, value::cookie);
    out.text("dynamic-cookie-key", dynamic_cookie_key);
    out.number("retries", retries);
    out.put("retry-on", retry_on, |words| words.join(" "));
    out.number("option redispatch", redispatch);
    out.put("connection mode", connection_mode, |mode| {
        match mode {
            ConnectionMode::KeepAlive => "option http-keep-alive",
            ConnectionMode::ServerClose => "option http-server-close",
            ConnectionMode::Close => "option httpclose",
        }
        .into()
    });
    out.put("http-reuse", http_reuse, |reuse| {
        match reuse {
            HttpReuse::Never => "never",
            HttpReuse::Safe => "safe",
            HttpReuse::Aggressive => "aggressive",
            HttpReuse::Always => "always",
        }
        .into()
    });
    out.put("option forwardfor", forwardfor, value::forwarded);
    out.put("option originalto", originalto, value::forwarded);
    out.put("option forwarded", forwarded, value::forwarded_field);
    self::options(&mut out, options);
    out.list("log", log, log_target);
    out.put("log-format", log_format, |choice| match choice {
        LogFormatChoice::Http { clf: false } => "option httplog".into(),
        LogFormatChoice::Http { clf: true } => "option httplog clf".into(),
        LogFormatChoice::Tcp => "option tcplog".into(),
        LogFormatChoice::Custom(format) => text::word(&text::log_format(format)),
    });
    let format =
        |format: &config_parse::log_format::LogFormat| text::word(&text::log_format(format));
    out.put("error-log-format", error_log_format, format);
    out.put("log-format-sd", log_format_sd, format);
    out.put("log-steps", log_steps, |steps| steps.join(","));
    out.text("log-tag", log_tag);
    out.put("unique-id-format", unique_id_format, format);
    out.text("unique-id-header", unique_id_header);
    let captured = |(name, len): &(String, u32)| format!("{} len {len}", text::word(name));
    out.list("capture request header", capture_request, |it| (captured(&it.value), it.span));
    out.list("capture response header", capture_response, |it| (captured(&it.value), it.span));
    out.put("capture cookie", capture_cookie, captured);
    out.list("declare capture", declare_capture, |it| {
        let direction = match it.value.0 {
            Direction::Request => "request",
            Direction::Response => "response",
        };
        (format!("{direction} len {}", it.value.1), it.span)
    });
    out.list("errorfiles", errorfile_imports, |it| {
        let codes = it.value.1.iter().map(|code| format!(" {code}"));
        (format!("{}{}", text::word(&it.value.0), codes.collect::<String>()), it.span)
    });
    out.list("errorfile", errorfiles, |it| {
        (format!("{} {}", it.value.0, text::word(&it.value.1)), it.span)
    });
    out.list("errorloc", errorlocs, |it| {
        (format!("{} {} {}", it.value.0, it.value.1, text::word(&it.value.2)), it.span)
    });
    out.text("monitor-uri", monitor_uri);
    out.list("monitor fail", monitor_fail, |when| (text::condition(when), when.span));
    out.put("check", check, value::check);
    out.text("load-server-state-from-file", load_server_state);
    out.text("server-state-file-name", server_state_file_name);
    out.text("external-check command", external_check_command);
    out.text("external-check path", external_check_path);
    out.list("check steps", check_steps, value::step);
    out.list("stats", stats, |it| (text::words(it.value.iter().map(String::as_str)), it.span));
    out.list("persistence", persist_rules, |rule| {
        let keyword = if rule.force { "force-persist" } else { "ignore-persist" };
        (format!("{keyword} {}", text::condition(&rule.condition)), rule.span)
    });
    out.put("dispatch", dispatch, text::address);
    out.text("persist rdp-cookie", persist_rdp_cookie);
    out.put("source", source, text::address);
    out.text("http-send-name-header", http_send_name_header);
    out.text("option http-restrict-req-hdr-names", restrict_req_hdr_names);
    out.list("http-error", http_errors, |it| (action::reply(&it.value), it.span));
    out
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Tcp => "tcp",
        Mode::Http => "http",
        Mode::Log => "log",
        Mode::Spop => "spop",
        Mode::Cli => "cli",
    }
}

/// Items with a name each; of two with the same name the second is `name#2`.
fn unique<T>(all: &[T], name: impl Fn(&T) -> &String) -> Vec<(String, &T)> {
    let mut out = Vec::new();
    for one in all {
        let count = all.iter().take_while(|other| !std::ptr::eq(*other, one));
        let earlier = count.filter(|other| name(other) == name(one)).count();
        let key = match earlier {
            0 => name(one).clone(),
            n => format!("{}#{}", name(one), n + 1),
        };
        out.push((key, one));
    }
    out
}

/// Lines of the same name, in the order in which the names come first.
fn grouped<T: Clone>(all: &[T], name: impl Fn(&T) -> &String) -> BTreeMap<String, Vec<T>> {
    let mut out: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for one in all {
        out.entry(name(one).clone()).or_default().push(one.clone());
    }
    out
}

fn timeouts(out: &mut Section, timeouts: &Timeouts) {
    let Timeouts {
        client,
        client_fin,
        client_hs,
        connect,
        server,
        server_fin,
        tunnel,
        http_request,
        http_keep_alive,
        queue,
        tarpit,
        check,
    } = timeouts;
    out.time("timeout client", client);
    out.time("timeout client-fin", client_fin);
    out.time("timeout client-hs", client_hs);
    out.time("timeout connect", connect);
    out.time("timeout server", server);
    out.time("timeout server-fin", server_fin);
    out.time("timeout tunnel", tunnel);
    out.time("timeout http-request", http_request);
    out.time("timeout http-keep-alive", http_keep_alive);
    out.time("timeout queue", queue);
    out.time("timeout tarpit", tarpit);
    out.time("timeout check", check);
}

fn options(out: &mut Section, options: &Options) {
    macro_rules! all {
        ($($field:ident)*) => {
            let Options { $($field),* } = options;
            $(out.number(concat!("option ", stringify!($field)).replace('_', "-").as_str(), $field);)*
        };
    }
    all! {
        abortonclose accept_unsafe_http_request accept_unsafe_http_response allbackups checkcache
        clitcpka contstats dontlog_normal dontlognull http_buffer_request http_ignore_probes
        http_no_delay http_pretend_keepalive http_use_proxy_header idle_close_on_response
        independent_streams log_health_checks log_separate_errors logasap nolinger persist
        prefer_last_server socket_stats srvtcpka tcp_smart_accept tcp_smart_connect transparent
        h1_case_adjust_bogus_client h1_case_adjust_bogus_server
    }
}
