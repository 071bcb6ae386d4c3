//! What a check says to a server, from the lines of its backend.

use config::model::{CheckKind, HttpCheckStep, Proxy, Server as ServerLine, StepKind};
use config_parse::address::{AddressKind, Host, Ports};
use config_parse::log_format::{LogFormat, Piece};
use health::script::StatusRange;
use health::{CheckScript, script};

/// The script of a server's checks.
pub(super) fn of(proxy: &Proxy, server: &ServerLine) -> CheckScript {
    match proxy.check.as_ref().map(|check| &check.value) {
        Some(CheckKind::Http { method, uri, version, host }) => {
            let mut check = script::HttpCheck::default();
            set(&mut check.method, method.as_deref());
            set(&mut check.uri, uri.as_deref());
            set(&mut check.version, version.as_deref());
            check.headers.extend(host.iter().map(|host| ("host".to_owned(), host.clone())));
            proxy.check_steps.iter().for_each(|step| apply(step, &mut check));
            CheckScript::Http(check)
        }
        Some(CheckKind::Websocket { uri, host }) => {
            let host = host.clone().unwrap_or_else(|| host_of(server));
            CheckScript::WebSocket(script::WebSocketCheck { uri: uri.clone(), host })
        }
        _ => CheckScript::Connect,
    }
}

fn set(to: &mut String, value: Option<&str>) {
    if let Some(value) = value {
        value.clone_into(to);
    }
}

/// `HOST:PORT` of a server line, as a client of it would say.
fn host_of(server: &ServerLine) -> String {
    let AddressKind::Inet { host, ports, .. } = &server.address.kind else {
        return "localhost".to_owned();
    };
    let host = match host {
        Host::Any => "localhost".to_owned(),
        Host::Ip(ip) if ip.is_ipv6() => format!("[{ip}]"),
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => name.clone(),
    };
    match ports {
        Ports::One(port) if *port != 80 => format!("{host}:{port}"),
        _ => host,
    }
}

fn apply(step: &HttpCheckStep, check: &mut script::HttpCheck) {
    match &step.kind {
        StepKind::Send { method, uri, version, headers, body } => {
            set(&mut check.method, method.as_deref());
            set(&mut check.uri, uri.as_ref().map(literal).as_deref());
            set(&mut check.version, version.as_deref());
            let literal_headers =
                headers.iter().map(|(name, value)| (name.clone(), literal(value)));
            check.headers.extend(literal_headers);
            if let Some(body) = body {
                check.body = literal(body).into_bytes();
            }
        }
        StepKind::Expect { negated, matcher, pattern, .. } => {
            if let Some(what) = expectation(matcher, pattern) {
                check.expect =
                    script::Expect { negated: *negated, what, comment: step.comment.clone() };
            }
        }
        StepKind::DisableOn404 => check.disable_on_404 = true,
        StepKind::Connect(_) | StepKind::SendState | StepKind::Other(_) => {}
    }
}

/// The text of a format. Expressions have nothing to be evaluated in yet: they are left out.
fn literal(format: &LogFormat) -> String {
    let pieces = format.pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str(),
        Piece::Alias { .. } | Piece::Expr { .. } => "",
    });
    pieces.collect()
}

fn expectation(matcher: &str, pattern: &str) -> Option<script::Expectation> {
    let regex = || regex::bytes::Regex::new(pattern).ok();
    Some(match matcher {
        "status" => {
            let ranges: Option<Vec<StatusRange>> = pattern.split(',').map(status_range).collect();
            script::Expectation::Status(ranges?)
        }
        "rstatus" => script::Expectation::StatusRegex(regex()?),
        "string" => script::Expectation::Body(pattern.as_bytes().to_vec()),
        "rstring" => script::Expectation::BodyRegex(regex()?),
        _ => return None,
    })
}

fn status_range(text: &str) -> Option<StatusRange> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    Some(low.trim().parse().ok()?..=high.trim().parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_codes_and_ranges() {
        let ranges = |text: &str| match expectation("status", text) {
            Some(script::Expectation::Status(ranges)) => ranges,
            _ => Vec::new(),
        };
        assert_eq!(ranges("200"), [200..=200]);
        assert_eq!(ranges("200-299,304"), [200..=299, 304..=304]);
        assert!(ranges("ok").is_empty());
    }
}
