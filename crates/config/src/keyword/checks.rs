//! Health checks of a backend: `option httpchk` and its kin, `http-check`, `tcp-check` (manual 4.2).

use config_parse::tree::Word;
use diag::{Diagnostic, Spanned, codes};

use super::action_words::variable;
use super::check_words::{HTTP_MATCHERS, TCP_MATCHERS, connect, expect};
use super::{Keyword, Places, options};
use crate::lower::{Directive, Draft};
use crate::model::{CheckKind, HttpCheckStep, StepKind};

/// Which options choose the check.
pub(super) const OPTIONS: &[Keyword<Draft>] = &[
    check(
        "httpchk",
        "[<method>] [<uri>] [<version>]",
        "checks with an HTTP request",
        |line, draft| {
            if !options::positive(line) {
                return;
            }
            let kind = httpchk(line);
            choose(line, draft, kind);
        },
    ),
    check("tcp-check", "", "checks with `tcp-check` steps, or a connection", |line, draft| {
        if options::positive(line) {
            line.end();
            choose(line, draft, CheckKind::TcpScript);
        }
    }),
    check(
        "websocket-check",
        "[<uri>] [host <name>]",
        "checks with a WebSocket handshake that must give 101 (Weir's own)",
        |line, draft| {
            if !options::positive(line) {
                return;
            }
            let (mut uri, mut host) = (String::from("/"), None);
            while let Some(word) = line.word() {
                match word.text.as_ref() {
                    "host" => match line.value("a host name") {
                        Some(word) => host = Some(word.text.to_string()),
                        None => return,
                    },
                    text if text.starts_with('/') => uri = text.to_owned(),
                    _ => {
                        let message = format!("`{}` is not a path", word.text);
                        line.error(codes::E0301, word.span, message);
                        return;
                    }
                }
            }
            if !line.target.is_proxyd() {
                let message =
                    "`websocket-check` is known to proxyd alone: HAProxy refuses the file";
                let finding = Diagnostic::new(codes::E0213, line.span(), message);
                line.report(finding.help("check it with `--target proxyd`"));
            }
            choose(line, draft, CheckKind::Websocket { uri, host });
        },
    ),
    check("redis-check", "", "checks with a PING of Redis", |line, draft| {
        protocol(line, draft, |_| Some(CheckKind::Redis));
    }),
    check("smtpchk", "[HELO|EHLO <domain>]", "checks with a greeting of SMTP", |line, draft| {
        protocol(line, draft, smtp);
    }),
    check(
        "mysql-check",
        "[user <name> [pre-41|post-41|post-80]]",
        "checks with a greeting of MySQL, and a login",
        |line, draft| protocol(line, draft, mysql),
    ),
    check("pgsql-check", "user <name>", "checks with a start of PostgreSQL", |line, draft| {
        protocol(line, draft, pgsql);
    }),
    check("ldap-check", "", "checks with an anonymous bind of LDAP", |line, draft| {
        protocol(line, draft, |_| Some(CheckKind::Ldap));
    }),
    check("spop-check", "", "checks with a hello of SPOP", |line, draft| {
        protocol(line, draft, |_| Some(CheckKind::Spop));
    }),
    check("ssl-hello-chk", "", "checks with a hello of SSL", |line, draft| {
        protocol(line, draft, |_| Some(CheckKind::SslHello));
    }),
    check("external-check", "", "checks with a program", |line, draft| {
        protocol(line, draft, |_| Some(CheckKind::External));
    }),
];

const fn check(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut Draft),
) -> Keyword<Draft> {
    Keyword::new(name, Places::BACK, args, "4.2", doc, lower)
}

/// What stands behind `type` in a `healthcheck` section.
pub(super) fn kind(line: &mut Directive<'_>) -> Option<CheckKind> {
    let kinds = [
        "httpchk",
        "ldap-check",
        "mysql-check",
        "pgsql-check",
        "redis-check",
        "smtpchk",
        "spop-check",
        "ssl-hello-chk",
        "tcp-check",
    ];
    let word = line.arg("a kind of check")?;
    let kind = match word.text.as_ref() {
        "httpchk" => Some(httpchk(line)),
        "ldap-check" => Some(CheckKind::Ldap),
        "mysql-check" => mysql(line),
        "pgsql-check" => pgsql(line),
        "redis-check" => Some(CheckKind::Redis),
        "smtpchk" => Some(greeting(line.rest())),
        "spop-check" => Some(CheckKind::Spop),
        "ssl-hello-chk" => Some(CheckKind::SslHello),
        "tcp-check" => Some(CheckKind::TcpScript),
        _ => {
            line.not_one_of(word, "a kind of check", &kinds);
            None
        }
    };
    // Quirk: what stands behind it is not looked at.
    line.skip_rest();
    kind
}

