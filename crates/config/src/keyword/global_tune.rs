//! `global`: what tunes the inside of the process (manual 3.2). Most of it tunes HAProxy's inside.

use diag::{Spanned, codes};

use super::shape::{BYTES, COUNT, MAYBE_NUMBER, NOT_NEGATIVE, ON_OFF, PERCENT, Shape};
use super::{Keyword, Places, global_process};
use crate::lower::{Directive, spanned};
use crate::model::{Global, Mention, Noun, Setting};

const fn tune(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Global),
) -> Keyword<Global> {
    Keyword::new(name, Places::GLOBAL, args, "3.2", doc, lower)
}

/// A keyword that tunes what is not there.
const fn nothing(name: &'static str, shape: Shape, why: &'static str) -> Keyword<Global> {
    tune(name, "", why, |line, _| line.skip_rest()).shaped(shape).ignored(why)
}

const BUFFERS: &str = "buffers are taken where they are needed, and given back";
const SCHEDULER: &str = "the scheduler of threads is another one";
const POLLER: &str = "the system's best poller is used";
const MEMORY: &str = "memory is managed by the allocator";
const COPY: &str = "bytes are relayed with as few copies as there can be";
const TLS: &str = "TLS is not built: it is a preset of `ssl` lines, which are refused";
const HTTP2: &str = "HTTP/2 is not built: it is a preset of connections that do not exist";
const QUIC: &str = "QUIC is not built: it is a preset of connections that do not exist";
const LUA: &str = "Lua is not built: it is a preset of scripts, which are refused";
const COMPRESSION: &str = "compression is not built: it is a preset of filters, which are refused";
const VARIABLES: &str = "variables have no limit of memory of their own";
const SOCKETS: &str = "the system sizes socket buffers";
const THREADS: &str = "threads are not placed on processors";
const PEERS: &str = "peers and stick tables are not built";
const CLIENT: &str = "the HTTP client is not built";
const HARDENING: &str = "this hardening is not built yet";
const LOGS: &str = "log lines have the length that `log ... len` gives them";

/// What `profiling.tasks` looks at.
const PROFILED: Shape =
    Shape::SomeOf(&["auto", "on", "off", "lock", "no-lock", "memory", "no-memory"]);

/// What Lua can be started with.
const LUA_LIBRARIES: &[&str] =
    &["all", "none", "table", "io", "os", "string", "math", "utf8", "package", "debug"];

