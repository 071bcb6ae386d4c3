//! The canonical form of a configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use diag::{Span, Spanned};

use super::{Item, Objects, Section, action, text};
use crate::model::{
    AgentCheck, Balance, Bind, CheckKind, Config, ConnectionMode, Cookie, CookieMode, Direction,
    ForwardFor, Global, HashFunction, HashMethod, HashType, HttpCheckStep, HttpReuse, Level,
    LogAddress, LogFormatChoice, LogTarget, Mode, Options, Proxy, ProxyKind, Secret, Server,
    ServerSettings, Setting, StatsSocket, StepKind, Timeouts, Userlist, V6,
};

/// The canonical form: what is compared, and what changes are applied to.
pub fn objects(config: &Config) -> Objects {
    let mut out = Objects::default();
    let mut add = |name: String, section: Section| {
        // A configuration that is refused may have two sections of one name.
        let fresh = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name}#{n}") });
        let mut fresh = fresh.filter(|name| !out.sections.contains_key(name));
        let name = fresh.next().unwrap_or(name.clone());
        out.sections.insert(name, section);
    };
    add("global".into(), global(&config.global));
    for proxy in &config.proxies {
        let kind = match proxy.kind {
            ProxyKind::Frontend => "frontend",
            ProxyKind::Backend => "backend",
            ProxyKind::Listen => "listen",
        };
        add(format!("{kind} {}", proxy.name.value), self::proxy(proxy));
    }
    for list in &config.userlists {
        add(format!("userlist {}", list.name.value), userlist(list));
    }
    out
}

impl Section {
    fn set(&mut self, name: &str, text: impl Into<String>, span: Span) {
        let item = Item { text: text.into(), span: Some(span) };
        self.settings.insert(name.to_owned(), item);
    }

    /// A setting that may be missing.
    fn put<T>(&mut self, name: &str, value: &Setting<T>, to_text: impl Fn(&T) -> String) {
        if let Some(value) = value {
            self.set(name, to_text(&value.value), value.span);
        }
    }

    fn number<T: ToString>(&mut self, name: &str, value: &Setting<T>) {
        self.put(name, value, T::to_string);
    }

    fn text(&mut self, name: &str, value: &Setting<String>) {
        self.put(name, value, |value| text::word(value));
    }

    fn time(&mut self, name: &str, value: &Setting<Duration>) {
        self.put(name, value, |time| text::duration(*time));
    }

    fn list<T>(&mut self, name: &str, all: &[T], item: impl Fn(&T) -> (String, Span)) {
        if all.is_empty() {
            return;
        }
        let items = all.iter().map(|one| {
            let (text, span) = item(one);
            Item { text, span: Some(span) }
        });
        self.lists.insert(name.to_owned(), items.collect());
    }
}

