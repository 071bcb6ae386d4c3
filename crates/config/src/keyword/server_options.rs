//! Options of `server` and `default-server` lines (manual 5.2).

use std::time::Duration;

use config_parse::log_format::LogFormat;
use config_parse::quantity::Unit;
use diag::{Spanned, codes};

use super::{Keyword, Places, Shape, Table, persistence, tls_options};
use crate::lower::{AddressUse, Directive, spanned};
use crate::model::{AgentCheck, Mention, Noun, Rare, ServerSettings, Setting};

/// The options.
pub(crate) static SERVER_OPTIONS: Table<ServerSettings> = Table {
    noun: "server option",
    keywords: &[
        LOAD,
        STATE,
        CHECKS,
        CONNECTION,
        AGENT,
        CHECKED_BY,
        IGNORED,
        &tls_options::SERVER_COMMON,
        tls_options::SERVER,
        REFUSED,
    ],
    missing: &[],
};

type To = ServerSettings;

const fn option(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut To),
) -> Keyword<To> {
    Keyword::new(name, Places::INSIDE, args, "5.2", doc, lower)
}

const LOAD: &[Keyword<To>] = &[
    option("weight", "<n>", "its share of the load, 0 to 256", |line, to| {
        // Quirk: a missing weight at the end of the line is 0 in HAProxy.
        count(line, &mut to.weight, 0, 256);
    }),
    option("maxconn", "<n>", "connections at a time; more wait", |line, to| {
        count(line, &mut to.maxconn, i64::MIN, i64::MAX);
    }),
    option("minconn", "<n>", "the limit under low load", |line, to| {
        count(line, &mut to.minconn, i64::MIN, i64::MAX);
    }),
    option("maxqueue", "<n>", "how many wait for this server", |line, to| {
        count(line, &mut to.maxqueue, i64::MIN, i64::MAX);
    }),
    option("slowstart", "<time>", "how long its weight grows after it came up", |line, to| {
        time(line, &mut to.slowstart, Unit::Millisecond);
    }),
    option("hash-key", "id|addr|addr-port", "what places it on a hash ring", |line, to| {
        word_of(line, &mut to.hash_key, &["id", "addr", "addr-port"]);
    }),
    option("pool-max-conn", "<n>", "idle connections that are kept", |line, to| {
        signed(line, &mut to.pool_max_conn, -1);
    }),
    option("pool-low-conn", "<n>", "idle connections below which threads share", |line, to| {
        count(line, &mut to.pool_low_conn, i64::MIN, i64::MAX);
    })
    .ignored("idle connections belong to the thread that opened them"),
    option(
        "pool-purge-delay",
        "<time>",
        "how long a connection idles before it is closed",
        |line, to| {
            time(line, &mut to.pool_purge_delay, Unit::Millisecond);
        },
    ),
    option("max-reuse", "<n>", "how often a connection is used again", |line, to| {
        signed(line, &mut to.max_reuse, i64::MIN);
    }),
];

const STATE: &[Keyword<To>] = &[
    option("id", "<n>", "its number", |line, to| {
        let most = if line.target.is_2_6() { i64::from(i32::MAX) } else { i64::MAX };
        if let Some(number) = line.lenient("a number in range", 1..=most) {
            to.id = Some(number.map(|n| n as u32));
        }
    }),
    option("backup", "", "used when all others are down", |line, to| {
        flag(line, &mut to.backup, true)
    }),
    option("no-backup", "", "ends `backup`", |line, to| flag(line, &mut to.backup, false)),
    option("disabled", "", "starts in maintenance", |line, to| flag(line, &mut to.disabled, true)),
    option("enabled", "", "ends `disabled`", |line, to| flag(line, &mut to.disabled, false)),
    option("cookie", "<value>", "its value in the persistence cookie", |line, to| {
        text(line, &mut to.cookie, "a value");
    }),
    option("redir", "<prefix>", "GET and HEAD are redirected to it", |line, to| {
        text(line, &mut to.redir, "a prefix");
    }),
    option("track", "[<backend>/]<server>", "takes its state from another server", |line, to| {
        text(line, &mut to.track, "a server");
    }),
    option("on-marked-down", "shutdown-sessions", "what happens when it goes down", |line, to| {
        word_of(line, &mut to.on_marked_down, &["shutdown-sessions"]);
    }),
    option(
        "on-marked-up",
        "shutdown-backup-sessions",
        "what happens when it comes up",
        |line, to| {
            word_of(line, &mut to.on_marked_up, &["shutdown-backup-sessions"]);
        },
    ),
    option("init-addr", "<methods>", "how its address is found at start", init_addr),
    option("resolvers", "<section>", "who resolves its name while it runs", |line, to| {
        to.resolvers = line.value("a `resolvers` section").map(|word| Box::new(spanned(word)));
    }),
    option("resolve-prefer", "ipv4|ipv6", "which family a name should give", |line, to| {
        let Some(word) = line.value("`ipv4` or `ipv6`") else { return };
        match word.text.as_ref() {
            "ipv4" | "ipv6" => {
                to.resolving.get_or_insert_default().prefer = Some(spanned(word));
            }
            _ => line.not_one_of(word, "a family of addresses", &["ipv4", "ipv6"]),
        }
    }),
];

