//! What a check says to a server, from the lines of its backend.

use config::model::{
    CheckKind, ConnectStep, ExpectStep, HeaderPattern, HttpCheckStep, Server as ServerLine,
    StepKind,
};
use config_parse::address::{AddressKind, Host, Ports};
use config_parse::log_format::LogFormat;
use health::script::{
    Action, Connect, Expect, Expectation, HeaderMatch, HttpRequest, Method, MysqlAuth, Rule,
    StatusRange, Told, WebSocketCheck,
};
use health::{CheckScript, CheckStatus};

/// The script of a server's checks.
pub(super) fn of(backend: rules::Backend<'_>, server: &ServerLine, at: u32) -> CheckScript {
    let (check, steps) = backend.check_of(at);
    let Some(check) = check else { return CheckScript::connect() };
    let lines = Lines { backend, server: at, steps };
    match check {
        CheckKind::Http { method, uri, version, host } => {
            let host = host.iter().map(|host| ("host".to_owned(), host.clone()));
            let request = HttpRequest {
                method: method.clone(),
                uri: uri.clone(),
                version: version.clone(),
                headers: host.collect(),
                ..HttpRequest::default()
            };
            http(request, lines)
        }
        CheckKind::Websocket { uri, host } => {
            let host = host.clone().unwrap_or_else(|| host_of(server));
            CheckScript::websocket(WebSocketCheck { uri: uri.clone(), host })
        }
        CheckKind::TcpScript => CheckScript::tcp(rules(lines, false)),
        CheckKind::Mysql(user) => {
            let auth = |form: &str| match form {
                "pre-41" => MysqlAuth::Pre41,
                "post-80" => MysqlAuth::Post80,
                _ => MysqlAuth::Post41,
            };
            CheckScript::mysql(user.as_ref().map(|(user, form)| (user.as_str(), auth(form))))
        }
        CheckKind::Pgsql(user) => CheckScript::pgsql(user),
        CheckKind::Redis => CheckScript::redis(),
        CheckKind::Smtp(hello) => CheckScript::smtp(hello),
        CheckKind::Ldap => CheckScript::ldap(),
        CheckKind::Spop => CheckScript::spop(),
        CheckKind::SslHello => CheckScript::ssl_hello(),
        CheckKind::Tcp | CheckKind::External => CheckScript::connect(),
    }
}

/// The steps of a server's checks.
#[derive(Clone, Copy)]
struct Lines<'a> {
    backend: rules::Backend<'a>,
    server: u32,
    steps: &'a [HttpCheckStep],
}

fn http(mut request: HttpRequest, lines: Lines<'_>) -> CheckScript {
    let steps = lines.steps;
    let has = |wanted: &StepKind| steps.iter().any(|step| step.kind == *wanted);
    request.tells_state = has(&StepKind::SendState);
    let mut rules = rules(lines, true);
    for rule in &mut rules {
        if let Action::Request(own) = &mut rule.action {
            own.tells_state = request.tells_state;
        }
    }
    let script = CheckScript::http(request, rules);
    CheckScript { disable_on_404: has(&StepKind::DisableOn404), ..script }
}

/// The rules of the steps; those that are no rules of their own are left out.
fn rules(lines: Lines<'_>, http: bool) -> Vec<Rule> {
    let rule = |(at, step): (usize, &HttpCheckStep)| {
        let asks = lines.backend.check_asks(lines.server, at);
        let action = match asks.act {
            Some(act) => Action::Act(act),
            None => action(&step.kind, step.comment.as_ref(), http)?,
        };
        Some(Rule { action, comment: step.comment.clone(), asks: asks.parts })
    };
    lines.steps.iter().enumerate().filter_map(rule).collect()
}

fn action(kind: &StepKind, comment: Option<&String>, http: bool) -> Option<Action> {
    Some(match kind {
        StepKind::Comment => Action::Comment,
        StepKind::Connect(step) => Action::Connect(connect(step)),
        StepKind::Send { method, uri, version, headers, body } => Action::Request(HttpRequest {
            method: method.clone(),
            uri: uri.as_ref().map(literal),
            version: version.clone(),
            headers: headers.iter().map(|(name, value)| (name.clone(), literal(value))).collect(),
            body: body.as_ref().map(literal).unwrap_or_default().into_bytes(),
            tells_state: false,
        }),
        StepKind::SendBytes { keyword, data } if keyword.contains("binary") => {
            Action::Send(bytes_of(&literal(data)))
        }
        StepKind::SendBytes { data, .. } => Action::Send(literal(data).into_bytes()),
        StepKind::Expect(step) => Action::Expect(expect(step, comment, http)?),
        StepKind::SendState
        | StepKind::DisableOn404
        | StepKind::SetVar { .. }
        | StepKind::SetVarFmt { .. }
        | StepKind::UnsetVar { .. } => return None,
    })
}

