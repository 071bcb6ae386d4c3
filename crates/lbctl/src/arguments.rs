//! The command line as typed. Words and flags are docs/exit-codes.md's neighbours: scripts rely on them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Checks HAProxy configurations, explains routing, diffs against a running daemon.
#[derive(Debug, Parser)]
#[command(name = "lbctl", version, propagate_version = true)]
#[command(after_help = "Examples:
  lbctl check haproxy.cfg
  lbctl explain -f haproxy.cfg GET http://ws.example/chat --ws
  lbctl diff old.cfg new.cfg
  lbctl diff --routes old.cfg new.cfg        also which requests go another way
  lbctl diff -f haproxy.cfg --live /run/weir.sock")]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Finds everything that is wrong with a configuration, in one run
    Check(Check),
    /// Shows what happens to a request, rule by rule, with the code that the daemon runs
    Explain(Box<Explain>),
    /// Runs routing tests: named requests with what should become of them
    Test(Test),
    /// Shows what changes between two configurations, or between a file and a running daemon
    Diff(Diff),
    /// Lays configurations out in one way; comments and meaning stay
    Fmt(Fmt),
    /// Shows what proxyd does with each keyword of a configuration
    Compat(Compat),
    /// Prints every keyword of the language and what proxyd does with it
    Keywords(Keywords),
    /// Explains a code such as E0403
    #[command(visible_alias = "error")]
    Rule(Rule),
    /// Serves an editor: findings, completion, names, layout (language server protocol)
    Lsp(Lsp),
    /// Prints the completion script of a shell
    Completions(Completions),
    /// Prints the manual page, or writes those of all commands
    Man(Man),
}

/// `lbctl check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lbctl check haproxy.cfg
  lbctl check -f base.cfg -f conf.d          several files are one configuration; a directory means its *.cfg
  lbctl check --output-format json haproxy.cfg
  lbctl check --fix haproxy.cfg              repairs what can be repaired without changing the meaning
  lbctl check --fix --diff haproxy.cfg       shows the repair and writes nothing

Exit codes: 0 clean, 1 findings at or above --fail-on, 2 it could not be done.")]
pub(crate) struct Check {
    /// Files or directories, one configuration together; `-` is standard input
    #[arg(value_name = "FILE|DIR")]
    pub(crate) files: Vec<PathBuf>,
    /// The same as HAProxy's -f; may be repeated
    #[arg(short = 'f', value_name = "FILE|DIR")]
    pub(crate) more: Vec<PathBuf>,
    /// What may be looked at: nothing but the configuration, or this machine too
    #[arg(long, value_enum, default_value_t = Env::None)]
    pub(crate) env: Env,
    /// Whose verdict to give: a HAProxy version, or proxyd
    #[arg(long, default_value = "3.5", value_name = "VERSION|proxyd")]
    pub(crate) target: String,
    /// How findings are shown
    #[arg(long, value_enum, default_value_t = FindingFormat::Full)]
    pub(crate) output_format: FindingFormat,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    pub(crate) fail_on: FailOn,
    /// Show only these codes, or codes that begin so: E04,W0706
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    pub(crate) select: Vec<String>,
    /// Leave these codes out, or codes that begin so
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    pub(crate) ignore: Vec<String>,
    /// The json output of an earlier run: what it told is not told again
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Count findings by code instead of showing them
    #[arg(long)]
    pub(crate) statistics: bool,
    /// Repair what can be repaired without changing the meaning, and write the files
    #[arg(long)]
    pub(crate) fix: bool,
    /// The same, and also what may change the meaning
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Show the repair as a diff and write nothing
    #[arg(long)]
    pub(crate) diff: bool,
    /// Say nothing: the exit code is the answer
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// What a check may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Env {
    /// Nothing but the configuration
    None,
    /// Also certificates, maps, Lua and error files, users, names, addresses and limits of this machine
    Host,
}

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingFormat {
    /// Snippets with labels and help
    Full,
    /// One line a finding: file:line:col: CODE message
    Concise,
    /// One object, for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// JUnit XML
    Junit,
}

/// The least severity that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Only errors
    Error,
    /// Warnings too
    Warning,
    /// Notes too
    Note,
}