const CHECKS: &[Keyword<To>] = &[
    option("check", "", "its health is checked", |line, to| flag(line, &mut to.check, true)),
    option("no-check", "", "ends `check`", |line, to| flag(line, &mut to.check, false)),
    option("inter", "<time>", "the time between checks", |line, to| positive(line, &mut to.inter)),
    option("fastinter", "<time>", "the time between checks while it changes", |line, to| {
        positive(line, &mut to.fastinter);
    }),
    option("downinter", "<time>", "the time between checks while it is down", |line, to| {
        positive(line, &mut to.downinter);
    }),
    option("rise", "<n>", "good checks that bring it up", |line, to| {
        count(line, &mut to.rise, 1, i64::from(i32::MAX));
    }),
    option("fall", "<n>", "bad checks that take it down", |line, to| {
        count(line, &mut to.fall, 1, i64::from(i32::MAX));
    }),
    option(
        "init-state",
        "none|fully-up|up|down|fully-down",
        "its state until checks have told it",
        |line, to| {
            word_of(line, &mut to.init_state, &["none", "fully-up", "up", "down", "fully-down"]);
        },
    ),
    option("port", "<port>", "the port that checks go to", |line, to| {
        port(line, &mut to.check_port)
    }),
    option("addr", "<address>", "the address that checks go to", |line, to| {
        let Some(word) = line.value("an address") else { return };
        if let Some(address) = line.address(word, AddressUse::Check) {
            to.check_addr = Some(Box::new(Spanned::new(address, word.span)));
        }
    }),
    option("observe", "layer4|layer7", "traffic counts as checks", |line, to| {
        word_of(line, &mut to.observe, &["none", "layer4", "layer7"]);
    }),
    option("error-limit", "<n>", "errors that `observe` forgives", |line, to| {
        count(line, &mut to.error_limit, 1, i64::from(i32::MAX));
    }),
    option("on-error", "<mode>", "what happens at too many errors", |line, to| {
        word_of(line, &mut to.on_error, &["fastinter", "fail-check", "sudden-death", "mark-down"]);
    }),
];

const CONNECTION: &[Keyword<To>] = &[
    option("source", "<address>[:<port>]", "the address that connections come from", |line, to| {
        let at = line.last().map(|word| word.span);
        if let (Some(address), Some(at)) = (persistence::source(line), at) {
            to.source = Some(Box::new(Spanned::new(address, at)));
        }
    }),
    option("send-proxy", "", "begins connections with a PROXY header", |line, to| {
        proxy_version(line, to, 1);
    }),
    option("send-proxy-v2", "", "begins connections with a binary PROXY header", |line, to| {
        proxy_version(line, to, 2);
    }),
    option("send-proxy-v2-ssl", "", "the same, which tells that there is no TLS", |line, to| {
        proxy_version(line, to, 2);
        add_proxy_options(line, to, &["ssl"]);
    }),
    option("send-proxy-v2-ssl-cn", "", "the same, which tells that there is no TLS", |line, to| {
        proxy_version(line, to, 2);
        add_proxy_options(line, to, &["ssl", "cert-cn"]);
    }),
    option("no-send-proxy-v2-ssl", "", "ends `send-proxy-v2-ssl`", |_, to| no_proxy_tls(to)),
    option("no-send-proxy-v2-ssl-cn", "", "ends `send-proxy-v2-ssl-cn`", |_, to| no_proxy_tls(to)),
    option("proxy-v2-options", "<option>[,...]", "what the binary header tells", proxy_options),
    option("set-proxy-v2-tlv-fmt", "(<type>) <fmt>", "a TLV of the binary header", proxy_tlv),
    option("check-send-proxy", "", "checks begin with a PROXY header", |line, to| {
        flag(line, &mut to.check_send_proxy, true);
    }),
    option("no-check-send-proxy", "", "ends `check-send-proxy`", |line, to| {
        flag(line, &mut to.check_send_proxy, false);
    }),
    option("no-send-proxy", "", "ends `send-proxy`", |_, to| {
        to.send_proxy.take_if(|version| version.value == 1);
    }),
    option("no-send-proxy-v2", "", "ends `send-proxy-v2`", |_, to| {
        to.send_proxy.take_if(|version| version.value == 2);
    }),
    option("tcp-ut", "<time>", "how long sent data may wait for its ACK", |line, to| {
        time(line, &mut to.tcp_ut, Unit::Millisecond);
    }),
];