/// A check of one protocol, unless a `no` stands before it.
fn protocol(
    line: &mut Directive<'_>,
    draft: &mut Draft,
    read: fn(&mut Directive<'_>) -> Option<CheckKind>,
) {
    if !options::positive(line) {
        return;
    }
    if let Some(kind) = read(line) {
        line.end();
        choose(line, draft, kind);
    }
}

/// `option smtpchk EHLO example.org`.
fn smtp(line: &mut Directive<'_>) -> Option<CheckKind> {
    let words = line.rest();
    if let Some(extra) = words.get(2).filter(|extra| !extra.text.is_empty()) {
        let message = format!("`{}` is one word too many for `option smtpchk`", extra.text);
        line.error(codes::E0205, extra.span, message);
    }
    Some(greeting(words))
}

/// Quirk: anything else than a hello and a domain is `HELO localhost`.
fn greeting(words: &[Word<'_>]) -> CheckKind {
    let hello = match words {
        [verb, domain] if matches!(verb.text.as_ref(), "EHLO" | "HELO") => {
            format!("{} {}", verb.text, domain.text)
        }
        _ => String::from("HELO localhost"),
    };
    CheckKind::Smtp(hello)
}

fn mysql(line: &mut Directive<'_>) -> Option<CheckKind> {
    let Some(word) = line.peek() else { return Some(CheckKind::Mysql(None)) };
    if !line.take("user") {
        line.not_one_of(word, "an argument of `option mysql-check`", &["user"]);
        return None;
    }
    let user = line.value("the name of a user")?.text.to_string();
    let forms = [("pre-41", "pre-41"), ("post-41", "post-41"), ("post-80", "post-80")];
    let form = match line.peek() {
        None => "post-41",
        Some(_) => line.choice("a form of the login", &forms)?.value,
    };
    Some(CheckKind::Mysql(Some((user, form.to_owned()))))
}

fn pgsql(line: &mut Directive<'_>) -> Option<CheckKind> {
    let word = line.arg("`user` and a name")?;
    if word.text != "user" {
        line.not_one_of(word, "an argument of `option pgsql-check`", &["user"]);
        return None;
    }
    Some(CheckKind::Pgsql(line.value("the name of a user")?.text.to_string()))
}

fn choose(line: &Directive<'_>, draft: &mut Draft, kind: CheckKind) {
    if std::mem::take(&mut draft.check_inherited) {
        draft.proxy.check_steps.clear();
    }
    draft.request_lost = None;
    draft.proxy.check = Some(Spanned::new(kind, line.span()));
}

/// `option httpchk /uri`, `option httpchk GET /uri`, `option httpchk GET /uri HTTP/1.1`.
fn httpchk(line: &mut Directive<'_>) -> CheckKind {
    let mut words = Vec::new();
    // The fourth word is a host in newer versions (manual 4.2).
    let most = if line.target.is_from(3, 0) || line.target.is_proxyd() { 4 } else { 3 };
    while words.len() < most {
        match line.word() {
            Some(word) => words.push(word.text.to_string()),
            None => break,
        }
    }
    line.end();
    let mut words = words.into_iter();
    let (first, second, third) = (words.next(), words.next(), words.next());
    let named = words.next();
    let (method, uri) = match (first, second) {
        // One word is the URI.
        (uri, None) => (None, uri),
        both => both,
    };
    // Quirk: what stands behind a version is a header block in the old way: `HTTP/1.1\r\nHost:\ x`.
    let (version, host) = match third {
        None => (None, None),
        Some(text) => match text.split_once(['\r', '\n']) {
            None => (Some(text), None),
            Some((version, headers)) => {
                if line.target.is_from(3, 3) {
                    let message =
                        "headers behind the version of `option httpchk` are not taken any more";
                    line.removed(message, "write them on an `http-check send` line");
                }
                (Some(version.to_owned()), host_header(headers))
            }
        },
    };
    CheckKind::Http { method, uri, version, host: named.or(host) }
}

fn host_header(block: &str) -> Option<String> {
    block.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("host").then(|| value.trim().to_owned())
    })
}

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[
    Keyword::new(
        "http-check",
        Places::BACK,
        "<step> [arguments]",
        "4.2",
        "a step of the HTTP health check",
        |line, draft| {
            let step = http_step(line);
            add(line, draft, step);
        },
    ),
    Keyword::new(
        "tcp-check",
        Places::BACK,
        "<step> [arguments]",
        "4.2",
        "a step of the TCP health check",
        |line, draft| {
            let step = tcp_step(line);
            add(line, draft, step);
        },
    ),
    Keyword::new(
        "external-check",
        Places::ANY,
        "command <file> | path <path>",
        "4.2",
        "the program of `option external-check`",
        |line, draft| {
            let what = line.peek_text();
            if !line.one_of(&["command", "path"]) {
                return line.skip_rest();
            }
            let Some(value) = line.text("a file or a path") else { return };
            line.end();
            match what {
                "command" => draft.proxy.external_check_command = Some(value),
                _ => draft.proxy.external_check_path = Some(value),
            }
        },
    ),
];