/// `lbctl explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lbctl explain -f haproxy.cfg http://www.example/api
  lbctl explain -f haproxy.cfg POST /login -H 'Host: www.example' --src 192.0.2.7
  lbctl explain -f haproxy.cfg /chat -H 'Host: ws.example' --ws
  lbctl explain -f haproxy.cfg / --fact 'server be/s1 down'
  lbctl explain -f haproxy.cfg --reach bk_ws           a request that gets there, or why none can

A fact that is not given is assumed as in a daemon that just started: every server up, no load.
A random draw is unknown unless --seed is given. Exit codes: 0 routed, 1 no route or rejected, 2 it could not be done.")]
pub(crate) struct Explain {
    /// The configuration; may be repeated
    #[arg(short = 'f', required_unless_present = "live", value_name = "FILE|DIR")]
    pub(crate) files: Vec<PathBuf>,
    /// Take the configuration and the states of servers from a running proxyd, through its runtime socket
    #[arg(long, value_name = "SOCKET", conflicts_with = "files")]
    pub(crate) live: Option<PathBuf>,
    /// `[METHOD] URL`: an absolute URL sets the Host header too
    #[arg(value_name = "[METHOD] URL", num_args = 0..=2)]
    pub(crate) request: Vec<String>,
    /// The request of a curl command line
    #[arg(long, value_name = "COMMAND", conflicts_with = "request")]
    pub(crate) curl: Option<String>,
    /// A request header; may be repeated
    #[arg(short = 'H', value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The Cookie header
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) cookie: Option<String>,
    /// A file with the request body
    #[arg(long, value_name = "FILE")]
    pub(crate) body: Option<PathBuf>,
    /// The client's address
    #[arg(long, value_name = "IP[:PORT]", default_value = "127.0.0.1")]
    pub(crate) src: String,
    /// The address that the client connects to: it chooses the listener
    #[arg(long, value_name = "IP:PORT", conflicts_with = "listener")]
    pub(crate) dst: Option<String>,
    /// The frontend, by name, or the name of a `bind` line
    #[arg(long, value_name = "NAME")]
    pub(crate) listener: Option<String>,
    /// The name that a TLS client asks for: in `mode tcp` its ClientHello is what rules see
    #[arg(long, value_name = "NAME")]
    pub(crate) sni: Option<String>,
    /// Add the headers of a WebSocket handshake
    #[arg(long)]
    pub(crate) ws: bool,
    /// The status that the server is assumed to answer with: the response rules are shown for it
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<u16>,
    /// Something that is so: 'server BACKEND/SERVER up|down|drain|maint'; may be repeated
    #[arg(long, value_name = "FACT")]
    pub(crate) fact: Vec<String>,
    /// What the configuration calls FILE (a map, a pattern file, an error file) is read from PATH; may be repeated
    #[arg(long, value_name = "FILE=PATH")]
    pub(crate) map: Vec<String>,
    /// The moment of the request, as 2026-01-31T12:00:00Z or in seconds since the epoch
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// The seed of random draws
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Requests to explain one after the other with one state, a json object a line; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "request")]
    pub(crate) requests: Option<PathBuf>,
    /// Name the first condition that kept the request away from this backend
    #[arg(long, value_name = "BACKEND")]
    pub(crate) why_not: Option<String>,
    /// Find a request that reaches a backend, a server or a rule, or say why none can
    #[arg(long, value_name = "BACKEND[/SERVER]|FILE:LINE", conflicts_with_all = ["request", "curl", "requests", "why_not"])]
    pub(crate) reach: Option<String>,
    /// How the explanation is shown
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub(crate) output_format: ExplainFormat,
}

/// How an explanation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For people
    Text,
    /// One object, for programs
    Json,
    /// A Mermaid flowchart
    Mermaid,
}

/// `lbctl test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lbctl test                          every *.lbtest.toml of this folder
  lbctl test conf.d --coverage --fail-under 80
  lbctl test --from-log haproxy.log > edge.lbtest.toml