const AGENT: &[Keyword<To>] = &[
    option("agent-check", "", "an agent on the server tells its state", |_, to| {
        agent(to).on = true
    }),
    option("no-agent-check", "", "ends `agent-check`", |_, to| agent(to).on = false),
    option("agent-port", "<port>", "the agent's port", |line, to| port(line, &mut agent(to).port)),
    option("agent-addr", "<address>", "the agent's address", |line, to| {
        text(line, &mut agent(to).addr, "an address");
    }),
    option("agent-inter", "<time>", "the time between questions", |line, to| {
        positive(line, &mut agent(to).inter);
    }),
    option("agent-send", "<text>", "what the agent is sent", |line, to| {
        text(line, &mut agent(to).send, "a text");
    }),
];

const CHECKED_BY: &[Keyword<To>] = &[
    option("log-proto", "legacy|octet-count", "how log messages are framed", |line, to| {
        let framings = [("legacy", false), ("octet-count", true)];
        to.log_octets = line.choice("a framing", &framings).map(Box::new);
    }),
    option("healthcheck", "<section>", "the section that says how it is checked", |line, to| {
        if let Some(name) = line.value("a `healthcheck` section") {
            line.mentions.push(Mention { noun: Noun::Healthcheck, name: spanned(name) });
            to.healthcheck = Some(Box::new(spanned(name)));
        }
    }),
    option("socks4", "<address>:<port>", "the SOCKS4 proxy on the way", |line, to| {
        let Some(word) = line.value("an address and a port") else { return };
        if let Some(address) = line.address(word, AddressUse::Dispatch) {
            to.socks4.get_or_insert_default().proxy = Some(Spanned::new(address, word.span));
        }
    }),
    option("check-via-socks4", "", "checks go through the SOCKS4 proxy, too", |_, to| {
        to.socks4.get_or_insert_default().checks = true;
    }),
];

/// Options that change nothing here. Those of TLS in their negative form ask for what is the case.
const IGNORED: &[Keyword<To>] = &[
    ignored("non-stick", "", "stick tables are not built: nothing is learned"),
    ignored("stick", "", "stick tables are not built: nothing is learned"),
    ignored("no-sni-auto", "", "there is no TLS to switch off"),
    ignored("no-check-sni-auto", "", "there is no TLS to switch off"),
    ignored("no-tls-tickets", "", "there is no TLS to switch off"),
    ignored("no-tlsv10", "", "there is no TLS to switch off"),
    ignored("no-tlsv11", "", "there is no TLS to switch off"),
    ignored("no-tlsv12", "", "there is no TLS to switch off"),
    ignored("no-tlsv13", "", "there is no TLS to switch off"),
    ignored("no-sslv3", "", "there is no TLS to switch off"),
    ignored("no-ssl-reuse", "", "there is no TLS to switch off"),
    ignored("no-renegotiate", "", "there is no TLS to switch off"),
    ignored("no-check-reuse-pool", "", "checks open connections of their own"),
    ignored("ssl-reuse", "", "only `ssl` lines read it, which are refused"),
    ignored("renegotiate", "", "only `ssl` lines read it, which are refused"),
    ignored("no-tfo", "", "connections to servers use no fast open"),
    ignored("tfo", "", "connections to servers use no fast open"),
    ignored("strict-maxconn", "", "`maxconn` counts connections already"),
    ignored("check-reuse-pool", "", "checks open connections of their own"),
    option("resolve-opts", "<option>[,...]", "how answers are used", |line, to| {
        let Some(word) = line.word() else { return };
        to.resolving.get_or_insert_default().opts = Some(spanned(word));
    })
    .shaped(Shape::Maybe(&Shape::ListOf(&[
        "allow-dup-ip",
        "ignore-weight",
        "prevent-dup-ip",
    ]))),
    option("resolve-net", "<network>[,...]", "the networks that are preferred", resolve_net),
    value_ignored("guid", "statistics are not kept over restarts by this name").shaped(Shape::Word),
    value_ignored("log-bufsize", "only backends of `mode log` read it")
        .shaped(Shape::Number(1, i32::MAX)),
    option("shard", "<n>", "the shard of a peer", |line, _| line.skip(1))
        .ignored("only `peers` sections read it"),
    value_ignored("cc", "the system's congestion control is used"),
];

