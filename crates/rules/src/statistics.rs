//! The statistics page: which requests it answers (`stats uri`), for whom, and whether they may change states.
//!
//! What it shows is the daemon's: here is only decided that it answers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use acl::{Condition, Outcome as Truth};
use config_parse::quantity::{self, Unit};
use diag::Span;
use http1::{RequestHead, ResponseHead};

use crate::action::{Rule, reply};
use crate::moment::Moment;
use crate::run::{self, Ending, List};
use crate::{Event, Final, Outcome, ReplyKind, RuleFamily, Trace, Verdict, condition};

/// The `stats` lines of a proxy, together (manual 4.2). Any of them makes the page answer.
#[derive(Debug, Default)]
pub struct StatsPage {
    /// `stats uri`: what the path and query of a request for it begin with; default `/haproxy?stats`.
    pub uri: String,
    /// `stats realm`.
    pub realm: String,
    /// `stats refresh`.
    pub refresh: Option<Duration>,
    /// `stats scope` names; `.` is the proxy itself. Empty: every proxy is shown.
    pub scope: Vec<String>,
    /// `stats hide-version`, unless `show-version` came behind it.
    pub hides_version: bool,
    /// `stats show-legends`.
    pub legends: bool,
    /// `stats show-node [NAME]`: `Some(None)` is the machine's own name.
    pub node: Option<Option<String>>,
    /// `stats show-desc [TEXT]`: `Some(None)` is that of `global`.
    pub description: Option<Option<String>>,
    /// `user:password` of each `stats auth`.
    auth: Vec<Box<[u8]>>,
    rules: Vec<Rule>,
    admin: Vec<Condition>,
    span: Span,
}

/// One request for the page.
#[derive(Debug)]
pub struct StatsRequest {
    /// The page.
    pub page: Arc<StatsPage>,
    /// A `stats admin` condition holds: states may be changed.
    pub admin: bool,
}

impl StatsPage {
    /// The page of a proxy's `stats` lines; none without any.
    pub(crate) fn of(
        lines: &[diag::Spanned<Vec<String>>],
        rules: Vec<Rule>,
        admin: Vec<Condition>,
    ) -> Option<Arc<StatsPage>> {
        let last = lines.last()?;
        let mut page = StatsPage {
            uri: "/haproxy?stats".to_owned(),
            realm: StatsPage::realm(lines).to_owned(),
            rules,
            admin,
            span: last.span,
            ..StatsPage::default()
        };
        for line in lines {
            let words: Vec<&str> = line.value.iter().map(String::as_str).collect();
            page.read(&words, line.span);
        }
        Some(Arc::new(page))
    }

    /// `stats realm`, or its default.
    pub(crate) fn realm(lines: &[diag::Spanned<Vec<String>>]) -> &str {
        let last =
            lines.iter().rev().find(|line| line.value.first().is_some_and(|word| word == "realm"));
        last.and_then(|line| line.value.get(1)).map_or("HAProxy Statistics", String::as_str)
    }

    fn read(&mut self, words: &[&str], span: Span) {
        let text = || words.get(1..).filter(|rest| !rest.is_empty()).map(|rest| rest.join(" "));
        match words {
            ["uri", uri, ..] => {
                (self.uri, self.span) = ((*uri).to_owned(), span);
            }
            ["auth", pair, ..] => self.auth.push(pair.as_bytes().into()),
            ["scope", name, ..] => self.scope.push((*name).to_owned()),
            ["refresh", time, ..] => self.refresh = quantity::duration(time, Unit::Second).ok(),
            ["hide-version", ..] => self.hides_version = true,
            ["show-version", ..] => self.hides_version = false,
            ["show-legends", ..] => self.legends = true,
            ["show-node", ..] => self.node = Some(text()),
            ["show-desc", ..] => self.description = Some(text()),
            _ => {}
        }
    }

    /// Whether a request asks for the page. Other methods than these go on to a server.
    fn answers(&self, head: &RequestHead) -> bool {
        matches!(head.method(), b"GET" | b"HEAD" | b"POST")
            && head.path_and_query().starts_with(self.uri.as_bytes())
    }

    fn admits(&self, head: &RequestHead) -> bool {
        let given = sample::basic(head);
        let pair = given.map(|(user, password)| [&user[..], b":", &password].concat());
        self.auth.is_empty()
            || pair.is_some_and(|pair| self.auth.iter().any(|known| **known == *pair))
    }
}

/// Answers a request for the page, after the proxy's `http-request` rules and before its redirects.
pub(crate) fn answer<T: Trace>(
    page: Option<&Arc<StatsPage>>,
    step: u16,
    m: &mut Moment<'_>,
    trace: &mut T,
) -> ControlFlow<Verdict> {
    let Some(page) = page.filter(|page| m.head().is_some_and(|head| page.answers(head))) else {
        return ControlFlow::Continue(());
    };
    match run::rules(&List { step, rules: &page.rules }, m, trace) {
        Ending::Reply(mut response) => {
            response.refused_statistics = true;
            return ControlFlow::Break(Verdict::Reply(response));
        }
        Ending::Unknown(fact) => return ControlFlow::Break(Verdict::Unknown(fact)),
        _ => {}
    }
    tell(page.span, trace);
    if !m.head().is_some_and(|head| page.admits(head)) {
        let (frontend, backend) = (m.stream.frontend, m.stream.backend);
        let mut refusal = reply::challenge(None, frontend, backend, m);
        let value = format!("Basic realm=\"{}\"", page.realm);
        refusal.head.fields.set(b"www-authenticate", value.as_bytes());
        refusal.rule = Some(page.span);
        refusal.refused_statistics = true;
        return ControlFlow::Break(Verdict::Reply(Box::new(refusal)));
    }
    let mut admin = false;
    for condition in &page.admin {
        match condition::holds(Some(condition), m, trace) {
            Truth::Yes => admin = true,
            Truth::Unknown(fact) => return ControlFlow::Break(Verdict::Unknown(fact)),
            Truth::No | Truth::Wait => {}
        }
        m.flush(trace);
    }
    // The form's answer is a redirection.
    let posted = m.head().is_some_and(|head| head.method() == b"POST");
    let head = ResponseHead::with_status(if posted { 303 } else { 200 });
    let mut made = Final::new(ReplyKind::Stats, head, Vec::new());
    made.rule = Some(page.span);
    made.stats = Some(Box::new(StatsRequest { page: Arc::clone(page), admin }));
    ControlFlow::Break(Verdict::Reply(Box::new(made)))
}

fn tell<T: Trace>(span: Span, trace: &mut T) {
    let (family, outcome) = (RuleFamily::Stats, Outcome::Taken);
    trace.event(|| Event::Rule { family, span, outcome, changes: Vec::new() });
}
