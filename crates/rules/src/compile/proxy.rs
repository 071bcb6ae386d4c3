//! Compiles the two halves of a section.

use std::collections::HashMap;
use std::sync::Arc;

use config::model::{
    self, Action, Balance, CaptureSlot, Config, Direction, ForwardFor, ForwardedPart,
    HttpCheckStep, LogFormatChoice, Mode, Proxy,
};
use config_parse::log_format::{LogFormat, Piece};
use diag::{Diagnostic, Spanned, codes};
use sample::{BackendRef, CaptureSlots, CompiledFormat, FrontendRef, Place};

use super::section::{Section, Shared};
use super::{looked_at, rules};
use crate::check_formats::CheckFormats;
use crate::choose::{ServerName, UseServer};
use crate::forwarded::{ForwardedField, Part};
use crate::log_profile::{self, Profile};
use crate::prepare::{Forwarded, Net};
use crate::program::{BackendPart, BackendRules, FrontendPart, FrontendRules, ResponseRules, Slot};
use crate::switch::{PersistRule, Switch, Target};
use crate::unique_id;
use crate::{RuleFamily, StatsPage};

/// `option httplog` (manual 8.2.3).
const HTTP_LOG: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
                        %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
/// `option httplog clf`.
const CLF_LOG: &str = "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw \
                       %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
/// `option tcplog` (manual 8.2.2).
const TCP_LOG: &str = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";

pub(super) fn frontend(
    proxy: &Proxy,
    reference: FrontendRef,
    own_backend: Option<BackendRef>,
    shared: &mut Shared<'_>,
) -> FrontendPart {
    let request_slots = slots(proxy, Direction::Request);
    let response_slots = slots(proxy, Direction::Response);
    let captures =
        CaptureSlots { request: request_slots.len() as u32, response: response_slots.len() as u32 };
    let slots = (request_slots.as_slice(), response_slots.as_slice());
    let mut s = Section::new(shared, proxy, Some(reference), own_backend, slots, captures);
    let set = &proxy.rules;
    let mut rules = FrontendRules {
        tcp_connection: rules::list(
            &set.tcp_request_connection,
            RuleFamily::TcpRequestConnection,
            Place::TcpConnection,
            &mut s,
        ),
        tcp_session: rules::list(
            &set.tcp_request_session,
            RuleFamily::TcpRequestSession,
            Place::TcpSession,
            &mut s,
        ),
        tcp_content: rules::list(
            &set.tcp_request_content,
            RuleFamily::TcpRequestContent,
            Place::FrontendTcpContent,
            &mut s,
        ),
        monitor_fail: proxy
            .monitor_fail
            .iter()
            .filter_map(|fail| s.condition(Some(fail), Place::FrontendHttpRequest).flatten())
            .collect(),
        http_request: rules::list(
            &set.http_request,
            RuleFamily::HttpRequest,
            Place::FrontendHttpRequest,
            &mut s,
        ),
        redirect: rules::list(
            &set.redirect,
            RuleFamily::Redirect,
            Place::FrontendHttpRequest,
            &mut s,
        ),
        switching: proxy.switching.iter().filter_map(|rule| switch(rule, &mut s)).collect(),
        force_switch: proxy
            .force_switch
            .iter()
            .filter_map(|force| s.condition(Some(force), Place::UseBackend).flatten())
            .collect(),
        switchable: None,
        default_backend: default_backend(proxy, &mut s),
        response: response(proxy, &mut s),
    };
    rules.switchable = crate::switch::shortlist(&rules.switching);
    looked_at::check(proxy, &mut s);
    let pages = s.pages(proxy);
    let forwardfor = forwarded(proxy.forwardfor.as_ref(), &mut s);
    let originalto = forwarded(proxy.originalto.as_ref(), &mut s);
    let unique_id = proxy
        .unique_id_format
        .as_ref()
        .and_then(|format| s.format(&unique_id::merged(&format.value), Place::FrontendHttpRequest));
    let log = log_format(proxy, &mut s);
    let stats = statistics(proxy, Place::FrontendHttpRequest, &mut s);
    let error_log =
        proxy.error_log_format.as_ref().and_then(|format| s.format(&format.value, Place::Log));
    let handshake_log = s.format_text("%ci:%cp [%t] %ft/", proxy.span, Place::Log);
    let log_sd =
        proxy.log_format_sd.as_ref().and_then(|format| s.format(&format.value, Place::Log));
    let log_profiles = log_profiles(&mut s);
    FrontendPart {
        log_steps: proxy.log_steps.as_ref().map(|steps| log_profile::steps(&steps.value)),
        log_profiles,
        rules,
        measures: s.measures,
        pages,
        stats,
        forwardfor,
        originalto,
        unique_id,
        log,
        error_log,
        handshake_log,
        log_sd,
        request_slots,
        response_slots,
        ..FrontendPart::default()
    }
}