fn connect(step: &ConnectStep) -> Connect {
    let address = step.addr.as_ref().and_then(|address| match &address.kind {
        AddressKind::Inet { host: Host::Ip(ip), .. } => Some(*ip),
        _ => None,
    });
    let port = step.addr.as_ref().and_then(|address| match &address.kind {
        AddressKind::Inet { ports: Ports::One(port), .. } => Some(*port),
        _ => None,
    });
    Connect {
        implicit: false,
        port: step.port.or(port),
        address,
        default: step.default,
        send_proxy: step.send_proxy,
        linger: step.linger,
        via_socks4: step.via_socks4,
    }
}

fn expect(step: &ExpectStep, comment: Option<&String>, http: bool) -> Option<Expect> {
    let told = |format: &LogFormat| Told::Text(literal(format));
    let status = |name: &Option<String>| name.as_deref().and_then(status_named);
    Some(Expect {
        negated: step.negated,
        comment: comment.cloned(),
        min_recv: step.min_recv.and_then(|bytes| usize::try_from(bytes).ok()),
        ok_status: status(&step.ok_status),
        error_status: status(&step.error_status),
        timeout_status: status(&step.tout_status),
        on_success: step.on_success.as_ref().map(told),
        on_error: step.on_error.as_ref().map(told),
        ..Expect::new(expectation(step, http)?)
    })
}

fn status_named(name: &str) -> Option<CheckStatus> {
    CheckStatus::all().find(|status| status.code() == name)
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

/// The text of a format; of one that changes the check asks when its turn comes.
fn literal(format: &LogFormat) -> String {
    format.as_text().unwrap_or_default().to_owned()
}

/// The bytes of a text in hexadecimal, which was checked.
fn bytes_of(text: &str) -> Vec<u8> {
    let digits = text.chars().filter_map(|digit| digit.to_digit(16));
    let digits: Vec<u8> = digits.filter_map(|digit| u8::try_from(digit).ok()).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
}

fn expectation(step: &ExpectStep, http: bool) -> Option<Expectation> {
    let pattern = step.pattern.as_str();
    let regex = || sample::regex::compile(pattern, false).ok();
    Some(match step.matcher.as_str() {
        "status" => {
            let ranges: Option<Vec<StatusRange>> = pattern.split(',').map(status_range).collect();
            Expectation::Status(ranges?)
        }
        "rstatus" => Expectation::StatusRegex(regex()?),
        "string" | "string-lf" if http => Expectation::Body(pattern.as_bytes().to_vec()),
        "rstring" if http => Expectation::BodyRegex(regex()?),
        "hdr" | "fhdr" => Expectation::Header(HeaderMatch {
            // Names have no case, values have one.
            name: method(step.name.as_ref()?, true)?,
            value: match &step.value {
                Some(value) => Some(method(value, false)?),
                None => None,
            },
            whole: step.matcher == "fhdr",
        }),
        "string" => Expectation::Text(pattern.as_bytes().to_vec()),
        "rstring" => Expectation::Regex(regex()?),
        "binary" => Expectation::Binary(bytes_of(pattern)),
        "rbinary" => Expectation::BinaryRegex(regex()?),
        "string-lf" => Expectation::Format(pattern.as_bytes().to_vec()),
        "binary-lf" => Expectation::BinaryFormat(bytes_of(pattern)),
        "custom" => Expectation::Custom,
        _ => return None,
    })
}

fn method(pattern: &HeaderPattern, ignore_case: bool) -> Option<Method> {
    let text = pattern.text.clone();
    Some(match pattern.method.as_str() {
        "beg" => Method::Begins(text),
        "end" => Method::Ends(text),
        "sub" => Method::Contains(text),
        "reg" => Method::Regex(sample::regex::compile(&text, ignore_case).ok()?),
        _ => Method::Exact(text),
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
        let ranges = |text: &str| {
            let (matcher, pattern) = (String::from("status"), text.to_owned());
            let step = ExpectStep { matcher, pattern, ..ExpectStep::default() };
            match expectation(&step, true) {
                Some(Expectation::Status(ranges)) => ranges,
                _ => Vec::new(),
            }
        };
        assert_eq!(ranges("200"), [200..=200]);
        assert_eq!(ranges("200-299,304"), [200..=299, 304..=304]);
        assert!(ranges("ok").is_empty());
    }
}
