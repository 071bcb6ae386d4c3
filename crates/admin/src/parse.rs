//! The grammar of each command, with HAProxy's order of complaints.

use std::net::IpAddr;
use std::time::Duration;

use crate::command::{
    CheckSetting, Command, DrainTarget, Format, Internals, Maxconn, Names, NewPort, ProxySelect,
    RateLimit, ServerHealth, ServerLookup, ServerName, ServerState, StatFilter, Weight,
};
use crate::{ErrorsAsked, ListKind, Reply, pattern_lists, words};

type Parsed<T> = Result<T, Reply>;

/// The words of a command. Blanks part them; a backslash takes the meaning from the next character.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.trim_end_matches(['\r', '\n']).chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '\\' => {
                let next = chars.next();
                word.get_or_insert_default().extend(next);
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

/// Reads the arguments of the command called `name`.
pub(crate) fn command(
    name: &[&str],
    arguments: &[&str],
    payload: Option<&str>,
    names: &impl Names,
) -> Parsed<Command> {
    let first = arguments.first().copied();
    Ok(match name {
        ["add", "server"] if first == Some("help") => Command::AddServerHelp,
        ["add", "server"] => {
            let name = new_server(first, names)?;
            let words = arguments.iter().skip(1).map(|word| (*word).to_owned()).collect();
            Command::AddServer(name, words)
        }
        ["del", "server"] => Command::RemoveServer(server(first, names)?),
        [verb, "acl"] => return pattern_lists::command(verb, ListKind::Acl, arguments, payload),
        [verb, "map"] => return pattern_lists::command(verb, ListKind::Map, arguments, payload),
        ["show", "info"] => Command::ShowInfo(format(arguments)),
        ["show", "stat"] => Command::ShowStat(stat_filter(arguments), format(arguments)),
        ["show", "servers", "state"] => Command::ShowServersState(shown_backend(first, names)?),
        ["show", "servers", "conn"] => Command::ShowServersConn(shown_backend(first, names)?),
        ["show", "tunnels"] => Command::ShowTunnels(shown_backend(first, names)?),
        ["show", "backend"] => Command::ShowBackend,
        ["show", "version"] => Command::ShowVersion,
        ["show", "env"] => Command::ShowEnv(first.map(str::to_owned)),
        ["show", "cli", "sockets"] => Command::ShowCliSockets,
        ["show", "activity"] => Command::ShowInternals(Internals::Activity),
        ["show", "fd"] => Command::ShowInternals(Internals::Descriptors),
        ["show", "pools"] => Command::ShowInternals(Internals::Pools),
        ["show", "threads"] => Command::ShowInternals(Internals::Threads),
        ["show", "errors"] => errors(arguments, names)?,
        ["show", "table"] if first.is_some() => return Err(words::no_such_table()),
        ["show", "resolvers"] => Command::ShowResolvers(first.map(str::to_owned)),
        ["show", "peers" | "table"] => return Err(Reply::Dump(String::new())),
        ["get", "var"] => Command::GetVar(first.ok_or_else(words::variable_expected)?.to_owned()),
        ["set", "var"] => set_var(arguments)?,
        ["set", "rate-limit"] => rate_limit(arguments)?,
        ["wait"] => {
            let text = first.ok_or_else(words::duration_expected)?;
            let time = delay(text, Duration::from_millis(1)).ok_or_else(words::invalid_duration)?;
            Command::Wait(time)
        }
        ["show", "proc"] => Command::ShowProc,
        ["show", "startup-logs"] => Command::ShowStartupLogs,
        // Quirk: what is no id lists all, as HAProxy does.
        ["show", "sess"] => Command::ShowSess(first.and_then(session_id)),
        ["show", "config"] => Command::ShowConfig,
        ["set", "server"] => set_server(arguments, names)?,
        ["set", "weight"] => {
            let server = server(first, names)?;
            Command::SetWeight(server, weight(arguments.get(1).copied())?)
        }
        ["get", "weight"] => Command::GetWeight(server(first, names)?),
        ["enable", "server"] => Command::EnableServer(server(first, names)?),
        ["disable", "server"] => Command::DisableServer(server(first, names)?),
        ["enable", "agent"] => {
            Command::SetCheck(server(first, names)?, CheckSetting::AgentOn(true))
        }
        ["disable", "agent"] => {
            Command::SetCheck(server(first, names)?, CheckSetting::AgentOn(false))
        }
        ["enable", "health"] => Command::EnableHealth(server(first, names)?),
        ["disable", "health"] => Command::DisableHealth(server(first, names)?),
        ["enable", "frontend"] => Command::EnableFrontend(frontend(first, names)?),
        ["disable", "frontend"] => Command::DisableFrontend(frontend(first, names)?),
        ["shutdown", "frontend"] => Command::ShutdownFrontend(frontend(first, names)?),
        ["publish", "backend"] => Command::PublishBackend(switched_backend(first, names)?, true),
        ["unpublish", "backend"] => Command::PublishBackend(switched_backend(first, names)?, false),
        ["set", "maxconn", what] => Command::SetMaxconn(maxconn(what, arguments, names)?),
        ["clear", "counters"] => Command::ClearCounters { all: first == Some("all") },
        ["shutdown", "session"] => {
            let id = first.and_then(session_id).ok_or_else(words::session_expected)?;
            Command::ShutdownSession(id)
        }
        ["shutdown", "sessions", "server"] => {
            Command::ShutdownSessionsServer(server(first, names)?)
        }
        ["reload"] => Command::Reload,
        ["drain"] => drain(arguments, names)?,
        ["rebalance"] => rebalance(arguments, names)?,
        ["explain"] if arguments.is_empty() => return Err(words::explain_usage()),
        ["explain"] => Command::Explain(arguments.iter().map(|word| (*word).to_owned()).collect()),
        other => return Err(words::line_not_understood(&other.join(" "))),
    })
}

