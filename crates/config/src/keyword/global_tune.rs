//! `global`: what tunes the inside of the process (manual 3.2). Most of it tunes HAProxy's inside.

use diag::{Spanned, codes};

use super::{Keyword, Places, global_process};
use crate::lower::Directive;
use crate::model::{Global, Setting};

const fn tune(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Global),
) -> Keyword<Global> {
    Keyword::new(name, Places::GLOBAL, args, "3.2", doc, lower)
}

/// A keyword that tunes what is not there.
const fn nothing(name: &'static str, why: &'static str) -> Keyword<Global> {
    tune(name, "<value>", why, |line, _| {
        line.rest();
    })
    .ignored(why)
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
const LOGS: &str = "log lines have the length that `log ... len` gives them";

pub(super) const KEYWORDS: &[Keyword<Global>] = &[
    tune("tune.bufsize", "<size>", "bytes that a request head and rewrites fit in", |line, to| {
        size(line, &mut to.bufsize);
    }),
    tune("tune.maxrewrite", "<size>", "bytes that are kept for rewrites", |line, to| {
        size(line, &mut to.maxrewrite);
    }),
    tune("tune.http.maxhdr", "<n>", "headers of a message", |line, to| {
        let number = line.number("a number of headers", 1..=32767);
        line.end();
        to.http_maxhdr =
            number.map(|n| Spanned::new(n.value as u32, line.span())).or(to.http_maxhdr);
    }),
    tune("spread-checks", "<percent>", "how far checks are spread, 0 to 50", |line, to| {
        let mut value: Setting<u32> = None;
        global_process::count(line, &mut value);
        match value {
            Some(percent) if percent.value > 50 => {
                line.error(codes::E0302, percent.span, "checks are spread by 0 to 50 percent");
            }
            _ => to.spread_checks = value.or(to.spread_checks),
        }
    }),
    nothing("max-spread-checks", "`spread-checks` alone says how far checks are spread"),
    nothing("tune.buffers.limit", BUFFERS),
    nothing("tune.buffers.reserve", BUFFERS),
    nothing("tune.bufsize.large", BUFFERS),
    nothing("tune.bufsize.small", BUFFERS),
    nothing("tune.chksize", BUFFERS),
    nothing("tune.recv_enough", BUFFERS),
    nothing("tune.pipesize", COPY),
    nothing("maxpipes", COPY),
    nothing("nosplice", COPY),
    nothing("tune.applet.zero-copy-forwarding", COPY),
    nothing("tune.disable-fast-forward", COPY),
    nothing("tune.disable-zero-copy-forwarding", COPY),
    nothing("tune.h1.zero-copy-fwd-recv", COPY),
    nothing("tune.h1.zero-copy-fwd-send", COPY),
    nothing("tune.h2.zero-copy-fwd-send", COPY),
    nothing("tune.pt.zero-copy-forwarding", COPY),
    nothing("tune.cli.max-payload-size", "the runtime socket limits its lines itself"),
    nothing("tune.defaults.purge", MEMORY),
    nothing("tune.fail-alloc", MEMORY),
    nothing("tune.memory.hot-size", MEMORY),
    nothing("no-memory-trimming", MEMORY),
    nothing("tune.pattern.cache-size", "patterns are compiled, not cached"),
    nothing("tune.epoll.mask-events", POLLER),
    nothing("tune.fd.edge-triggered", POLLER),
    nothing("tune.fd.tables", POLLER),
    nothing("tune.maxpollevents", POLLER),
    nothing("tune.events.max-events-at-once", POLLER),
    nothing("noepoll", POLLER),
    nothing("nokqueue", POLLER),
    nothing("noevports", POLLER),
    nothing("nopoll", POLLER),
    nothing("busy-polling", POLLER),
    nothing("fd-hard-limit", "`maxconn` and `ulimit-n` say how many there are"),
    nothing("prealloc-fd", "`maxconn` and `ulimit-n` say how many there are"),
    nothing("noreuseport", "every thread listens for itself"),
    nothing("nogetaddrinfo", "names are resolved by the system"),
    nothing("dns-accept-family", "names are resolved by the system"),
    nothing("tune.idle-pool.shared", "idle connections belong to the thread that opened them"),
    nothing("tune.idletimer", SCHEDULER),
    nothing("tune.max-checks-per-thread", SCHEDULER),
    nothing("tune.max-rules-at-once", SCHEDULER),
    nothing("tune.maxaccept", SCHEDULER),
    nothing("tune.runqueue-depth", SCHEDULER),
    nothing("tune.sched.low-latency", SCHEDULER),
    nothing("tune.streams-elasticity", SCHEDULER),
    nothing("tune.takeover-other-tg-connections", SCHEDULER),
    nothing("tune.renice.runtime", SCHEDULER),
    nothing("tune.renice.startup", SCHEDULER),
    nothing("profiling.tasks", SCHEDULER),
    nothing("profiling.memory", MEMORY),
    nothing("debug.counters", SCHEDULER),
    nothing("stress-level", SCHEDULER),
    nothing("warn-blocked-traffic-after", SCHEDULER),
    nothing("force-cfg-parser-pause", SCHEDULER),
    nothing("tune.listener.default-shards", "every thread has a socket of its own"),
    nothing("tune.listener.multi-queue", "the system spreads connections over threads"),
    nothing("cpu-map", THREADS),
    nothing("cpu-affinity", THREADS),
    nothing("cpu-policy", THREADS),
    nothing("cpu-set", THREADS),
    nothing("numa-cpu-mapping", THREADS),
    nothing("thread-groups", THREADS),
    nothing("thread-group", THREADS),
    nothing("thread-hard-limit", THREADS),
    nothing("max-threads-per-group", THREADS),
    nothing("tune.notsent-lowat.client", SOCKETS),
    nothing("tune.notsent-lowat.server", SOCKETS),
    nothing("tune.rcvbuf.backend", SOCKETS),
    nothing("tune.rcvbuf.client", SOCKETS),
    nothing("tune.rcvbuf.frontend", SOCKETS),
    nothing("tune.rcvbuf.server", SOCKETS),
    nothing("tune.sndbuf.backend", SOCKETS),
    nothing("tune.sndbuf.client", SOCKETS),
    nothing("tune.sndbuf.frontend", SOCKETS),
    nothing("tune.sndbuf.server", SOCKETS),
    nothing("tune.pool-high-fd-ratio", "idle connections are closed by age"),
    nothing("tune.pool-low-fd-ratio", "idle connections are closed by age"),
    nothing("tune.http.cookielen", LOGS),
    nothing("tune.http.logurilen", LOGS),
    nothing("tune.ring.queues", "ring buffers are not built"),
    nothing("tune.stick-counters", PEERS),
    nothing("tune.peers.max-updates-at-once", PEERS),
    nothing("cluster-secret", QUIC),
    nothing("tune.vars.check-max-size", VARIABLES),
    nothing("tune.vars.global-max-size", VARIABLES),
    nothing("tune.vars.proc-max-size", VARIABLES),
    nothing("tune.vars.reqres-max-size", VARIABLES),
    nothing("tune.vars.sess-max-size", VARIABLES),
    nothing("tune.vars.txn-max-size", VARIABLES),
    nothing("tune.glitches.kill.cpu-usage", HTTP2),
    nothing("tune.h1.be.glitches-threshold", "an error of the grammar ends a connection at once"),
    nothing("tune.h1.fe.glitches-threshold", "an error of the grammar ends a connection at once"),
    nothing("tune.h2.be.glitches-threshold", HTTP2),
    nothing("tune.h2.be.initial-window-size", HTTP2),
    nothing("tune.h2.be.max-concurrent-streams", HTTP2),
    nothing("tune.h2.be.max-frames-at-once", HTTP2),
    nothing("tune.h2.be.rxbuf", HTTP2),
    nothing("tune.h2.fe.glitches-threshold", HTTP2),
    nothing("tune.h2.fe.initial-window-size", HTTP2),
    nothing("tune.h2.fe.max-concurrent-streams", HTTP2),
    nothing("tune.h2.fe.max-frames-at-once", HTTP2),
    nothing("tune.h2.fe.max-rst-at-once", HTTP2),
    nothing("tune.h2.fe.max-total-streams", HTTP2),
    nothing("tune.h2.fe.rxbuf", HTTP2),
    nothing("tune.h2.header-table-size", HTTP2),
    nothing("tune.h2.initial-window-size", HTTP2),
    nothing("tune.h2.log-errors", HTTP2),
    nothing("tune.h2.max-concurrent-streams", HTTP2),
    nothing("tune.h2.max-frame-size", HTTP2),
    nothing("h2-workaround-bogus-websocket-clients", HTTP2),
    nothing("limited-quic", QUIC),
    nothing("no-quic", QUIC),
    nothing("harden.reject-privileged-ports.quic", QUIC),
    nothing("tune.comp.maxlevel", COMPRESSION),
    nothing("tune.zlib.memlevel", COMPRESSION),
    nothing("tune.zlib.windowsize", COMPRESSION),
    nothing("maxcompcpuusage", COMPRESSION),
    nothing("maxcomprate", COMPRESSION),
    nothing("maxzlibmem", COMPRESSION),
    nothing("lua-prepend-path", LUA),
    nothing("tune.lua.bool-sample-conversion", LUA),
    nothing("tune.lua.burst-timeout", LUA),
    nothing("tune.lua.forced-yield", LUA),
    nothing("tune.lua.log.loggers", LUA),
    nothing("tune.lua.log.stderr", LUA),
    nothing("tune.lua.maxmem", LUA),
    nothing("tune.lua.openlibs", LUA),
    nothing("tune.lua.service-timeout", LUA),
    nothing("tune.lua.session-timeout", LUA),
    nothing("tune.lua.task-timeout", LUA),
    nothing("httpclient.resolvers.disabled", CLIENT),
    nothing("httpclient.resolvers.id", CLIENT),
    nothing("httpclient.resolvers.prefer", CLIENT),
    nothing("httpclient.retries", CLIENT),
    nothing("httpclient.ssl.ca-file", CLIENT),
    nothing("httpclient.ssl.verify", CLIENT),
    nothing("httpclient.timeout.connect", CLIENT),
    nothing("mworker-max-reloads", "a reload happens in the process: no old ones pile up"),
    nothing("set-dumpable", "core files are the system's matter"),
    nothing("anonkey", "nothing is printed in anonymous form"),
    nothing("http-err-codes", "statistics count errors by status"),
    nothing("http-fail-codes", "statistics count errors by status"),
    nothing("stats-file", "statistics begin with the process"),
    nothing("shm-stats-file", "statistics begin with the process"),
    nothing("shm-stats-file-max-objects", "statistics begin with the process"),
    nothing("maxsslconn", TLS),
    nothing("maxsslrate", TLS),
    nothing("ca-base", TLS),
    nothing("crt-base", TLS),
    nothing("key-base", TLS),
    nothing("issuers-chain-path", TLS),
    nothing("noktls", TLS),
    nothing("jwt.decrypt_alg_list", TLS),
    nothing("jwt.decrypt_enc_list", TLS),
    nothing("ocsp-update.disable", TLS),
    nothing("ocsp-update.httpproxy", TLS),
    nothing("ocsp-update.maxdelay", TLS),
    nothing("ocsp-update.mindelay", TLS),
    nothing("ocsp-update.mode", TLS),
    nothing("ssl-default-bind-ciphersuites", TLS),
    nothing("ssl-default-bind-client-sigalgs", TLS),
    nothing("ssl-default-bind-curves", TLS),
    nothing("ssl-default-bind-options", TLS),
    nothing("ssl-default-bind-sigalgs", TLS),
    nothing("ssl-default-server-ciphersuites", TLS),
    nothing("ssl-default-server-client-sigalgs", TLS),
    nothing("ssl-default-server-curves", TLS),
    nothing("ssl-default-server-options", TLS),
    nothing("ssl-default-server-sigalgs", TLS),
    nothing("ssl-dh-param-file", TLS),
    nothing("ssl-engine", TLS),
    nothing("ssl-load-extra-del-ext", TLS),
    nothing("ssl-load-extra-files", TLS),
    nothing("ssl-mode-async", TLS),
    nothing("ssl-passphrase-cmd", TLS),
    nothing("ssl-propquery", TLS),
    nothing("ssl-provider", TLS),
    nothing("ssl-provider-path", TLS),
    nothing("ssl-security-level", TLS),
    nothing("ssl-skip-self-issued-ca", TLS),
    nothing("tune.ssl.cachesize", TLS),
    nothing("tune.ssl.capture-buffer-size", TLS),
    nothing("tune.ssl.capture-cipherlist-size", TLS),
    nothing("tune.ssl.certificate-compression", TLS),
    nothing("tune.ssl.default-dh-param", TLS),
    nothing("tune.ssl.force-private-cache", TLS),
    nothing("tune.ssl.hard-maxrecord", TLS),
    nothing("tune.ssl.keylog", TLS),
    nothing("tune.ssl.keyupdate-rate-limit", TLS),
    nothing("tune.ssl.lifetime", TLS),
    nothing("tune.ssl.maxrecord", TLS),
    nothing("tune.ssl.ocsp-update.maxdelay", TLS),
    nothing("tune.ssl.ocsp-update.mindelay", TLS),
    nothing("tune.ssl.ssl-ctx-cache-size", TLS),
];

fn size(line: &mut Directive<'_>, to: &mut Setting<u32>) {
    let size = line.size("a size, such as `16384`");
    line.end();
    let Some(size) = size else { return };
    match u32::try_from(size.value) {
        Ok(bytes) if bytes > 0 => *to = Some(Spanned::new(bytes, line.span())),
        _ => line.error(codes::E0302, size.span, "the size is from 1 byte to 4 GiB"),
    }
}
