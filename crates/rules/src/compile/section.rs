//! Compiles what stands in one half of one section: expressions, formats, conditions, regexes.

use std::borrow::Cow;

use acl::{Acls, Condition};
use config::Target;
use config::model::{self, HttpErrors, Proxy};
use config_parse::condition as tree;
use config_parse::env::Environment;
use config_parse::expr::Expr;
use config_parse::log_format::{self, LogFormat};
use config_parse::tree::{Origin, Word};
use diag::{Diagnostic, Span, Spanned, codes};
use regex::bytes::Regex;
use sample::lists::Lists;
use sample::{
    BackendRef, CaptureSlots, CompileEnv, Compiled, CompiledFormat, FrontendRef, Place, VarId,
    VarNames,
};

use super::names::{Seen, Table};
use crate::process_vars::AtStart;
use crate::program::{GlobalValue, Slot};
use crate::{log_profile, unique_id};

/// What one compilation shares between sections.
pub(super) struct Shared<'c> {
    pub(super) table: &'c Table<'c>,
    pub(super) http_errors: &'c [HttpErrors],
    pub(super) healthchecks: &'c [model::Healthcheck],
    pub(super) log_profiles: &'c [model::LogProfile],
    /// Something asks for the socket of the server's connection.
    pub(super) asks_server_socket: bool,
    pub(super) vars: VarNames,
    pub(super) draws: u32,
    pub(super) lists: Lists,
    pub(super) files: &'c dyn Fn(&str) -> Result<Vec<u8>, String>,
    pub(super) env: &'c Environment,
    pub(super) target: Target,
    pub(super) findings: Vec<Diagnostic>,
    /// Something did not compile, whether it was reported here or by an earlier stage.
    pub(super) failed: bool,
}

impl Shared<'_> {
    /// Lines that are compiled twice are reported once: what was found since `known` stays only
    /// where it is new.
    pub(super) fn forget_repeated(&mut self, known: usize) {
        let again = self.findings.split_off(known.min(self.findings.len()));
        for finding in again {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }
}

/// One half of a section.
pub(super) struct Section<'s, 'c> {
    pub(super) shared: &'s mut Shared<'c>,
    pub(super) frontend: Option<FrontendRef>,
    pub(super) backend: Option<BackendRef>,
    name: String,
    request_slots: &'s [Slot],
    response_slots: &'s [Slot],
    captures: CaptureSlots,
    request_acls: Acls,
    response_acls: Acls,
    /// Places for `http-request` conditions and so on differ between the halves.
    pub(super) front: bool,
    /// The section is both (`listen`): what has a value in one half may stand in it.
    both: bool,
    /// Something asks for `req.len`, which counts a head that is read as HTTP in another way.
    pub(super) measures: bool,
    /// What was compiled since this was set to false asks for the unique id.
    pub(super) asks_id: bool,
}

impl<'s, 'c> Section<'s, 'c> {
    pub(super) fn new(
        shared: &'s mut Shared<'c>,
        proxy: &Proxy,
        frontend: Option<FrontendRef>,
        backend: Option<BackendRef>,
        (request_slots, response_slots): (&'s [Slot], &'s [Slot]),
        captures: CaptureSlots,
    ) -> Self {
        let mut section = Self {
            frontend,
            backend,
            name: proxy.name.value.clone(),
            request_slots,
            response_slots,
            captures,
            front: frontend.is_some(),
            both: proxy.kind.is_frontend() && proxy.kind.is_backend(),
            ..Self::bare(shared)
        };
        let place = section.pick(Place::FrontendHttpRequest, Place::BackendHttpRequest);
        section.request_acls = section.acls(proxy, place);
        // `hdr` means another message in a response rule: these see the ACLs anew. What is wrong
        // with them was said above.
        let answers = [
            &proxy.rules.http_response,
            &proxy.rules.http_after_response,
            &proxy.rules.tcp_response_content,
        ];
        let sees = |rule: &model::Rule| rule.condition.is_some() || !rule.acls_asked().is_empty();
        if answers.iter().any(|rules| rules.iter().any(sees)) {
            let known = section.shared.findings.len();
            let place = section.pick(Place::FrontendHttpResponse, Place::BackendHttpResponse);
            section.response_acls = section.acls(proxy, place);
            section.shared.forget_repeated(known);
        }
        section
    }

    /// No section at all: what stands in `global`.
    fn bare(shared: &'s mut Shared<'c>) -> Self {
        Self {
            shared,
            frontend: None,
            backend: None,
            name: String::new(),
            request_slots: &[],
            response_slots: &[],
            captures: CaptureSlots::default(),
            request_acls: Acls::new(),
            response_acls: Acls::new(),
            front: false,
            both: false,
            measures: false,
            asks_id: false,
        }
    }

