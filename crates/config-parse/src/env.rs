//! The environment that variables are read from: an argument, never the process's own.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Variable names and values; also what `.if` predicates ask about the program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Variables.
    pub vars: BTreeMap<String, String>,
    /// What `version_atleast()` compares with, `2.6.12`. Predicates that this version does not have are
    /// findings; empty means the newest.
    pub version: String,
    /// What `feature()` knows, without `+`.
    pub features: Vec<String>,
    /// What `enabled()` answers true to: `POLL`, `EPOLL`, `SPLICE`, ...
    pub enabled: Vec<String>,
    /// What `openssl_version_atleast()` compares with, `3.0.2`; empty without OpenSSL.
    pub openssl_version: String,
    /// What `ssllib_name_startswith()` looks at, `OpenSSL 3.0.2`; empty without a library.
    pub ssllib_name: String,
    /// What `awslc_api_atleast()` compares with; none without AWS-LC.
    pub awslc_api: Option<u32>,
}

/// The log formats that HAProxy hands out as variables since 2.7 (manual 2.3 and 8.2).
const FORMATS: &[(&str, &str)] = &[
    (
        "HAPROXY_HTTP_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc \
         %sq/%bq %hr %hs %{+Q}r",
    ),
    (
        "HAPROXY_HTTPS_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc \
         %sq/%bq %hr %hs %{+Q}r \
         %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] \
         %[ssl_fc_sni]/%sslv/%sslc",
    ),
    (
        "HAPROXY_TCP_LOG_FMT",
        "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
    ),
];

/// The lines of a key log (manual 3.2 `tune.ssl.keylog`): a label, and what follows `ssl_fc_` or `ssl_bc_`.
const KEYS: &[(&str, &str)] = &[
    ("CLIENT_RANDOM", "session_key,hex"),
    ("CLIENT_EARLY_TRAFFIC_SECRET", "client_early_traffic_secret"),
    ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "client_handshake_traffic_secret"),
    ("SERVER_HANDSHAKE_TRAFFIC_SECRET", "server_handshake_traffic_secret"),
    ("CLIENT_TRAFFIC_SECRET_0", "client_traffic_secret_0"),
    ("SERVER_TRAFFIC_SECRET_0", "server_traffic_secret_0"),
    ("EXPORTER_SECRET", "exporter_secret"),
    ("EARLY_EXPORTER_SECRET", "early_exporter_secret"),
];

/// The key log of one side, `fc` or `bc`.
fn key_log(side: &str) -> String {
    let line = |(label, fetch): &(&str, &str)| {
        format!("{label} %[ssl_{side}_client_random,hex] %[ssl_{side}_{fetch}]")
    };
    KEYS.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Environment {
    /// The variables that HAProxy of this version (`2.6.12`, `3.5-dev5`) sets for its configuration.
    pub fn of_version(version: &str) -> Self {
        let mut env = Self { version: version.to_owned(), ..Self::default() };
        let branch: Vec<&str> = version.split(['.', '-']).take(2).collect();
        let branch = branch.join(".");
        env.set("HAPROXY_BRANCH", &branch);
        env.set("HAPROXY_STARTUP_VERSION", version);
        for (name, format) in FORMATS {
            env.set(name, format);
        }
        if version.starts_with("3.") {
            env.set("HAPROXY_KEYLOG_FC_LOG_FMT", &key_log("fc"));
            env.set("HAPROXY_KEYLOG_BC_LOG_FMT", &key_log("bc"));
        }
        env
    }

    /// The same with these variables over its own; what is no text cannot be read and is left out.
    pub fn with(mut self, vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        for (name, value) in vars {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                self.set(&name, &value);
            }
        }
        self
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.vars.insert(name.to_owned(), value.to_owned());
    }
}