pub(super) fn backend(
    proxy: &Proxy,
    reference: BackendRef,
    captures: CaptureSlots,
    shared: &mut Shared<'_>,
) -> BackendPart {
    let (request_slots, response_slots) =
        (slots(proxy, Direction::Request), slots(proxy, Direction::Response));
    let slots = (request_slots.as_slice(), response_slots.as_slice());
    let mut s = Section::new(shared, proxy, None, Some(reference), slots, captures);
    let check = check(proxy, &proxy.check_steps, &mut s);
    let server_checks = server_checks(proxy, &mut s);
    let set = &proxy.rules;
    let rules = BackendRules {
        persist: proxy.persist_rules.iter().filter_map(|rule| persist(rule, &mut s)).collect(),
        tcp_content: rules::list(
            &set.tcp_request_content,
            RuleFamily::TcpRequestContent,
            Place::BackendTcpContent,
            &mut s,
        ),
        http_request: rules::list(
            &set.http_request,
            RuleFamily::HttpRequest,
            Place::BackendHttpRequest,
            &mut s,
        ),
        redirect: rules::list(
            &set.redirect,
            RuleFamily::Redirect,
            Place::BackendHttpRequest,
            &mut s,
        ),
        use_server: proxy
            .use_server
            .iter()
            .filter_map(|rule| use_server(rule, reference, &mut s))
            .collect(),
        balance_hash: match proxy.balance.as_ref().map(|balance| &balance.value) {
            Some(Balance::Hash(expr)) => s.expr(expr, Place::UseServer),
            Some(Balance::LogHash(expr)) => s.expr(expr, Place::BackendTcpContent),
            _ => None,
        },
        response: response(proxy, &mut s),
    };
    looked_at::check(proxy, &mut s);
    let pages = s.pages(proxy);
    let forwardfor = forwarded(proxy.forwardfor.as_ref(), &mut s);
    let originalto = forwarded(proxy.originalto.as_ref(), &mut s);
    let field = proxy.forwarded.as_ref().and_then(|option| forwarded_field(&option.value, &mut s));
    let server_tlvs = proxy.servers.iter().map(|server| tlvs(server, &mut s)).collect();
    let stats = statistics(proxy, Place::BackendHttpRequest, &mut s);
    BackendPart {
        rules,
        check,
        server_checks,
        server_tlvs,
        pages,
        stats,
        forwardfor,
        originalto,
        forwarded: field,
        ..BackendPart::default()
    }
}

/// `option forwarded`.
fn forwarded_field(option: &model::Forwarded, s: &mut Section<'_, '_>) -> Option<ForwardedField> {
    let mut part = |part: &Option<ForwardedPart>| {
        Some(match part {
            None => None,
            Some(ForwardedPart::Default) => Some(Part::Default),
            Some(ForwardedPart::Expr(expr)) => {
                Some(Part::Sample(s.expr(expr, Place::BackendHttpRequest)?))
            }
        })
    };
    Some(ForwardedField {
        proto: option.proto,
        host: part(&option.host)?,
        by: part(&option.by)?,
        by_port: part(&option.by_port)?,
        origin: part(&option.origin)?,
        origin_port: part(&option.origin_port)?,
    })
}

/// What health checks ask for, the unique id only when they do.
fn check(proxy: &Proxy, steps: &[HttpCheckStep], s: &mut Section<'_, '_>) -> CheckFormats {
    s.asks_id = false;
    let check = super::checks::compile(steps, s);
    let format = proxy.unique_id_format.as_ref().filter(|_| s.asks_id);
    let unique_id =
        format.and_then(|format| s.format(&unique_id::merged(&format.value), Place::Check));
    CheckFormats { unique_id, ..check }
}