/// The first of `typed`, `json` counts; `desc` anywhere; other words are for others.
fn format(arguments: &[&str]) -> Format {
    let descriptions = arguments.contains(&"desc");
    match arguments.iter().find(|word| matches!(**word, "typed" | "json")) {
        Some(&"typed") => Format::Typed { descriptions },
        Some(_) => Format::Json,
        None => Format::Plain { descriptions },
    }
}

/// Three leading words that are no options select proxy, kinds and id; fewer select nothing, and a
/// number that is none is 0, as HAProxy reads them.
fn stat_filter(arguments: &[&str]) -> StatFilter {
    let mut filter = StatFilter {
        only_up: arguments.contains(&"up"),
        no_maint: arguments.contains(&"no-maint"),
        ..StatFilter::default()
    };
    if let [proxy, kinds, sid, ..] = arguments {
        if matches!(*proxy, "domain" | "typed" | "json" | "desc" | "up" | "no-maint") {
            return filter;
        }
        filter.proxy = match proxy.parse::<i64>() {
            Ok(-1) => ProxySelect::All,
            Ok(id) => ProxySelect::Id(id),
            Err(_) => ProxySelect::Name((*proxy).to_owned()),
        };
        filter.kinds = leading_number(kinds);
        filter.sid = leading_number(sid);
    }
    filter
}

fn shown_backend(name: Option<&str>, names: &impl Names) -> Parsed<Option<String>> {
    name.map(|name| names.backend(name).ok_or_else(words::cannot_find_backend)).transpose()
}

/// `<name> [expr|fmt] <value>`. Quirk: a word behind the name that is alone is an expression.
fn set_var(arguments: &[&str]) -> Parsed<Command> {
    let (kind, name, value) = match arguments {
        [] => return Err(words::variable_expected()),
        [_] => return Err(words::variable_value_expected()),
        [name, value] => ("expr", name, value),
        [name, kind, value, ..] => (*kind, name, value),
    };
    if !matches!(kind, "expr" | "fmt") {
        return Err(words::variable_kind(kind));
    }
    let (name, value) = ((*name).to_owned(), (*value).to_owned());
    Ok(Command::SetVar { name, value, format: kind == "fmt" })
}