pub(super) const KEYWORDS: &[Keyword<Global>] = &[
    tune("tune.bufsize", "<size>", "bytes that a request head and rewrites fit in", |line, to| {
        size(line, &mut to.bufsize);
    }),
    tune("tune.maxrewrite", "<n>", "bytes that are kept for rewrites", |line, to| {
        global_process::count(line, &mut to.maxrewrite);
    })
    .shaped(NOT_NEGATIVE),
    tune("tune.http.maxhdr", "<n>", "headers of a message", |line, to| {
        let number = line.wrapping("a number of headers", 1..=32767);
        line.end();
        to.http_maxhdr =
            number.map(|n| Spanned::new(n.value as u32, line.span())).or(to.http_maxhdr);
    }),
    tune("spread-checks", "<percent>", "how far checks are spread, 0 to 50", |line, to| {
        let mut value: Setting<u32> = None;
        global_process::count(line, &mut value);
        to.spread_checks = value.or(to.spread_checks);
    })
    .shaped(Shape::Number(0, 50)),
    nothing(
        "max-spread-checks",
        Shape::Time(i32::MAX as u64),
        "`spread-checks` alone says how far checks are spread",
    ),
    nothing("tune.buffers.limit", Shape::Changed(&COUNT, &MAYBE_NUMBER), BUFFERS),
    nothing("tune.buffers.reserve", Shape::Changed(&COUNT, &MAYBE_NUMBER), BUFFERS),
    nothing("tune.bufsize.large", Shape::Size(1, u32::MAX as u64), BUFFERS),
    nothing("tune.bufsize.small", Shape::Size(1, u32::MAX as u64), BUFFERS),
    nothing("tune.chksize", Shape::Gone("`tune.bufsize` is used instead"), BUFFERS),
    nothing("tune.recv_enough", Shape::Changed(&COUNT, &Shape::Size(0, i32::MAX as u64)), BUFFERS),
    nothing("tune.pipesize", Shape::Changed(&COUNT, &BYTES), COPY),
    nothing("maxpipes", COUNT, COPY),
    nothing("nosplice", Shape::Nothing, COPY),
    nothing("tune.applet.zero-copy-forwarding", ON_OFF, COPY),
    nothing("tune.disable-fast-forward", Shape::Nothing, COPY),
    nothing("tune.disable-zero-copy-forwarding", Shape::Nothing, COPY),
    nothing("tune.h1.zero-copy-fwd-recv", ON_OFF, COPY),
    nothing("tune.h1.zero-copy-fwd-send", ON_OFF, COPY),
    nothing("tune.h2.zero-copy-fwd-send", ON_OFF, COPY),
    nothing("tune.pt.zero-copy-forwarding", ON_OFF, COPY),
    nothing("tune.cli.max-payload-size", BYTES, "the runtime socket limits its lines itself"),
    nothing("tune.defaults.purge", Shape::OneOf(&["none", "all", "defproxy", "defsrv"]), MEMORY),
    nothing("tune.fail-alloc", Shape::Maybe(&PERCENT), MEMORY),
    nothing("tune.memory.hot-size", Shape::Long(1, i64::MAX), MEMORY),
    nothing("no-memory-trimming", Shape::Nothing, MEMORY),
    nothing(
        "tune.pattern.cache-size",
        Shape::Changed(&Shape::Then(&NOT_NEGATIVE), &NOT_NEGATIVE),
        "patterns are compiled, not cached",
    ),
    nothing(
        "tune.epoll.mask-events",
        Shape::Maybe(&Shape::ListOf(&["err", "hup", "rdhup"])),
        POLLER,
    ),
    nothing("tune.fd.edge-triggered", Shape::Experimental(&ON_OFF), POLLER),
    nothing("tune.fd.tables", Shape::Experimental(&Shape::Free), POLLER),
    nothing("tune.maxpollevents", COUNT, POLLER),
    nothing("tune.events.max-events-at-once", Shape::Number(1, 10_000), POLLER),
    nothing("noepoll", Shape::Nothing, POLLER),
    nothing("nokqueue", Shape::Nothing, POLLER),
    nothing("noevports", Shape::Nothing, POLLER),
    nothing("nopoll", Shape::Nothing, POLLER),
    nothing("busy-polling", Shape::Nothing, POLLER),
    nothing("fd-hard-limit", COUNT, "`maxconn` and `ulimit-n` say how many there are"),
    nothing("prealloc-fd", Shape::Nothing, "`maxconn` and `ulimit-n` say how many there are"),
    nothing("nogetaddrinfo", Shape::Nothing, "names are resolved by the system"),
    nothing(
        "dns-accept-family",
        Shape::ListOf(&["ipv4", "ipv6", "auto"]),
        "names are resolved by the system",
    ),
    tune(
        "tune.idle-pool.shared",
        "on|off|full",
        "threads take idle server connections of others",
        |line, to| {
            // There are no groups of threads: `full` is `on`.
            let on = [("on", true), ("full", true), ("off", false)];
            let shared = line.choice("`on` or `off`", &on);
            line.end();
            to.idle_pool_shared = shared.map(|on| Spanned::new(on.value, line.span()));
        },
    )
    .shaped(Shape::Changed(&ON_OFF, &Shape::OneOf(&["full", "on", "off"]))),
    nothing("tune.idletimer", Shape::Time(65_535), SCHEDULER),
    nothing("tune.max-checks-per-thread", Shape::Maybe(&COUNT), SCHEDULER),
    nothing("tune.max-rules-at-once", NOT_NEGATIVE, SCHEDULER),
    nothing(
        "tune.maxaccept",
        Shape::Changed(&Shape::Long(i64::MIN, i32::MAX as i64), &COUNT),
        SCHEDULER,
    ),
    nothing("tune.runqueue-depth", COUNT, SCHEDULER),
    nothing("tune.sched.low-latency", ON_OFF, SCHEDULER),
    tune("tune.streams-elasticity", "<percent>", SCHEDULER, |line, _| {
        if !line.take("0") {
            Shape::Whole(100, i32::MAX).read(line);
        }
        line.end();
    })
    .ignored(SCHEDULER),
    nothing(
        "tune.takeover-other-tg-connections",
        Shape::OneOf(&["none", "restricted", "full"]),
        SCHEDULER,
    ),
    nothing("tune.renice.runtime", Shape::Maybe(&Shape::Whole(-20, 19)), SCHEDULER),
    nothing("tune.renice.startup", Shape::Maybe(&Shape::Whole(-20, 19)), SCHEDULER),
    nothing(
        "profiling.tasks",
        Shape::Changed(&Shape::OneOf(&["on", "off", "auto"]), &PROFILED),
        SCHEDULER,
    ),
    nothing("profiling.memory", Shape::Gone("leave it out"), MEMORY),
    nothing("debug.counters", Shape::Gone("leave it out"), SCHEDULER),
    nothing("stress-level", Shape::Whole(0, 9), SCHEDULER),
    nothing("warn-blocked-traffic-after", Shape::Then(&Shape::Time(1_000)), SCHEDULER),
    nothing("force-cfg-parser-pause", Shape::Experimental(&Shape::Free), SCHEDULER),
    nothing(
        "tune.listener.default-shards",
        Shape::OneOf(&["by-process", "by-thread", "by-group"]),
        "every thread has a socket of its own",
    ),
    nothing(
        "tune.listener.multi-queue",
        Shape::Changed(&ON_OFF, &Shape::OneOf(&["on", "fair", "off"])),
        "the system spreads connections over threads",
    ),
    nothing("numa-cpu-mapping", Shape::Free, THREADS),
    nothing("thread-groups", Shape::Changed(&Shape::Whole(1, 1), &Shape::Whole(1, 32)), THREADS),
    nothing("thread-hard-limit", Shape::Whole(1, 1_024), THREADS),
    nothing("max-threads-per-group", Shape::Whole(0, 64), THREADS),
    nothing("tune.notsent-lowat.client", BYTES, SOCKETS),
    nothing("tune.notsent-lowat.server", BYTES, SOCKETS),
    nothing("tune.rcvbuf.backend", Shape::Size(1, u32::MAX as u64), SOCKETS),
    nothing("tune.rcvbuf.client", Shape::Changed(&COUNT, &BYTES), SOCKETS),
    nothing("tune.rcvbuf.frontend", Shape::Size(1, u32::MAX as u64), SOCKETS),
    nothing("tune.rcvbuf.server", Shape::Changed(&COUNT, &BYTES), SOCKETS),
    nothing("tune.sndbuf.backend", Shape::Size(1, u32::MAX as u64), SOCKETS),
    nothing("tune.sndbuf.client", Shape::Changed(&COUNT, &BYTES), SOCKETS),
    nothing("tune.sndbuf.frontend", Shape::Size(1, u32::MAX as u64), SOCKETS),
    nothing("tune.sndbuf.server", Shape::Changed(&COUNT, &BYTES), SOCKETS),
    nothing("tune.pool-high-fd-ratio", PERCENT, "idle connections are closed by age"),
    nothing("tune.pool-low-fd-ratio", PERCENT, "idle connections are closed by age"),
    nothing("tune.http.cookielen", COUNT, LOGS),
    nothing("tune.http.logurilen", COUNT, LOGS),
    nothing("tune.ring.queues", Shape::Maybe(&Shape::Number(0, 16)), "a ring has one queue"),
    nothing("tune.stick-counters", Shape::Maybe(&Shape::Then(&Shape::Whole(0, 100))), PEERS),
    nothing("tune.peers.max-updates-at-once", Shape::Number(1, i32::MAX), PEERS),
    nothing("cluster-secret", Shape::Word, QUIC),
    nothing(
        "tune.vars.check-max-size",
        Shape::Maybe(&Shape::Then(&Shape::Whole(i32::MIN, i32::MAX))),
        VARIABLES,
    ),
    nothing(
        "tune.vars.global-max-size",
        Shape::Maybe(&Shape::Then(&Shape::Whole(i32::MIN, i32::MAX))),
        VARIABLES,
    ),
    nothing(
        "tune.vars.proc-max-size",
        Shape::Maybe(&Shape::Then(&Shape::Whole(i32::MIN, i32::MAX))),
        VARIABLES,
    ),
    nothing(
        "tune.vars.reqres-max-size",
        Shape::Maybe(&Shape::Then(&Shape::Whole(i32::MIN, i32::MAX))),
        VARIABLES,
    ),
    nothing(
        "tune.vars.sess-max-size",
        Shape::Maybe(&Shape::Then(&Shape::Whole(i32::MIN, i32::MAX))),
        VARIABLES,
    ),
    nothing(
        "tune.vars.txn-max-size",
        Shape::Maybe(&Shape::Then(&Shape::Whole(i32::MIN, i32::MAX))),
        VARIABLES,
    ),
    nothing("tune.glitches.kill.cpu-usage", PERCENT, HTTP2),
    nothing(
        "tune.h1.be.glitches-threshold",
        MAYBE_NUMBER,
        "an error of the grammar ends a connection at once",
    ),
    nothing(
        "tune.h1.fe.glitches-threshold",
        MAYBE_NUMBER,
        "an error of the grammar ends a connection at once",
    ),
    nothing("tune.h2.be.glitches-threshold", MAYBE_NUMBER, HTTP2),
    nothing("tune.h2.be.initial-window-size", MAYBE_NUMBER, HTTP2),
    nothing("tune.h2.be.max-concurrent-streams", MAYBE_NUMBER, HTTP2),
    nothing("tune.h2.be.max-frames-at-once", Shape::Maybe(&COUNT), HTTP2),
    nothing("tune.h2.be.rxbuf", BYTES, HTTP2),
    nothing("tune.h2.fe.glitches-threshold", MAYBE_NUMBER, HTTP2),
    nothing("tune.h2.fe.initial-window-size", MAYBE_NUMBER, HTTP2),
    tune(
        "tune.h2.fe.max-concurrent-streams",
        "<n> [rq-load <n>|auto|ignore] [min <n>]",
        HTTP2,
        streams,
    )
    .ignored(HTTP2),
    nothing("tune.h2.fe.max-frames-at-once", Shape::Maybe(&COUNT), HTTP2),
    nothing("tune.h2.fe.max-rst-at-once", Shape::Maybe(&COUNT), HTTP2),
    nothing("tune.h2.fe.max-total-streams", MAYBE_NUMBER, HTTP2),
    nothing("tune.h2.fe.rxbuf", BYTES, HTTP2),
    nothing("tune.h2.header-table-size", Shape::Number(4_096, 65_536), HTTP2),
    nothing("tune.h2.initial-window-size", MAYBE_NUMBER, HTTP2),
    nothing("tune.h2.log-errors", Shape::OneOf(&["none", "connection", "stream"]), HTTP2),
    nothing("tune.h2.max-concurrent-streams", MAYBE_NUMBER, HTTP2),
    nothing("tune.h2.max-frame-size", Shape::Number(16_384, 16_777_215), HTTP2),
    nothing("h2-workaround-bogus-websocket-clients", Shape::Nothing, HTTP2),
    nothing("limited-quic", Shape::Nothing, QUIC),
    nothing("no-quic", Shape::Gone("leave it out"), QUIC),
    nothing("acme.scheduler", Shape::Then(&Shape::OneOf(&["auto", "off"])), "ACME is not built"),
    tune("harden.reject-privileged-ports.tcp", "", HARDENING, |line, _| line.skip_rest())
        .shaped(Shape::Then(&ON_OFF))
        .refused(HARDENING),
    nothing("harden.reject-privileged-ports.quic", Shape::Then(&ON_OFF), QUIC),
    nothing("tune.comp.maxlevel", Shape::Number(1, 9), COMPRESSION),
    nothing("tune.zlib.memlevel", Shape::Number(1, 9), COMPRESSION),
    nothing("tune.zlib.windowsize", Shape::Number(8, 15), COMPRESSION),
    nothing("maxcompcpuusage", PERCENT, COMPRESSION),
    nothing("maxcomprate", COUNT, COMPRESSION),
    nothing("maxzlibmem", COUNT, COMPRESSION),
    nothing("lua-prepend-path", Shape::Word, LUA),
    nothing("tune.lua.bool-sample-conversion", Shape::OneOf(&["normal", "pre-3.1-bug"]), LUA),
    nothing("tune.lua.burst-timeout", Shape::Then(&Shape::Time(i32::MAX as u64)), LUA),
    nothing(
        "tune.lua.forced-yield",
        Shape::Maybe(&Shape::Then(&Shape::Whole(i32::MIN, i32::MAX))),
        LUA,
    ),
    nothing("tune.lua.log.loggers", ON_OFF, LUA),
    nothing("tune.lua.log.stderr", Shape::OneOf(&["on", "off", "auto"]), LUA),
    nothing("tune.lua.maxmem", Shape::Then(&Shape::Whole(i32::MIN, i32::MAX)), LUA),
    nothing("tune.lua.openlibs", Shape::ListOf(LUA_LIBRARIES), LUA),
    nothing("tune.lua.service-timeout", Shape::Then(&Shape::Time(i32::MAX as u64)), LUA),
    nothing("tune.lua.session-timeout", Shape::Then(&Shape::Time(i32::MAX as u64)), LUA),
    nothing("tune.lua.task-timeout", Shape::Then(&Shape::Time(i32::MAX as u64)), LUA),
    nothing("httpclient.resolvers.disabled", ON_OFF, CLIENT),
    tune("httpclient.resolvers.id", "<section>", CLIENT, |line, _| {
        if let Some(name) = line.arg("the name of a `resolvers` section") {
            line.mentions.push(Mention { noun: Noun::Resolvers, name: spanned(name) });
        }
        line.end();
    })
    .ignored(CLIENT),
    nothing("httpclient.resolvers.prefer", Shape::OneOf(&["ipv4", "ipv6"]), CLIENT),
    nothing("httpclient.retries", COUNT, CLIENT),
    nothing("httpclient.ssl.ca-file", Shape::Maybe(&Shape::Word), CLIENT),
    nothing("httpclient.ssl.verify", Shape::OneOf(&["none", "required"]), CLIENT),
    nothing("httpclient.timeout.connect", Shape::Time(i32::MAX as u64), CLIENT),
    nothing(
        "mworker-max-reloads",
        Shape::Changed(&Shape::Maybe(&COUNT), &NOT_NEGATIVE),
        "a reload happens in the process: no old ones pile up",
    ),
    nothing(
        "set-dumpable",
        Shape::Changed(&Shape::Nothing, &Shape::Maybe(&ON_OFF)),
        "core files are the system's matter",
    ),
    nothing("anonkey", Shape::Words, "nothing is printed in anonymous form"),
    nothing("stats-file", Shape::Words, "statistics begin with the process"),
    nothing("shm-stats-file", Shape::Words, "statistics begin with the process"),
    nothing("shm-stats-file-max-objects", Shape::Words, "statistics begin with the process"),
    nothing("maxsslconn", NOT_NEGATIVE, TLS),
    nothing("maxsslrate", COUNT, TLS),
    nothing("issuers-chain-path", Shape::Words, TLS),
    nothing("noktls", Shape::Nothing, TLS),
    nothing("jwt.decrypt_alg_list", Shape::Free, TLS),
    nothing("jwt.decrypt_enc_list", Shape::Free, TLS),
    nothing("ocsp-update.disable", Shape::Free, TLS),
    nothing("ocsp-update.httpproxy", Shape::Free, TLS),
    nothing("ocsp-update.maxdelay", Shape::Then(&NOT_NEGATIVE), TLS),
    nothing("ocsp-update.mindelay", Shape::Then(&NOT_NEGATIVE), TLS),
    nothing("ocsp-update.mode", Shape::Free, TLS),
    nothing("ssl-default-bind-client-sigalgs", Shape::Word, TLS),
    nothing("ssl-default-bind-curves", Shape::Word, TLS),
    nothing("ssl-default-bind-sigalgs", Shape::Word, TLS),
    nothing("ssl-default-server-client-sigalgs", Shape::Word, TLS),
    nothing("ssl-default-server-curves", Shape::Word, TLS),
    nothing("ssl-default-server-sigalgs", Shape::Word, TLS),
    nothing("ssl-dh-param-file", Shape::Word, TLS),
    nothing("ssl-engine", Shape::Gone("the TLS library of distributions has no engines"), TLS),
    nothing("ssl-load-extra-del-ext", Shape::Free, TLS),
    nothing(
        "ssl-load-extra-files",
        Shape::SomeOf(&["none", "all", "bundle", "sctl", "ocsp", "issuer", "key"]),
        TLS,
    ),
    nothing("ssl-mode-async", Shape::Free, TLS),
    nothing("ssl-passphrase-cmd", Shape::Free, TLS),
    nothing("ssl-propquery", Shape::Words, TLS),
    nothing("ssl-provider", Shape::Words, TLS),
    nothing("ssl-provider-path", Shape::Words, TLS),
    nothing("ssl-security-level", Shape::Then(&Shape::Whole(0, 5)), TLS),
    nothing("ssl-skip-self-issued-ca", Shape::Free, TLS),
    nothing("tune.ssl.cachesize", NOT_NEGATIVE, TLS),
    nothing("tune.ssl.capture-buffer-size", NOT_NEGATIVE, TLS),
    nothing("tune.ssl.capture-cipherlist-size", NOT_NEGATIVE, TLS),
    nothing("tune.ssl.certificate-compression", Shape::Gone("it needs OpenSSL 3.2"), TLS),
    nothing("tune.ssl.default-dh-param", Shape::Long(1_024, i64::MAX), TLS),
    nothing("tune.ssl.force-private-cache", Shape::Nothing, TLS),
    nothing("tune.ssl.hard-maxrecord", NOT_NEGATIVE, TLS),
    nothing("tune.ssl.keylog", ON_OFF, TLS),
    nothing("tune.ssl.keyupdate-rate-limit", NOT_NEGATIVE, TLS),
    nothing("tune.ssl.lifetime", Shape::Seconds, TLS),
    nothing("tune.ssl.maxrecord", NOT_NEGATIVE, TLS),
    nothing("tune.ssl.ocsp-update.maxdelay", Shape::Then(&NOT_NEGATIVE), TLS),
    nothing("tune.ssl.ocsp-update.mindelay", Shape::Then(&NOT_NEGATIVE), TLS),
    nothing("tune.ssl.ssl-ctx-cache-size", NOT_NEGATIVE, TLS),
];