const fn ignored(name: &'static str, args: &'static str, why: &'static str) -> Keyword<To> {
    option(name, args, why, |_, _| {}).ignored(why)
}

const fn value_ignored(name: &'static str, why: &'static str) -> Keyword<To> {
    option(name, "<value>", why, |line, _| {
        line.value("a value");
    })
    .ignored(why)
}

const REFUSED: &[Keyword<To>] = &[
    refused("check-pool-conn-name", "the connection that checks use"),
    refused("idle-ping", "asks silent servers").shaped(Shape::Time(i32::MAX as u64)),
    refused("namespace", "the network namespace of connections"),
    option("pool-conn-name", "<expr>", "what connections are kept by", |line, _| {
        tls_options::expression(line);
    })
    .refused("this option is not built yet"),
    refused("tcp-md5sig", "signs segments"),
    refused("usesrc", "the source address").shaped(Shape::Unknown("without `source` before it")),
    refused("from", "the settings it begins with"),
    refused("name", "the name of these settings"),
];

const fn refused(name: &'static str, doc: &'static str) -> Keyword<To> {
    option(name, "<value>", doc, |line, _| {
        line.value("a value");
    })
    .refused("this option is not built yet")
}

fn agent(to: &mut To) -> &mut AgentCheck {
    to.agent.get_or_insert_default()
}

fn flag<S: From<Spanned<bool>>>(line: &Directive<'_>, to: &mut Option<S>, value: bool) {
    if let Some(word) = line.last() {
        *to = Some(Spanned::new(value, word.span).into());
    }
}

fn text<S: From<Spanned<String>>>(line: &mut Directive<'_>, to: &mut Option<S>, what: &str) {
    if let Some(word) = line.value(what) {
        *to = Some(spanned(word).into());
    }
}

fn word_of(line: &mut Directive<'_>, to: &mut Rare<String>, allowed: &[&str]) {
    let Some(word) = line.value("a word") else { return };
    if allowed.contains(&word.text.as_ref()) {
        *to = Some(Box::new(spanned(word)));
    } else {
        let name = format!("one of {}", allowed.join(", "));
        line.not_one_of(word, &name, allowed);
    }
}

fn count<S: From<Spanned<u32>>>(line: &mut Directive<'_>, to: &mut Option<S>, low: i64, high: i64) {
    if let Some(number) = line.wrapping("a number in range", low..=high) {
        *to = Some(number.map(|n| u32::try_from(n.max(0)).unwrap_or(u32::MAX)).into());
    }
}

fn signed(line: &mut Directive<'_>, to: &mut Rare<i32>, low: i64) {
    if let Some(number) = line.wrapping("a number, -1 for no limit", low..=i64::MAX) {
        *to = Some(Box::new(number.map(|n| n as i32)));
    }
}

fn port(line: &mut Directive<'_>, to: &mut Setting<u16>) {
    // Quirk: HAProxy keeps 16 bits of whatever number stands here.
    if let Some(number) = line.lenient("a port", i64::MIN..=i64::MAX) {
        *to = Some(number.map(|n| n as u16));
    }
}

fn time<S: From<Spanned<Duration>>>(line: &mut Directive<'_>, to: &mut Option<S>, unit: Unit) {
    if let Some(time) = line.duration("a time", unit) {
        *to = Some(time.into());
    }
}