fn switched_backend(name: Option<&str>, names: &impl Names) -> Parsed<String> {
    name.and_then(|name| names.backend(name)).ok_or_else(words::no_such_backend)
}

fn server(argument: Option<&str>, names: &impl Names) -> Parsed<ServerName> {
    let (backend, server) = argument
        .and_then(|argument| argument.split_once('/'))
        .filter(|(_, server)| !server.is_empty())
        .ok_or_else(words::require_server)?;
    match names.server(backend, server) {
        ServerLookup::Found(name) => Ok(name),
        ServerLookup::NoBackend => Err(words::no_such_backend()),
        ServerLookup::NoServer => Err(words::no_such_server()),
    }
}

/// A server that does not exist yet.
fn new_server(argument: Option<&str>, names: &impl Names) -> Parsed<ServerName> {
    let (backend, server) = argument
        .and_then(|argument| argument.split_once('/'))
        .filter(|(_, server)| !server.is_empty())
        .ok_or_else(words::require_server)?;
    match names.server(backend, server) {
        ServerLookup::Found(_) => Err(words::server_exists()),
        ServerLookup::NoBackend => Err(words::no_such_backend()),
        ServerLookup::NoServer => {
            let backend = names.backend(backend).ok_or_else(words::no_such_backend)?;
            Ok(ServerName { backend, server: server.to_owned() })
        }
    }
}

fn frontend(argument: Option<&str>, names: &impl Names) -> Parsed<String> {
    let name = argument.ok_or_else(words::require_frontend)?;
    names.frontend(name).ok_or_else(words::no_such_frontend)
}

fn set_server(arguments: &[&str], names: &impl Names) -> Parsed<Command> {
    let server = server(arguments.first().copied(), names)?;
    let value = arguments.get(2).copied();
    match arguments.get(1).copied() {
        Some("state") => {
            let state = match value {
                Some("ready") => ServerState::Ready,
                Some("drain") => ServerState::Drain,
                Some("maint") => ServerState::Maint,
                _ => return Err(words::expects_state()),
            };
            Ok(Command::SetServerState(server, state))
        }
        Some("health") => {
            let health = match value {
                Some("up") => ServerHealth::Up,
                Some("stopping") => ServerHealth::Stopping,
                Some("down") => ServerHealth::Down,
                _ => return Err(words::expects_health()),
            };
            Ok(Command::SetServerHealth(server, health))
        }
        Some("weight") => Ok(Command::SetWeight(server, weight(value)?)),
        Some("addr") => address(server, arguments.get(2..).unwrap_or_default()),
        Some(what @ ("check-addr" | "agent-addr")) => {
            let (ip, port) = check_address(what, arguments.get(2..).unwrap_or_default())?;
            let setting = match what {
                "check-addr" => CheckSetting::CheckAddr(ip, port),
                _ => CheckSetting::AgentAddr(ip, port),
            };
            Ok(Command::SetCheck(server, setting))
        }
        Some(what @ ("check-port" | "agent-port")) => {
            let port = check_port(value.ok_or_else(|| words::port_expected(what))?)?;
            let setting = match what {
                "check-port" => CheckSetting::CheckPort(port),
                _ => CheckSetting::AgentPort(port),
            };
            Ok(Command::SetCheck(server, setting))
        }
        Some("agent-send") => {
            let text = value.unwrap_or_default().to_owned();
            Ok(Command::SetCheck(server, CheckSetting::AgentSend(text)))
        }
        Some("agent") => match value {
            Some("up") => Ok(Command::SetCheck(server, CheckSetting::Agent(true))),
            Some("down") => Ok(Command::SetCheck(server, CheckSetting::Agent(false))),
            _ => Err(words::expects_agent()),
        },
        Some("fqdn") => {
            let host = value.ok_or_else(words::fqdn_expected)?;
            Ok(Command::SetServerName(server, host.to_owned()))
        }
        Some("ssl") => Err(words::no_ssl_settings()),
        _ => Err(words::set_server_usage()),
    }
}