A file of cases:
  files = [\"haproxy.cfg\"]
  [[case]]
  name = \"chat goes to the chat servers\"
  request = \"GET http://ws.example/chat\"
  ws = true
  facts = [\"server bk_ws/a down\"]
  [case.expect]
  backend = \"bk_ws\"
  server = \"b\"
  timeouts = { tunnel = \"1h\" }

A case takes headers, facts, ws, curl, src, dst, listener, sni, cookie, body, at, seed, server_status; it expects
verdict, backend, server, status, location, line, headers, timeouts.
Exit codes: 0 all passed, 1 a test failed or too few rules were reached, 2 it could not be done.")]
pub(crate) struct Test {
    /// Files of cases, or folders with `*.lbtest.toml`; this folder without one
    #[arg(value_name = "FILE|DIR")]
    pub(crate) files: Vec<PathBuf>,
    /// Only cases whose name matches this regular expression
    #[arg(long, value_name = "RE")]
    pub(crate) run: Option<String>,
    /// Tell which rules and ACL outcomes were reached
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Fail when fewer rules were taken, in percent
    #[arg(long, value_name = "N")]
    pub(crate) fail_under: Option<f64>,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write cases out of a log of `option httplog`, and run nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "run", "coverage"])]
    pub(crate) from_log: Option<PathBuf>,
}

/// `lbctl diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lbctl diff old.cfg new.cfg
  lbctl diff --routes old.cfg new.cfg        also which requests go another way
  lbctl diff -f haproxy.cfg --live /run/weir.sock

Objects are compared after `defaults` are resolved, not lines. Each change says what it does to a running
daemon: hot (nothing is closed), rebinds a listener, or ends streams.
Exit codes: 0 same, 1 different, 2 it could not be done.")]
pub(crate) struct Diff {
    /// The configuration before, and the one after
    #[arg(value_name = "OLD NEW", num_args = 2)]
    pub(crate) pair: Vec<PathBuf>,
    /// The file to compare a daemon with; may be repeated
    #[arg(short = 'f', value_name = "FILE|DIR", requires = "live")]
    pub(crate) files: Vec<PathBuf>,
    /// The runtime socket of the daemon
    #[arg(long, value_name = "SOCKET", requires = "files", conflicts_with = "pair")]
    pub(crate) live: Option<PathBuf>,
    /// Also list requests that go another way, each with an example
    #[arg(long)]
    pub(crate) routes: bool,
    /// How changes are shown
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub(crate) output_format: DiffFormat,
}

/// How changes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    Text,
    /// One object, for programs
    Json,
    /// A table, for a comment on a change
    Markdown,
}

/// `lbctl fmt`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lbctl fmt haproxy.cfg            writes the file
  lbctl fmt --check conf.d         says which files are laid out differently: exit code 1
  lbctl fmt - < haproxy.cfg        from standard input to standard output")]
pub(crate) struct Fmt {
    /// Files or directories; `-` is standard input, and then the result goes to standard output
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write nothing: say which files would change
    #[arg(long)]
    pub(crate) check: bool,
    /// Write nothing: show what would change
    #[arg(long)]
    pub(crate) diff: bool,
}

/// `lbctl compat`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 proxyd takes every keyword, 1 it refuses some, 2 it could not be done."
)]
pub(crate) struct Compat {
    /// Files or directories, one configuration together
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(crate) output_format: DataFormat,
}

/// How lists are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    /// For people
    Text,
    /// One object, for programs
    Json,
}

/// `lbctl lsp`.
#[derive(Debug, Args)]
pub(crate) struct Lsp {
    /// Whose verdict to give: a HAProxy version, or proxyd
    #[arg(long, default_value = "3.5", value_name = "VERSION|proxyd")]
    pub(crate) target: String,
    /// Editors pass it; there is no other way
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

/// `lbctl completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// `lbctl man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// A folder for a page of each command
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// `lbctl keywords`.
#[derive(Debug, Args)]
pub(crate) struct Keywords {
    /// Only these areas: global, proxy, option, bind, server, action, filter, fetch, converter, acl, ...
    #[arg(long, value_delimiter = ',', value_name = "AREAS")]
    pub(crate) area: Vec<String>,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(crate) output_format: DataFormat,
}

/// `lbctl rule`.
#[derive(Debug, Args)]
pub(crate) struct Rule {
    /// The code, E0403
    #[arg(required_unless_present = "all")]
    pub(crate) code: Option<String>,
    /// Every code, one line each
    #[arg(long)]
    pub(crate) all: bool,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(crate) output_format: DataFormat,
}