/// What the checks of servers with a section of their own ask for.
fn server_checks(proxy: &Proxy, s: &mut Section<'_, '_>) -> HashMap<u32, CheckFormats> {
    let sections = s.shared.healthchecks;
    let mut checks = HashMap::new();
    for (server, at) in proxy.servers.iter().zip(0..) {
        let Some(name) = &server.settings.healthcheck else { continue };
        if let Some(section) = sections.iter().find(|section| section.name.value == name.value) {
            checks.insert(at, check(proxy, &section.steps, s));
        }
    }
    checks
}

/// The TLVs of a server's PROXY header.
fn tlvs(server: &model::Server, s: &mut Section<'_, '_>) -> Vec<(u8, CompiledFormat)> {
    let lines = server.settings.proxy_v2_tlvs.iter();
    lines
        .filter_map(|tlv| Some((tlv.value.0, s.format(&tlv.value.1, Place::BackendHttpRequest)?)))
        .collect()
}

fn statistics(proxy: &Proxy, place: Place, s: &mut Section<'_, '_>) -> Option<Arc<StatsPage>> {
    let http = proxy.mode() == Mode::Http;
    let lines = if http { proxy.stats.as_slice() } else { &[] };
    let mut rules = proxy.stats_rules.clone();
    rules.iter_mut().for_each(|rule| give_realm(&mut rule.action.value, StatsPage::realm(lines)));
    let rules = rules::list(&rules, RuleFamily::Stats, place, s);
    let admin = proxy.stats_admin.iter();
    let admin =
        admin.filter_map(|condition| s.condition(Some(condition), place).flatten()).collect();
    StatsPage::of(lines, rules, admin)
}

/// `stats http-request auth` without a realm has that of the page.
fn give_realm(action: &mut Action, realm: &str) {
    if let Action::Auth { realm: to @ None } = action {
        let pieces = vec![Piece::Text(realm.to_owned())];
        *to = Some(LogFormat { pieces, ..LogFormat::default() });
    }
}

fn response(proxy: &Proxy, s: &mut Section<'_, '_>) -> ResponseRules {
    let set = &proxy.rules;
    let tcp = s.pick(Place::FrontendTcpResponse, Place::BackendTcpResponse);
    let http = s.pick(Place::FrontendHttpResponse, Place::BackendHttpResponse);
    ResponseRules {
        tcp_content: rules::list(&set.tcp_response_content, RuleFamily::TcpResponseContent, tcp, s),
        http_response: rules::list(&set.http_response, RuleFamily::HttpResponse, http, s),
        after: rules::list(&set.http_after_response, RuleFamily::HttpAfterResponse, http, s),
    }
}

fn switch(rule: &model::SwitchingRule, s: &mut Section<'_, '_>) -> Option<Switch> {
    let condition = s.condition(rule.condition.as_ref(), Place::UseBackend);
    let to = match rule.backend.value.as_text() {
        Some(name) => match s.shared.table.backends.get(name) {
            Some(backend) => Some(Target::Backend(*backend)),
            // Reported when the references were checked.
            None => {
                s.fail();
                None
            }
        },
        None => s.format(&rule.backend.value, Place::UseBackend).map(Target::Named),
    };
    Some(Switch { to: to?, condition: condition?, span: rule.span })
}

fn default_backend(proxy: &Proxy, s: &mut Section<'_, '_>) -> Option<(BackendRef, diag::Span)> {
    let line = proxy.default_backend.as_ref()?;
    let backend = s.shared.table.backends.get(line.value.as_str()).copied();
    if backend.is_none() {
        s.fail();
    }
    Some((backend?, line.span))
}

fn persist(rule: &model::PersistRule, s: &mut Section<'_, '_>) -> Option<PersistRule> {
    let condition = s.condition(Some(&rule.condition), Place::UseBackend)??;
    Some(PersistRule { force: rule.force, condition, span: rule.span })
}