/// `<ip> [port <port>]` of checks.
fn check_address(what: &str, arguments: &[&str]) -> Parsed<(IpAddr, Option<u16>)> {
    let (text, rest) =
        arguments.split_first().ok_or_else(|| words::check_address_expected(what))?;
    let ip = text.parse().map_err(|_| words::invalid_check_address(text))?;
    let port = match rest {
        ["port", port, ..] => Some(check_port(port)?),
        _ => None,
    };
    Ok((ip, port))
}

fn check_port(text: &str) -> Parsed<u16> {
    let (number, rest) = signed_prefix(text).ok_or_else(words::port_is_no_integer)?;
    if !rest.is_empty() {
        return Err(words::port_is_no_integer());
    }
    u16::try_from(number).ok().filter(|port| *port > 0).ok_or_else(words::port_is_invalid)
}

/// `<ip> [port <port>]`. Quirk: a port that cannot be set does not keep the address from being set.
fn address(server: ServerName, arguments: &[&str]) -> Parsed<Command> {
    let (text, rest) = arguments.split_first().ok_or_else(words::address_expected)?;
    let ip = text.parse().map_err(|_| words::invalid_address(text))?;
    let port = match rest {
        ["port"] => NewPort::NoNumber(String::new()),
        ["port", text, ..] if text.starts_with(['+', '-']) => NewPort::Mapped,
        ["port", text, ..] => match signed_prefix(text).map(|(number, _)| u16::try_from(number)) {
            Some(Ok(number)) => NewPort::Set(number),
            _ => NewPort::NoNumber((*text).to_owned()),
        },
        _ => NewPort::Kept,
    };
    Ok(Command::SetServerAddress(server, ip, port))
}

fn weight(argument: Option<&str>) -> Parsed<Weight> {
    let text = argument.ok_or_else(words::require_weight)?;
    let (number, rest) = signed_prefix(text).ok_or_else(words::empty_weight)?;
    match rest {
        "" if (0..=256).contains(&number) => {
            Ok(Weight::Absolute(u16::try_from(number).unwrap_or(256)))
        }
        "" => Err(words::absolute_weight_range()),
        "%" if number < 0 => Err(words::negative_percentage()),
        "%" => Ok(Weight::Percent(u32::try_from(number).unwrap_or(u32::MAX))),
        _ => Err(words::trailing_weight()),
    }
}

fn maxconn(what: &str, arguments: &[&str], names: &impl Names) -> Parsed<Maxconn> {
    match what {
        "global" => {
            let value = arguments.first().ok_or_else(words::expects_integer)?;
            // What is not positive restores the configured limit.
            Ok(Maxconn::Global(u32::try_from(leading_number(value).max(0)).unwrap_or(u32::MAX)))
        }
        "frontend" => {
            let frontend = frontend(arguments.first().copied(), names)?;
            let value = arguments.get(1).ok_or_else(words::integer_expected)?;
            Ok(Maxconn::Frontend(frontend, not_negative(leading_number(value))?))
        }
        _ => {
            let server = server(arguments.first().copied(), names)?;
            let value = arguments.get(1).ok_or_else(words::require_maxconn)?;
            let (number, rest) = signed_prefix(value).ok_or_else(words::empty_maxconn)?;
            if !rest.is_empty() {
                return Err(words::trailing_maxconn());
            }
            // HAProxy takes a negative limit and has none then; so has 0.
            Ok(Maxconn::Server(server, u32::try_from(number).unwrap_or(0)))
        }
    }
}

/// `[<proxy> [request|response]]`: a proxy by its id, -1 for all, or its name.
fn errors(arguments: &[&str], names: &impl Names) -> Parsed<Command> {
    let known = |name: &str| names.frontend(name).or_else(|| names.backend(name)).is_some();
    let proxy = match arguments.first() {
        // Quirk: any number below 0 is all of them.
        Some(id) if id.parse::<i64>().is_ok_and(|id| id < 0) => None,
        Some(name) if name.parse::<i64>().is_err() && !known(name) => {
            return Err(words::no_such_proxy());
        }
        proxy => proxy.map(|proxy| (*proxy).to_owned()),
    };
    let responses = match arguments.get(1) {
        Some(&"request") => Some(false),
        Some(&"response") => Some(true),
        _ => None,
    };
    Ok(Command::ShowErrors(ErrorsAsked { proxy, responses }))
}