/// `tune.h2.fe.max-concurrent-streams 100 rq-load auto min 10`.
fn streams(line: &mut Directive<'_>, _: &mut Global) {
    MAYBE_NUMBER.read(line);
    while line.peek().is_some() {
        let what = line.peek_text();
        if !line.one_of(&["rq-load", "min"]) {
            return line.skip_rest();
        }
        if what == "rq-load" && matches!(line.peek_text(), "auto" | "ignore") {
            line.skip(1);
        } else {
            Shape::Number(1, i32::MAX).read(line);
        }
    }
}

/// The least size in which HAProxy can keep its own error pages, and the most it takes.
const BUFFER: std::ops::RangeInclusive<u64> = 337..=268_435_440;

fn size(line: &mut Directive<'_>, to: &mut Setting<u32>) {
    // Quirk: HAProxy before 3.0 does not know units here: `64k` is 64 bytes, which are too few.
    let size = match line.target.is_2_6() {
        true => line.lenient("a size", i64::MIN..=i64::MAX).map(|n| n.map(|n| n.max(0) as u64)),
        false => line.size("a size, such as `16384`"),
    };
    line.end();
    let Some(size) = size else { return };
    match u32::try_from(size.value) {
        Ok(bytes) if BUFFER.contains(&size.value) || line.target.is_proxyd() && bytes > 0 => {
            *to = Some(Spanned::new(bytes, line.span()));
        }
        _ => {
            let (low, high) = (BUFFER.start(), BUFFER.end());
            let message = format!("the size is from {low} to {high} bytes");
            line.error(codes::E0302, size.span, message);
        }
    }
}