/// The first step that a proxy writes itself replaces the steps of its `defaults`, and the request that
/// an `option httpchk` there describes: 2.6 keeps both in one list of steps.
fn add(line: &mut Directive<'_>, draft: &mut Draft, step: Option<(StepKind, Option<String>)>) {
    let Some((kind, comment)) = step else { return };
    if std::mem::take(&mut draft.check_inherited) {
        draft.proxy.check_steps.clear();
        if let Some(check) = &mut draft.proxy.check
            && let CheckKind::Http { method, uri, version, host } = &mut check.value
        {
            (*method, *uri, *version, *host) = (None, None, None, None);
            draft.request_lost = Some(line.span());
        }
    }
    draft.proxy.check_steps.push(HttpCheckStep { kind, comment, span: line.span() });
}

pub(super) type Step = (StepKind, Option<String>);

pub(super) fn http_step(line: &mut Directive<'_>) -> Option<Step> {
    let word = line.arg("a step, such as `expect`")?;
    line.mark_head();
    match word.text.as_ref() {
        "send" => send(line),
        "expect" => expect(line, HTTP_MATCHERS),
        "connect" => connect(line),
        "send-state" => {
            line.end();
            Some((StepKind::SendState, None))
        }
        "disable-on-404" => {
            line.end();
            Some((StepKind::DisableOn404, None))
        }
        "comment" => comment(line),
        text if is_var_step(text) => variable_step(line, text),
        _ => {
            let steps = [
                "send",
                "expect",
                "connect",
                "send-state",
                "disable-on-404",
                "comment",
                "set-var",
                "unset-var",
            ];
            line.not_one_of(word, "a step of `http-check`", &steps);
            None
        }
    }
}

pub(super) fn tcp_step(line: &mut Directive<'_>) -> Option<Step> {
    let word = line.arg("a step, such as `expect`")?;
    line.mark_head();
    match word.text.as_ref() {
        "connect" => connect(line),
        "expect" => expect(line, TCP_MATCHERS),
        "comment" => comment(line),
        "send" | "send-lf" | "send-binary" | "send-binary-lf" => send_bytes(line, &word.text),
        text if is_var_step(text) => variable_step(line, text),
        _ => {
            let steps = [
                "connect",
                "send",
                "send-lf",
                "send-binary",
                "send-binary-lf",
                "expect",
                "comment",
                "set-var",
                "unset-var",
            ];
            line.not_one_of(word, "a step of `tcp-check`", &steps);
            None
        }
    }
}

/// `tcp-check send TEXT`, `send-binary HEX` and their formats.
fn send_bytes(line: &mut Directive<'_>, keyword: &str) -> Option<Step> {
    let data = match keyword {
        "send-lf" | "send-binary-lf" => line.log_format("a format")?.value,
        _ => literal(line)?,
    };
    if keyword.contains("binary")
        && data.as_text().is_some_and(|text| super::check_words::bytes_of(text).is_none())
    {
        let message =
            format!("`{}` is not bytes in hexadecimal", data.as_text().unwrap_or_default());
        line.error(codes::E0301, data.span, message);
        return None;
    }
    let mut said = None;
    while let Some(word) = line.word() {
        if word.text != "comment" {
            line.not_one_of(word, "an argument of `tcp-check send`", &["comment"]);
            return None;
        }
        said = Some(line.value("a text")?.text.to_string());
    }
    Some((StepKind::SendBytes { keyword: keyword.to_owned(), data }, said))
}