fn global(global: &Global) -> Section {
    // Named one by one: a field that is added must be thought of here.
    let Global {
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
        default_path,
        server_state_file,
        server_state_base,
        localpeer,
        unix_bind_prefix,
        h1_case_adjust,
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
    out.text("default-path", default_path);
    out.text("server-state-file", server_state_file);
    out.text("server-state-base", server_state_base);
    out.text("localpeer", localpeer);
    out.text("unix-bind prefix", unix_bind_prefix);
    out.list("h1-case-adjust", h1_case_adjust, |pair| {
        (text::words([pair.value.0.as_str(), &pair.value.1]), pair.span)
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

fn level(level: Level) -> &'static str {
    match level {
        Level::User => "user",
        Level::Operator => "operator",
        Level::Admin => "admin",
    }
}

fn log_target(target: &LogTarget) -> (String, Span) {
    match target {
        LogTarget::Global(span) => ("global".into(), *span),
        LogTarget::None(span) => ("none".into(), *span),
        LogTarget::Target(target) => {
            let to = match &target.to {
                LogAddress::Address(address) => text::address(address),
                LogAddress::Stdout => "stdout".into(),
                LogAddress::Stderr => "stderr".into(),
                LogAddress::Ring(name) => format!("ring@{name}"),
            };
            let sample =
                target.sample.as_ref().map_or_else(String::new, |s| format!(" sample {s}"));
            let out = format!(
                "{to} len {} format {}{sample} facility {} levels {}-{}",
                target.len, target.format, target.facility, target.min_level, target.max_level
            );
            (out, target.span)
        }
    }
}

fn userlist(list: &Userlist) -> Section {
    let mut out = Section::default();
    out.list("user", &list.users, |user| {
        let secret = match &user.secret {
            Secret::Plain(text) => format!("insecure-password {}", text::word(text)),
            Secret::Crypt(text) => format!("password {}", text::word(text)),
        };
        let groups = user.groups.join(",");
        (format!("{} {secret} groups {groups}", user.name.value), user.name.span)
    });
    out.list("group", &list.groups, |(name, users)| {
        (format!("{} users {}", name.value, users.join(",")), name.span)
    });
    out
}

fn proxy(proxy: &Proxy) -> Section {
    let Proxy {
        name: _,
        kind: _,
        span: _,
        // What it was built from is no part of what it is.
        defaults: _,
        mode,
        disabled,
        id,
        description,
        binds,
        servers,
        acls,
        rules,
        switching,
        default_backend,
        use_server,
        timeouts,
        maxconn,
        fullconn,
        backlog,
        rate_limit_sessions,
        balance,
        hash_type,
        hash_balance_factor,
        cookie,
        dynamic_cookie_key,
        retries,
        retry_on,
        redispatch,
        connection_mode,
        http_reuse,
        forwardfor,
        originalto,
        options,
        log,
        log_format,
        error_log_format,
        log_format_sd,
        log_tag,
        unique_id_format,
        unique_id_header,
        capture_request,
        capture_response,
        capture_cookie,
        declare_capture,
        errorfiles,
        errorlocs,
        monitor_uri,
        monitor_fail,
        check,
        check_steps,
        stats,
        persist_rules,
        dispatch,
        persist_rdp_cookie,
        source,
        http_send_name_header,
        restrict_req_hdr_names,
        http_errors,
    } = proxy;
    let mut out = Section::default();
    out.put("mode", mode, |mode| self::mode(*mode).into());
    out.put("disabled", &disabled.map(|span| Spanned::new((), span)), |()| String::new());
    out.number("id", id);
    out.text("description", description);
    out.list("bind", binds, bind);
    for (key, server) in unique(servers, |server| &server.name.value) {
        self::server(&mut out, &format!("server {key}"), server);
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
    out.put("balance", balance, self::balance);
    out.put("hash-type", hash_type, self::hash_type);
    out.number("hash-balance-factor", hash_balance_factor);
    out.put("cookie", cookie, self::cookie);
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
    out.put("option forwardfor", forwardfor, forwarded);
    out.put("option originalto", originalto, forwarded);
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
    out.list("errorfile", errorfiles, |it| {
        (format!("{} {}", it.value.0, text::word(&it.value.1)), it.span)
    });
    out.list("errorloc", errorlocs, |it| {
        (format!("{} {} {}", it.value.0, it.value.1, text::word(&it.value.2)), it.span)
    });
    out.text("monitor-uri", monitor_uri);
    out.list("monitor fail", monitor_fail, |when| (text::condition(when), when.span));
    out.put("check", check, self::check);
    out.list("check steps", check_steps, step);
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

fn bind(bind: &Bind) -> (String, Span) {
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
        ignored: _,
        span,
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

fn server(out: &mut Section, key: &str, server: &Server) {
    out.set(&format!("{key} address"), text::address(&server.address), server.address.span);
    let ServerSettings {
        id,
        weight,
        maxconn,
        minconn,
        maxqueue,
        backup,
        disabled,
        cookie,
        check,
        inter,
        fastinter,
        downinter,
        rise,
        fall,
        check_port,
        check_addr,
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
        resolve_prefer,
        send_proxy,
        pool_max_conn,
        pool_purge_delay,
        pool_low_conn,
        max_reuse,
        tcp_ut,
        hash_key,
        agent,
    } = &server.settings;
    let key = |name: &str| format!("{key} {name}");
    out.number(&key("id"), id);
    out.number(&key("weight"), weight);
    out.number(&key("maxconn"), maxconn);
    out.number(&key("minconn"), minconn);
    out.number(&key("maxqueue"), maxqueue);
    out.number(&key("backup"), backup);
    out.number(&key("disabled"), disabled);
    out.text(&key("cookie"), cookie);
    out.number(&key("check"), check);
    out.time(&key("inter"), inter);
    out.time(&key("fastinter"), fastinter);
    out.time(&key("downinter"), downinter);
    out.number(&key("rise"), rise);
    out.number(&key("fall"), fall);
    out.number(&key("port"), check_port);
    out.put(&key("addr"), check_addr, text::address);
    out.time(&key("slowstart"), slowstart);
    out.text(&key("track"), track);
    out.text(&key("observe"), observe);
    out.number(&key("error-limit"), error_limit);
    out.text(&key("on-error"), on_error);
    out.text(&key("on-marked-down"), on_marked_down);
    out.text(&key("on-marked-up"), on_marked_up);
    out.text(&key("redir"), redir);
    out.put(&key("source"), source, text::address);
    out.text(&key("init-addr"), init_addr);
    out.text(&key("resolve-prefer"), resolve_prefer);
    out.number(&key("send-proxy"), send_proxy);
    out.number(&key("pool-max-conn"), pool_max_conn);
    out.time(&key("pool-purge-delay"), pool_purge_delay);
    out.number(&key("pool-low-conn"), pool_low_conn);
    out.number(&key("max-reuse"), max_reuse);
    out.time(&key("tcp-ut"), tcp_ut);
    out.text(&key("hash-key"), hash_key);
    if let Some(AgentCheck { on, port, addr, inter, send }) = agent {
        out.set(&key("agent-check"), on.to_string(), server.span);
        out.number(&key("agent-port"), port);
        out.text(&key("agent-addr"), addr);
        out.time(&key("agent-inter"), inter);
        out.text(&key("agent-send"), send);
    }
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

fn balance(balance: &Balance) -> String {
    match balance {
        Balance::RoundRobin => "roundrobin".into(),
        Balance::StaticRr => "static-rr".into(),
        Balance::LeastConn => "leastconn".into(),
        Balance::First => "first".into(),
        Balance::Random { draws } => format!("random({draws})"),
        Balance::Source => "source".into(),
        Balance::Uri { whole, path_only, len, depth } => {
            let flags = [(*whole, " whole"), (*path_only, " path-only")];
            let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
            format!("uri{flags} len {len} depth {depth}")
        }
        Balance::UrlParam { name, check_post } => {
            format!(
                "url_param {}{}",
                text::word(name),
                if *check_post { " check_post" } else { "" }
            )
        }
        Balance::Hdr { name, use_domain_only } => {
            format!("hdr({name}){}", if *use_domain_only { " use_domain_only" } else { "" })
        }
        Balance::RdpCookie { name } => format!("rdp-cookie({name})"),
        Balance::Hash(expr) => format!("hash {}", text::word(&text::expr(expr))),
    }
}

fn hash_type(hash: &HashType) -> String {
    let method = match hash.method {
        HashMethod::MapBased => "map-based",
        HashMethod::Consistent => "consistent",
    };
    let function = match hash.function {
        HashFunction::Sdbm => "sdbm",
        HashFunction::Djb2 => "djb2",
        HashFunction::Wt6 => "wt6",
        HashFunction::Crc32 => "crc32",
        HashFunction::None => "none",
    };
    format!("{method} {function}{}", if hash.avalanche { " avalanche" } else { "" })
}

fn cookie(cookie: &Cookie) -> String {
    let mode = match cookie.mode {
        CookieMode::Passive => "",
        CookieMode::Rewrite => " rewrite",
        CookieMode::Insert => " insert",
        CookieMode::Prefix => " prefix",
    };
    let mut out = format!("{}{mode}", text::word(&cookie.name));
    let flags = [
        (cookie.indirect, " indirect"),
        (cookie.nocache, " nocache"),
        (cookie.postonly, " postonly"),
        (cookie.preserve, " preserve"),
        (cookie.httponly, " httponly"),
        (cookie.secure, " secure"),
        (cookie.dynamic, " dynamic"),
    ];
    out.extend(flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name));
    for domain in &cookie.domains {
        out.push_str(&format!(" domain {}", text::word(domain)));
    }
    for (name, time) in [("maxidle", cookie.maxidle), ("maxlife", cookie.maxlife)] {
        out.push_str(&time.map_or_else(String::new, |t| format!(" {name} {}", text::duration(t))));
    }
    for attr in &cookie.attrs {
        out.push_str(&format!(" attr {}", text::word(attr)));
    }
    out
}

fn forwarded(option: &ForwardFor) -> String {
    let mut parts = Vec::new();
    parts.extend(option.except.as_ref().map(|net| format!("except {net}")));
    parts.extend(option.header.as_ref().map(|name| format!("header {}", text::word(name))));
    parts.extend(option.if_none.then(|| String::from("if-none")));
    parts.join(" ")
}

fn check(check: &CheckKind) -> String {
    let part = |name: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!(" {name} {}", text::word(value)))
    };
    match check {
        CheckKind::Tcp => "tcp".into(),
        CheckKind::TcpScript => "tcp-check".into(),
        CheckKind::Named(name) => name.clone(),
        CheckKind::Websocket { uri, host } => {
            format!("websocket-check {}{}", text::word(uri), part("host", host))
        }
        CheckKind::Http { method, uri, version, host } => format!(
            "httpchk{}{}{}{}",
            part("meth", method),
            part("uri", uri),
            part("ver", version),
            part("host", host)
        ),
    }
}

fn step(step: &HttpCheckStep) -> (String, Span) {
    let words = |all: &[String]| text::words(all.iter().map(String::as_str));
    let format = |value: &config_parse::log_format::LogFormat| text::word(&text::log_format(value));
    let mut out = match &step.kind {
        StepKind::Connect(all) => format!("connect {}", words(all)),
        StepKind::SendState => "send-state".into(),
        StepKind::DisableOn404 => "disable-on-404".into(),
        StepKind::Other(all) => words(all),
        StepKind::Expect { negated, matcher, pattern, options } => {
            let not = if *negated { "!" } else { "" };
            format!("expect {} {not}{matcher} {}", words(options), text::word(pattern))
        }
        StepKind::Send { method, uri, version, headers, body } => {
            let mut parts = vec![String::from("send")];
            parts.extend(method.as_ref().map(|method| format!("meth {}", text::word(method))));
            parts.extend(uri.as_ref().map(|uri| format!("uri {}", format(uri))));
            parts.extend(version.as_ref().map(|version| format!("ver {}", text::word(version))));
            let headers = headers.iter();
            parts
                .extend(headers.map(|(name, v)| format!("hdr {} {}", text::word(name), format(v))));
            parts.extend(body.as_ref().map(|body| format!("body {}", format(body))));
            parts.join(" ")
        }
    };
    if let Some(comment) = &step.comment {
        out.push_str(&format!(" comment {}", text::word(comment)));
    }
    (out, step.span)
}