/// `connections global 100` and its kin.
fn rate_limit(arguments: &[&str]) -> Parsed<Command> {
    let (what, rest) = match arguments {
        ["connections", "global", rest @ ..] => (RateLimit::Connections, rest),
        ["sessions", "global", rest @ ..] => (RateLimit::Sessions, rest),
        ["ssl-sessions" | "http-compression", "global", rest @ ..] => (RateLimit::Absent, rest),
        _ => return Err(words::rate_limit_usage()),
    };
    let value = rest.first().ok_or_else(words::expects_integer)?;
    Ok(Command::SetRateLimit(what, not_negative(leading_number(value))?))
}

fn not_negative(number: i64) -> Parsed<u32> {
    u32::try_from(number).map_err(|_| words::value_out_of_range())
}

/// `0x1f` or `1f`: the id that `show sess` prints. 0 is none.
fn session_id(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let digits_only = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|id| digits_only && *id != 0)
}

fn drain(arguments: &[&str], names: &impl Names) -> Parsed<Command> {
    let (target, rest) = match arguments {
        ["all", rest @ ..] => (DrainTarget::All, rest),
        ["frontend", name, rest @ ..] => {
            (DrainTarget::Frontend(frontend(Some(name), names)?), rest)
        }
        ["backend", name, rest @ ..] => {
            let backend = names.backend(name).ok_or_else(words::no_such_backend)?;
            (DrainTarget::Backend(backend), rest)
        }
        ["server", name, rest @ ..] => (DrainTarget::Server(server(Some(name), names)?), rest),
        _ => return Err(words::drain_usage()),
    };
    let over = over(rest).ok_or_else(words::drain_usage)?;
    Ok(Command::Drain(target, over))
}

fn rebalance(arguments: &[&str], names: &impl Names) -> Parsed<Command> {
    let (name, rest) = arguments.split_first().ok_or_else(words::rebalance_usage)?;
    let backend = names.backend(name).ok_or_else(words::no_such_backend)?;
    let (dry_run, rest) = match rest {
        ["dry-run", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let over = over(rest).ok_or_else(words::rebalance_usage)?;
    Ok(Command::Rebalance { backend, dry_run, over })
}

/// `[over <delay>]`; at once when not given.
fn over(rest: &[&str]) -> Option<Duration> {
    match rest {
        [] => Some(Duration::ZERO),
        ["over", text] => delay(text, Duration::from_millis(1)),
        _ => None,
    }
}

/// A time in the configuration's units; `bare` is the unit of a number without one.
pub(crate) fn delay(text: &str, bare: Duration) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u32 = number.parse().ok()?;
    let unit = match unit {
        "" => bare,
        "us" => Duration::from_micros(1),
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_mins(1),
        "h" => Duration::from_hours(1),
        "d" => Duration::from_hours(24),
        _ => return None,
    };
    unit.checked_mul(number)
}

/// A number and what follows it; `None` without a digit. Too large a number is the largest.
fn signed_prefix(text: &str) -> Option<(i64, &str)> {
    let sign = text.len() - text.strip_prefix(['-', '+']).unwrap_or(text).len();
    let digits = text.bytes().skip(sign).take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let (number, rest) = text.split_at_checked(sign + digits)?;
    let beyond = if number.starts_with('-') { i64::MIN } else { i64::MAX };
    Some((number.parse().unwrap_or(beyond), rest))
}

/// The number a text begins with, 0 if it does not: C's `atoi`, which HAProxy uses here.
fn leading_number(text: &str) -> i64 {
    signed_prefix(text).map_or(0, |(number, _)| number)
}
