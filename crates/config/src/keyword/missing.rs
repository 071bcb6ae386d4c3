//! Keywords that are refused by name: what they belong to is not built, or was removed from the language.

use super::{Keyword, Missing, Places, Table};

/// Sections whose name is known and whose lines are not read.
pub(crate) static SECTIONS: Table<()> = Table {
    noun: "section",
    keywords: &[SUPPORTED],
    missing: &[
        Missing::not_built("caching is not built yet", "6", &[("cache", 0)]),
        Missing::not_built(
            "the program supervisor is not built: use the system's",
            "12",
            &[("program", 0)],
        ),
        Missing::not_built("FastCGI is not built", "10", &[("fcgi-app", 0)]),
        Missing::not_built(
            "TLS is not built yet",
            "12.7",
            &[("crt-store", 0), ("acme", 0), ("crt-list", 0)],
        ),
        Missing::not_built("traces are not built", "12.8", &[("traces", 0)]),
        Missing::not_built("network namespaces are not built", "5.1", &[("namespace_list", 0)]),
    ],
};

const SUPPORTED: &[Keyword<()>] = &[
    section("global", "", "3", "the process"),
    section("defaults", "[<name>] [from <defaults>]", "4", "settings of the proxies below"),
    section("frontend", "<name> [from <defaults>]", "4", "takes connections"),
    section("backend", "<name> [from <defaults>]", "4", "has servers"),
    section("listen", "<name> [from <defaults>]", "4", "a frontend and a backend in one"),
    section("userlist", "<name>", "12.2", "users and groups"),
    section("healthcheck", "<name>", "12.9", "how servers that name it are checked"),
    section("ring", "<name>", "12.5", "messages that wait for a log server"),
    section("log-forward", "<name>", "12.6", "takes log messages and sends them on"),
    section("log-profile", "<name>", "8.3.5", "what the lines of a log target look like"),
    section("http-errors", "<name>", "12.4", "error files that proxies import"),
    section("peers", "<name>", "11.2", "who shares the stick tables")
        .ignored("there are no stick tables that peers could share"),
    section("resolvers", "<name>", "5.3", "who resolves names while the process runs"),
    section("mailers", "<name>", "12.3", "where mail alerts go").ignored("no mail is sent"),
];

const fn section(
    name: &'static str,
    args: &'static str,
    manual: &'static str,
    doc: &'static str,
) -> Keyword<()> {
    Keyword::new(name, Places::INSIDE, args, manual, doc, |_, ()| {})
}

/// In `global`.
pub(super) const GLOBAL: &[Missing] = &[
    Missing::removed("leave it out: there is one process, with threads", &[("nbproc", 0)]),
    Missing::removed("start with `-d`", &[("debug", 0)]),
    Missing::unknown("as distributions build it: without QUIC", &[("tune.quic.*", 0)]),
    Missing::not_built("this hardening is not built yet", "3.1", &[("setcap", 0)]),
    Missing::unknown(
        "as distributions build it: without device detection",
        &[("51degrees-*", 0), ("deviceatlas-*", 0), ("wurfl-*", 0)],
    ),
    Missing::unknown("as distributions build it: without tracing", &[("ot", 0), ("otel", 0)]),
];

/// In `defaults`, `frontend`, `backend` and `listen`.
pub(super) const PROXY: &[Missing] = &[
    Missing::not_built("TLS is not built yet", "4.2", &[("ssl-f-use", 0)]),
    Missing::removed("write `timeout client`", &[("clitimeout", 0)]),
    Missing::removed("write `timeout connect`", &[("contimeout", 0)]),
    Missing::removed("write `timeout server`", &[("srvtimeout", 0)]),
    Missing::removed("write `option redispatch`", &[("redispatch", 0)]),
    Missing::removed("write `cookie` or stick tables", &[("appsession", 0)]),
    Missing::removed("write `http-request deny`", &[("block", 0), ("reqdeny", 0), ("reqideny", 0)]),
    Missing::removed("write `http-request add-header`", &[("reqadd", 0)]),
    Missing::removed("write `http-response add-header`", &[("rspadd", 0)]),
    Missing::removed(
        "write `http-request` rules",
        &[
            ("reqallow", 0),
            ("reqdel", 0),
            ("reqiallow", 0),
            ("reqidel", 0),
            ("reqipass", 0),
            ("reqirep", 0),
            ("reqisetbe", 0),
            ("reqitarpit", 0),
            ("reqpass", 0),
            ("reqrep", 0),
            ("reqsetbe", 0),
            ("reqtarpit", 0),
        ],
    ),
    Missing::removed(
        "write `http-response` rules",
        &[
            ("rspdel", 0),
            ("rspdeny", 0),
            ("rspidel", 0),
            ("rspideny", 0),
            ("rspirep", 0),
            ("rsprep", 0),
        ],
    ),
    Missing::removed(
        "write `http-request return status 200 if { src ADDRESS }`",
        &[("monitor-net", 0)],
    ),
    Missing::removed("leave it out: it stops with the process", &[("grace", 0)]),
];