fn is_var_step(text: &str) -> bool {
    ["set-var(", "set-var-fmt(", "unset-var("].iter().any(|start| text.starts_with(start))
}

/// `set-var(check.NAME) EXPR`, `set-var-fmt(check.NAME) FMT`, `unset-var(check.NAME)`.
fn variable_step(line: &mut Directive<'_>, text: &str) -> Option<Step> {
    let name = variable(line)?;
    let kind = if text.starts_with("set-var-fmt(") {
        StepKind::SetVarFmt { name, value: line.log_format("a format")?.value }
    } else if text.starts_with("set-var(") {
        StepKind::SetVar { name, value: line.expr("an expression")? }
    } else {
        StepKind::UnsetVar { name }
    };
    let mut comment = None;
    while line.take("comment") {
        comment = Some(line.value("a text")?.text.to_string());
    }
    // Quirk: HAProxy does not look at what follows.
    line.skip_rest();
    Some((kind, comment))
}

fn comment(line: &mut Directive<'_>) -> Option<Step> {
    let text = line.arg("a text")?.text.to_string();
    // Quirk: HAProxy does not look at what follows.
    line.skip_rest();
    Some((StepKind::Comment, Some(text)))
}

fn send(line: &mut Directive<'_>) -> Option<Step> {
    let (mut method, mut uri, mut version) = (None, None, None);
    let (mut headers, mut body, mut comment) = (Vec::new(), None, None);
    while let Some(word) = line.word() {
        match word.text.as_ref() {
            "meth" => method = Some(line.value("a method")?.text.to_string()),
            "uri" => uri = Some(literal(line)?),
            "uri-lf" => uri = Some(line.log_format("a format")?.value),
            "ver" => version = Some(line.value("a version")?.text.to_string()),
            "hdr" => {
                let name = line.value("the name of a header")?;
                let value = line.log_format("a value")?.value;
                headers.push((name.text.to_string(), value));
            }
            "body" => body = Some(literal(line)?),
            "body-lf" => body = Some(line.log_format("a format")?.value),
            "comment" => comment = Some(line.value("a text")?.text.to_string()),
            _ => {
                let allowed = ["meth", "uri", "uri-lf", "ver", "hdr", "body", "body-lf", "comment"];
                line.not_one_of(word, "an argument of `http-check send`", &allowed);
                return None;
            }
        }
    }
    Some((StepKind::Send { method, uri, version, headers, body }, comment))
}

fn literal(line: &mut Directive<'_>) -> Option<config_parse::log_format::LogFormat> {
    use config_parse::log_format::{LogFormat, Piece};
    let word = line.value("a text")?;
    Some(LogFormat { pieces: vec![Piece::Text(word.text.to_string())], span: word.span })
}

/// Checks that steps belong to the check that was chosen: HAProxy warns when they do not.
pub(crate) fn unused_steps(draft: &Draft, findings: &mut Vec<Diagnostic>) {
    lost_request(draft, findings);
    let Some(step) = draft.proxy.check_steps.first() else { return };
    let chosen = draft.proxy.check.as_ref().map(|check| &check.value);
    if matches!(chosen, Some(CheckKind::Http { .. } | CheckKind::TcpScript)) {
        return;
    }
    let message = "check steps have no effect without `option httpchk` or `option tcp-check`";
    findings.push(Diagnostic::new(codes::W0211, step.span, message));
}

/// Without a `send` step of its own such a check waits for an answer to nothing, and fails.
fn lost_request(draft: &Draft, findings: &mut Vec<Diagnostic>) {
    let (Some(step), Some(check)) = (draft.request_lost, &draft.proxy.check) else { return };
    let sends = |step: &HttpCheckStep| matches!(step.kind, StepKind::Send { .. });
    if !draft.proxy.check_steps.iter().any(sends) {
        let message = "these check steps replace the request of `option httpchk` in `defaults`";
        findings.push(
            Diagnostic::new(codes::W0713, step, message)
                .related(check.span, "the request that is not sent any more")
                .help("repeat `option httpchk` above, or write an `http-check send` step"),
        );
    }
}