fn use_server(
    rule: &model::UseServerRule,
    backend: BackendRef,
    s: &mut Section<'_, '_>,
) -> Option<UseServer> {
    let condition = s.condition(rule.condition.as_ref(), Place::UseServer);
    let to = match rule.server.value.as_text() {
        Some(name) => {
            let server = s.shared.table.server_of(backend, name);
            if server.is_none() {
                s.fail();
            }
            server.map(ServerName::Server)
        }
        None => s.format(&rule.server.value, Place::UseServer).map(ServerName::Named),
    };
    Some(UseServer { to: to?, condition: condition?, span: rule.span })
}

fn forwarded(line: Option<&Spanned<ForwardFor>>, s: &mut Section<'_, '_>) -> Forwarded {
    let Some((line, except)) = line.and_then(|line| Some((line, line.value.except.as_ref()?)))
    else {
        return Forwarded::default();
    };
    let net = Net::read(except);
    if net.is_none() {
        let message = format!("`{except}` is no network");
        s.report(Diagnostic::new(codes::E0305, line.span, message));
    }
    Forwarded { except: net }
}

fn log_format(proxy: &Proxy, s: &mut Section<'_, '_>) -> Option<sample::CompiledFormat> {
    let line = proxy.log_format.as_ref()?;
    let text = match &line.value {
        LogFormatChoice::Custom(format) => return s.format(format, Place::Log),
        // A connection has no request to tell of: `mode tcp` logs as `option tcplog` does.
        LogFormatChoice::Http { .. } if proxy.mode() == Mode::Tcp => TCP_LOG,
        LogFormatChoice::Http { clf: false } => HTTP_LOG,
        LogFormatChoice::Http { clf: true } => CLF_LOG,
        LogFormatChoice::Tcp => TCP_LOG,
    };
    s.format_text(text, line.span, Place::Log)
}

/// The log profiles: each frontend has its own captures and names.
fn log_profiles(s: &mut Section<'_, '_>) -> Vec<Profile> {
    let known = s.shared.findings.len();
    let sections = s.shared.log_profiles;
    let profiles = sections.iter().map(|section| {
        let step = |step: &model::ProfileStep| {
            let mut format = |format: &Option<LogFormat>| s.format(format.as_ref()?, Place::Log);
            let (text, data) = (format(&step.format), format(&step.data));
            log_profile::Step::new(&step.step, step.drop, text, data)
        };
        Profile { steps: section.steps.iter().map(step).collect() }
    });
    let profiles = profiles.collect();
    s.shared.forget_repeated(known);
    profiles
}

/// The capture slots of a section, in the order of the lines that make them.
fn slots(proxy: &Proxy, direction: Direction) -> Vec<Slot> {
    let (declared, rules) = match direction {
        Direction::Request => {
            let rules = vec![&proxy.rules.tcp_request_content, &proxy.rules.http_request];
            (&proxy.capture_request, rules)
        }
        Direction::Response => {
            let rules = &proxy.rules;
            let rules =
                vec![&rules.tcp_response_content, &rules.http_response, &rules.http_after_response];
            (&proxy.capture_response, rules)
        }
    };
    let mut slots: Vec<Slot> = Vec::new();
    slots.extend(declared.iter().map(|line| Slot {
        header: Some(line.value.0.to_ascii_lowercase().into_bytes().into()),
        len: line.value.1 as usize,
        span: line.span,
    }));
    let bare = proxy.declare_capture.iter().filter(|line| line.value.0 == direction);
    slots.extend(bare.map(|line| Slot {
        header: None,
        len: line.value.1 as usize,
        span: line.span,
    }));
    slots.extend(rules.into_iter().flatten().filter_map(|rule| match &rule.action.value {
        Action::Capture { slot: CaptureSlot::Len(len), .. } => {
            Some(Slot { header: None, len: *len as usize, span: rule.action.span })
        }
        _ => None,
    }));
    slots.sort_by_key(|slot| (slot.span.file, slot.span.start));
    slots
}

/// How many slots the frontend with the most has: what rules of backends may ask for.
pub(super) fn most_captures(config: &Config) -> CaptureSlots {
    let most = |direction: Direction| {
        let counts = config.proxies.iter().map(|proxy| slots(proxy, direction).len() as u32);
        counts.max().unwrap_or_default()
    };
    CaptureSlots { request: most(Direction::Request), response: most(Direction::Response) }
}
