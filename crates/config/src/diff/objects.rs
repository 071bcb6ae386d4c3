//! The canonical form of a configuration.

use std::time::Duration;

use diag::Span;

use super::text;
use super::{Item, Objects, Section, global, listener, proxy, value};
use crate::model::{Config, Nameserver, ProxyKind, Resolvers, Secret, Setting, Userlist};

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
    add("global".into(), global::global(&config.global));
    for section in &config.proxies {
        let kind = match section.kind {
            ProxyKind::Frontend => "frontend",
            ProxyKind::Backend => "backend",
            ProxyKind::Listen => "listen",
        };
        add(format!("{kind} {}", section.name.value), proxy::proxy(section));
    }
    for list in &config.userlists {
        add(format!("userlist {}", list.name.value), userlist(list));
    }
    for section in &config.http_errors {
        let mut lines = Section::default();
        for file in &section.files {
            let (code, path) = &file.value;
            lines.set(&format!("errorfile {code}"), path.clone(), file.span);
        }
        add(format!("http-errors {}", section.name.value), lines);
    }
    for ring in &config.rings {
        let mut lines = Section::default();
        lines.text("format", &ring.format);
        lines.number("maxlen", &ring.maxlen);
        lines.number("size", &ring.size);
        lines.time("timeout connect", &ring.connect);
        lines.time("timeout server", &ring.server);
        for server in &ring.servers {
            listener::server(&mut lines, &format!("server {}", server.name.value), server);
        }
        add(format!("ring {}", ring.name.value), lines);
    }
    for resolvers in &config.resolvers {
        add(format!("resolvers {}", resolvers.name.value), resolvers_lines(resolvers));
    }
    for forward in &config.log_forwards {
        let mut lines = Section::default();
        let address =
            |address: &config_parse::address::Address| (text::address(address), address.span);
        lines.list("bind", &forward.streams, address);
        lines.list("dgram-bind", &forward.datagrams, address);
        lines.list("log", &forward.log, global::log_target);
        lines.number("maxconn", &forward.maxconn);
        lines.time("timeout client", &forward.client);
        lines.text("option host", &forward.host);
        for (name, on) in [
            ("option assume-rfc6587-ntf", forward.line_framed),
            ("option dont-parse-log", forward.opaque),
        ] {
            if on {
                lines.set(name, "", forward.name.span);
            }
        }
        add(format!("log-forward {}", forward.name.value), lines);
    }
    for profile in &config.log_profiles {
        let mut lines = Section::default();
        lines.text("log-tag", &profile.tag);
        lines.list("on", &profile.steps, value::profile_step);
        add(format!("log-profile {}", profile.name.value), lines);
    }
    for check in &config.healthchecks {
        let mut lines = Section::default();
        lines.put("type", &check.kind, value::check);
        lines.list("steps", &check.steps, value::step);
        add(format!("healthcheck {}", check.name.value), lines);
    }
    out
}

impl Section {
    pub(super) fn set(&mut self, name: &str, text: impl Into<String>, span: Span) {
        let item = Item { text: text.into(), span: Some(span) };
        self.settings.insert(name.to_owned(), item);
    }

    /// A setting that may be missing.
    pub(super) fn put<T>(
        &mut self,
        name: &str,
        value: &Setting<T>,
        to_text: impl Fn(&T) -> String,
    ) {
        if let Some(value) = value {
            self.set(name, to_text(&value.value), value.span);
        }
    }

    pub(super) fn number<T: ToString>(&mut self, name: &str, value: &Setting<T>) {
        self.put(name, value, T::to_string);
    }

    pub(super) fn text(&mut self, name: &str, value: &Setting<String>) {
        self.put(name, value, |value| text::word(value));
    }

    pub(super) fn time(&mut self, name: &str, value: &Setting<Duration>) {
        self.put(name, value, |time| text::duration(*time));
    }

    pub(super) fn list<T>(&mut self, name: &str, all: &[T], item: impl Fn(&T) -> (String, Span)) {
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

fn resolvers_lines(resolvers: &Resolvers) -> Section {
    let mut lines = Section::default();
    let span = resolvers.name.span;
    lines.list("nameserver", &resolvers.nameservers, |nameserver| match nameserver {
        Nameserver::One { name, address, stream } => {
            let prefix = if *stream { "tcp@" } else { "" };
            (format!("{} {prefix}{}", name.value, text::address(address)), name.span)
        }
        Nameserver::System(span) => ("parse-resolv-conf".into(), *span),
    });
    lines.set("accepted_payload_size", resolvers.payload.to_string(), span);
    lines.set("resolve_retries", resolvers.retries.to_string(), span);
    let hold = &resolvers.hold;
    for (key, time) in [
        ("timeout resolve", resolvers.resolve),
        ("timeout retry", resolvers.retry),
        ("hold nx", hold.nx),
        ("hold timeout", hold.timeout),
        ("hold refused", hold.refused),
        ("hold other", hold.other),
        ("hold valid", hold.valid),
        ("hold obsolete", hold.obsolete),
    ] {
        lines.set(key, text::duration(time), span);
    }
    lines
}