    /// The capture slots of the frontend.
    pub(super) fn slots_of(&self, response: bool) -> &'s [Slot] {
        if response { self.response_slots } else { self.request_slots }
    }

    /// The place of a rule in this half.
    pub(super) fn pick(&self, front: Place, back: Place) -> Place {
        if self.front { front } else { back }
    }

    fn acls(&mut self, proxy: &Proxy, place: Place) -> Acls {
        let mut acls = Acls::new();
        for line in &proxy.acls {
            // A line without an expression was reported by the stage before.
            let Some(expr) = &line.expr else {
                self.shared.failed = true;
                continue;
            };
            let known = is_acl_fetch(expr).then(|| acls.clone());
            self.with_acls(place, known.as_ref(), |env| acls.add(&line.name, expr, env));
        }
        acls
    }

    /// Compiles something in a place; findings are kept, an error gives nothing.
    pub(super) fn with<R>(
        &mut self,
        place: Place,
        compile: impl FnOnce(&mut CompileEnv<'_>) -> Result<R, Vec<Diagnostic>>,
    ) -> Option<R> {
        let own =
            if place.is_response() { &mut self.response_acls } else { &mut self.request_acls };
        let acls = std::mem::take(own);
        let compiled = self.with_acls(place, Some(&acls), compile);
        match place.is_response() {
            true => self.response_acls = acls,
            false => self.request_acls = acls,
        }
        compiled
    }

    /// As [`Section::with`], with the ACLs that `acl(name)` finds.
    fn with_acls<R>(
        &mut self,
        place: Place,
        acls: Option<&Acls>,
        compile: impl FnOnce(&mut CompileEnv<'_>) -> Result<R, Vec<Diagnostic>>,
    ) -> Option<R> {
        let place = if self.both { in_listen(place) } else { place };
        let names = Seen {
            table: self.shared.table,
            frontend: self.frontend,
            backend: self.backend,
            target: self.shared.target,
            own: &self.name,
            acls,
        };
        let mut env = CompileEnv {
            place,
            names: &names,
            vars: &mut self.shared.vars,
            captures: self.captures,
            files: self.shared.files,
            lists: &self.shared.lists,
            maps: &acl::Maps,
            env: self.shared.env,
            draws: &mut self.shared.draws,
            warnings: Vec::new(),
        };
        let compiled = compile(&mut env);
        let mut warnings = env.warnings;
        self.shared.findings.append(&mut warnings);
        match compiled {
            Ok(compiled) => Some(compiled),
            Err(findings) => {
                self.shared.failed = true;
                // Names that no ACL has are found when the lines are read.
                let new = findings.into_iter().filter(|finding| finding.code != codes::E0402);
                self.shared.findings.extend(new);
                None
            }
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr, place: Place) -> Option<Compiled> {
        let compiled = self.with(place, |env| sample::compile::expr(expr, env))?;
        self.asks_id |= unique_id::in_expr(&compiled);
        self.shared.asks_server_socket |= asks_server_socket(&compiled);
        self.measures |= compiled.fetch_name() == "req.len";
        Some(compiled)
    }

    pub(super) fn format(&mut self, format: &LogFormat, place: Place) -> Option<CompiledFormat> {
        let compiled = self.with(place, |env| sample::compile::log_format(format, env))?;
        self.asks_id |= unique_id::in_format(&compiled);
        self.shared.asks_server_socket |= compiled.expressions().any(asks_server_socket);
        Some(compiled)
    }

    /// A format that the configuration does not spell out, or that stands in a file.
    pub(super) fn format_text(
        &mut self,
        text: &str,
        span: Span,
        place: Place,
    ) -> Option<CompiledFormat> {
        let word = Word { text: Cow::Borrowed(text), span, origin: Origin::Opaque };
        match log_format::parse(&word) {
            Ok(format) => self.format(&format, place),
            Err(finding) => {
                self.report(finding);
                None
            }
        }
    }

    /// A condition; `Some(None)` when there is none, `None` when it did not compile.
    pub(super) fn condition(
        &mut self,
        condition: Option<&tree::Condition>,
        place: Place,
    ) -> Option<Option<Condition>> {
        let Some(condition) = condition else { return Some(None) };
        let acls = match place.is_response() {
            true => std::mem::take(&mut self.response_acls),
            false => std::mem::take(&mut self.request_acls),
        };
        let known = Some(&acls);
        let compiled =
            self.with_acls(place, known, |env| Condition::compile(condition, &acls, env));
        match place.is_response() {
            true => self.response_acls = acls,
            false => self.request_acls = acls,
        }
        if let Some(condition) = &compiled {
            self.asks_id |= unique_id::in_condition(condition);
            let mut tests = condition.alternatives().flatten().flat_map(|(_, tests)| tests);
            self.shared.asks_server_socket |= tests.any(|test| asks_server_socket(test.expr()));
            let mut tests = condition.alternatives().flatten().flat_map(|(_, tests)| tests);
            self.measures |= tests.any(|test| test.expr().fetch_name() == "req.len");
        }
        compiled.map(Some)
    }

    pub(super) fn regex(&mut self, pattern: &str, span: Span) -> Option<Regex> {
        match sample::regex::compile(pattern, false) {
            Ok(regex) => Some(regex),
            Err(message) => {
                self.report(Diagnostic::new(codes::E0508, span, message));
                None
            }
        }
    }

    pub(super) fn var(&mut self, name: &Spanned<String>) -> Option<VarId> {
        match self.shared.vars.intern(&name.value) {
            Ok(id) => Some(id),
            Err(word) => {
                let message = format!("`{word}` is no scope of variables");
                let finding = Diagnostic::new(codes::E0503, name.span, message);
                self.report(finding.help("use proc, sess, txn, req or res: `txn.name`"));
                None
            }
        }
    }

    pub(super) fn file(&mut self, path: &str, span: Span) -> Option<Vec<u8>> {
        match (self.shared.files)(path) {
            Ok(bytes) => Some(bytes),
            Err(why) => {
                let message = format!("`{path}` cannot be read: {why}");
                self.report(Diagnostic::new(codes::E0701, span, message));
                None
            }
        }
    }

    pub(super) fn report(&mut self, finding: Diagnostic) {
        self.shared.failed |= finding.is_error();
        self.shared.findings.push(finding);
    }

    /// The number of a log profile. `None`: no section has the name, which was reported.
    pub(super) fn log_profile(&mut self, name: Option<&str>) -> Option<Option<u32>> {
        let Some(name) = name else { return Some(None) };
        let known = log_profile::number(self.shared.log_profiles, name);
        if known.is_none() {
            self.fail();
        }
        known.map(Some)
    }

    /// The type of a stick table's keys.
    pub(super) fn table_kind(&self, name: &str) -> Option<String> {
        self.shared.table.tables.get(name).cloned()
    }

    pub(super) fn fail(&mut self) {
        self.shared.failed = true;
    }
}

/// A value for a variable of the process, as an operator writes it.
pub(super) fn process_value(
    text: &str,
    format: bool,
    shared: &mut Shared<'_>,
) -> Option<GlobalValue> {
    let place = Place::Configuration;
    let mut section = Section::bare(shared);
    if format {
        return section.format_text(text, Span::default(), place).map(GlobalValue::Format);
    }
    let word = Word { text: Cow::Borrowed(text), span: Span::default(), origin: Origin::Opaque };
    match config_parse::expr::parse_words(&[word], &|_| false) {
        Ok((expr, _)) => section.expr(&expr, place).map(GlobalValue::Expr),
        Err(finding) => {
            section.report(finding);
            None
        }
    }
}

/// The `set-var` and `set-var-fmt` lines of `global`.
pub(super) fn global_vars(global: &model::Global, shared: &mut Shared<'_>) -> Vec<AtStart> {
    let mut section = Section::bare(shared);
    let place = Place::Configuration;
    let lines = global.set_vars.iter().filter_map(|(name, value)| {
        let id = section.var(name);
        let value = match value {
            model::GlobalValue::Expr(expr) => section.expr(expr, place).map(GlobalValue::Expr),
            model::GlobalValue::Format(format) => {
                section.format(format, place).map(GlobalValue::Format)
            }
        };
        Some((id?, value?))
    });
    lines.collect()
}

/// Whether an expression asks what the kernel knows of the connection to the server.
fn asks_server_socket(expr: &Compiled) -> bool {
    expr.text().contains("bc_rtt")
}

fn is_acl_fetch(acl: &tree::AclExpr) -> bool {
    acl.expr.fetch.name.value == "acl"
}

/// The place of a rule of a `listen` section: the backend's, which knows all that the frontend's
/// does and its own names too.
fn in_listen(place: Place) -> Place {
    match place {
        Place::FrontendTcpContent => Place::BackendTcpContent,
        Place::FrontendHttpRequest => Place::BackendHttpRequest,
        Place::FrontendHttpBody => Place::BackendHttpBody,
        Place::FrontendTcpResponse => Place::BackendTcpResponse,
        Place::FrontendHttpResponse => Place::BackendHttpResponse,
        Place::FrontendHttpResponseBody => Place::BackendHttpResponseBody,
        place => place,
    }
}