fn positive<S: From<Spanned<Duration>>>(line: &mut Directive<'_>, to: &mut Option<S>) {
    let Some(time) = line.duration("a time", Unit::Millisecond) else { return };
    if time.value.is_zero() {
        line.error(codes::E0302, time.span, "the time between checks is at least 1ms");
    } else {
        *to = Some(time.into());
    }
}

fn proxy_version(line: &Directive<'_>, to: &mut To, version: u8) {
    if let Some(word) = line.last() {
        to.send_proxy = Some(Box::new(Spanned::new(version, word.span)));
    }
}

/// The words of `proxy-v2-options`.
const PROXY_OPTIONS: &[&str] =
    &["ssl", "cert-cn", "cert-key", "cert-sig", "ssl-cipher", "authority", "crc32c", "unique-id"];

fn proxy_options(line: &mut Directive<'_>, to: &mut To) {
    let Some(word) = line.value("a list of options") else { return };
    let names: Vec<&str> = word.text.split(',').collect();
    if names.iter().all(|name| PROXY_OPTIONS.contains(name)) {
        add_proxy_options(line, to, &names);
    } else {
        line.not_one_of(word, "a list of options of the PROXY header", PROXY_OPTIONS);
    }
}

fn add_proxy_options(line: &Directive<'_>, to: &mut To, names: &[&str]) {
    let Some(word) = line.last() else { return };
    let known = to.proxy_v2_options.take().map_or_else(Vec::new, |options| options.value);
    let added = names.iter().map(|name| (*name).to_owned());
    let all = known.into_iter().chain(added).collect();
    to.proxy_v2_options = Some(Box::new(Spanned::new(all, word.span)));
}

fn no_proxy_tls(to: &mut To) {
    to.send_proxy.take_if(|version| version.value == 2);
    if let Some(options) = &mut to.proxy_v2_options {
        options.value.retain(|name| !matches!(name.as_str(), "ssl" | "cert-cn"));
    }
}

/// `set-proxy-v2-tlv-fmt(0x20) %[expr]`: the type in parentheses, then a format.
fn proxy_tlv(line: &mut Directive<'_>, to: &mut To) {
    let Some(word) = line.last() else { return };
    let inside = word.text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let number = inside.and_then(|text| match text.strip_prefix("0x") {
        Some(digits) => u8::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    });
    let Some(number) = number else {
        // Quirk: HAProxy takes a type that it cannot read, and the rest of the line with it.
        if line.target.haproxy().is_some() && inside.is_none() {
            return line.skip(1);
        }
        let message = format!("`{}` needs a type from 0 to 255 in parentheses", word.text);
        line.error(codes::E0302, word.span, message);
        line.value("a format");
        return;
    };
    if line.peek().is_none() {
        // At the end of the line a format may be missing: an empty value.
        to.proxy_v2_tlvs.push(Spanned::new((number, LogFormat::default()), word.span));
    } else if let Some(format) = line.log_format("a format") {
        to.proxy_v2_tlvs.push(Spanned::new((number, format.value), format.span));
    }
}

/// Networks, separated by commas.
fn resolve_net(line: &mut Directive<'_>, to: &mut To) {
    let Some(word) = line.value("a list of networks") else { return };
    let is_network = |part: &str| {
        let (address, mask) = part.split_once('/').map_or((part, None), |(a, m)| (a, Some(m)));
        let mask_fits = mask.is_none_or(|mask| {
            mask.parse::<u8>().is_ok_and(|bits| bits <= 128)
                || mask.parse::<std::net::Ipv4Addr>().is_ok()
        });
        address.parse::<std::net::IpAddr>().is_ok() && mask_fits
    };
    if !word.text.split(',').all(is_network) {
        let message = format!("`{}` is not a list of networks", word.text);
        line.error(codes::E0305, word.span, message);
        return;
    }
    to.resolving.get_or_insert_default().net = Some(spanned(word));
}

fn init_addr(line: &mut Directive<'_>, to: &mut To) {
    // Quirk: HAProxy takes none as an empty list.
    let Some(word) = line.word() else { return };
    for method in word.text.split(',') {
        let literal = method.parse::<std::net::IpAddr>().is_ok();
        if !literal && !matches!(method, "libc" | "last" | "none") {
            line.not_one_of(
                word,
                "a list of `last`, `libc`, `none` and addresses",
                &["last", "libc", "none"],
            );
            return;
        }
    }
    to.init_addr = Some(Box::new(spanned(word)));
}
