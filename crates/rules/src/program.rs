//! The compiled configuration: what it offers to the daemon and to `lbctl`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use acl::Condition;
use config::model::{
    CheckKind, Config, ConnectionMode, HttpCheckStep, Mode, Proxy, Server, Setting,
};
use config_parse::address::Address;
use diag::Span;
use http1::CaseMap;
use sample::lists::Lists;
use sample::{
    BackendRef, Compiled, CompiledFormat, FrontendRef, LogOrigin, ProcVars, VarId, VarNames,
};

use crate::StatsPage;
use crate::action::Rule;
use crate::check_formats::{CheckFormats, StepAsks};
use crate::choose::UseServer;
use crate::error_page::Page;
use crate::forwarded::ForwardedField;
use crate::log_profile::Profile;
use crate::prepare::Forwarded;
use crate::switch::{PersistRule, Switch};

/// A configuration that compiled. It never changes: a reload makes another one.
#[derive(Debug, Default)]
pub struct Program {
    pub(crate) config: Config,
    pub(crate) frontends: Vec<FrontendPart>,
    pub(crate) backends: Vec<BackendPart>,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) backend_names: HashMap<Box<[u8]>, BackendRef>,
    pub(crate) vars: VarNames,
    /// Values of `proc.name`; only where the configuration names one.
    pub(crate) process_vars: Option<Arc<ProcVars>>,
    /// `set-var` and `set-var-fmt` lines of `global`.
    pub(crate) set_at_start: Vec<(VarId, GlobalValue)>,
    /// Something asks for the socket of the server's connection (`bc_rtt`).
    pub(crate) asks_server_socket: bool,
    /// Random draws that expressions use; those of `balance random` come behind them.
    pub(crate) draws: u32,
    /// `h1-case-adjust`.
    pub(crate) case_adjust: Arc<CaseMap>,
    /// Pattern files and maps: the one thing about a program that changes while it runs.
    pub(crate) lists: Lists,
}

/// What a frontend was compiled to.
#[derive(Debug, Default)]
pub(crate) struct FrontendPart {
    /// Index in `config.proxies`.
    pub(crate) proxy: usize,
    pub(crate) id: u32,
    /// The backend half of a `listen` section.
    pub(crate) own_backend: Option<BackendRef>,
    pub(crate) rules: FrontendRules,
    /// A rule asks for `req.len`.
    pub(crate) measures: bool,
    pub(crate) pages: Vec<(u16, Arc<Page>)>,
    pub(crate) stats: Option<Arc<StatsPage>>,
    pub(crate) request_slots: Vec<Slot>,
    pub(crate) response_slots: Vec<Slot>,
    pub(crate) forwardfor: Forwarded,
    pub(crate) originalto: Forwarded,
    pub(crate) unique_id: Option<CompiledFormat>,
    pub(crate) log: Option<CompiledFormat>,
    pub(crate) error_log: Option<CompiledFormat>,
    /// The beginning of the line of a connection that failed before it was a session.
    pub(crate) handshake_log: Option<CompiledFormat>,
    pub(crate) log_sd: Option<CompiledFormat>,
    /// `log-steps`.
    pub(crate) log_steps: Option<Vec<LogOrigin>>,
    /// The log profiles of its targets, each once, in the order of the lines; `None` for targets without.
    pub(crate) log_groups: Vec<Option<u32>>,
    /// The log profiles as it sees them, where there are any.
    pub(crate) log_profiles: Vec<Profile>,
}

/// What a variable of the process is set to at the start.
#[derive(Debug)]
pub(crate) enum GlobalValue {
    Expr(Compiled),
    Format(CompiledFormat),
}

/// The rules of a frontend.
#[derive(Debug, Default)]
pub(crate) struct FrontendRules {
    pub(crate) tcp_connection: Vec<Rule>,
    pub(crate) tcp_session: Vec<Rule>,
    pub(crate) tcp_content: Vec<Rule>,
    pub(crate) monitor_fail: Vec<Condition>,
    pub(crate) http_request: Vec<Rule>,
    pub(crate) redirect: Vec<Rule>,
    pub(crate) switching: Vec<Switch>,
    pub(crate) force_switch: Vec<Condition>,
    /// Which of them can hold for a request.
    pub(crate) switchable: Option<acl::Shortlist>,
    pub(crate) default_backend: Option<(BackendRef, Span)>,
    pub(crate) response: ResponseRules,
}

/// The rules for responses of either half.
#[derive(Debug, Default)]
pub(crate) struct ResponseRules {
    pub(crate) tcp_content: Vec<Rule>,
    pub(crate) http_response: Vec<Rule>,
    pub(crate) after: Vec<Rule>,
}

/// What a backend was compiled to.
#[derive(Debug, Default)]
pub(crate) struct BackendPart {
    /// Index in `config.proxies`.
    pub(crate) proxy: usize,
    pub(crate) id: u32,
    /// The id of each server.
    pub(crate) server_ids: Vec<u32>,
    /// What health checks ask for.
    pub(crate) check: CheckFormats,
    /// What the checks of servers with a `healthcheck` section ask for, by the server.
    pub(crate) server_checks: HashMap<u32, CheckFormats>,
    /// The TLVs of each server's PROXY header.
    pub(crate) server_tlvs: Vec<Vec<(u8, CompiledFormat)>>,
    pub(crate) rules: BackendRules,
    pub(crate) pages: Vec<(u16, Arc<Page>)>,
    pub(crate) stats: Option<Arc<StatsPage>>,
    pub(crate) forwardfor: Forwarded,
    pub(crate) originalto: Forwarded,
    pub(crate) forwarded: Option<ForwardedField>,
}

/// The rules of a backend.
#[derive(Debug, Default)]
pub(crate) struct BackendRules {
    pub(crate) persist: Vec<PersistRule>,
    pub(crate) tcp_content: Vec<Rule>,
    pub(crate) http_request: Vec<Rule>,
    pub(crate) redirect: Vec<Rule>,
    pub(crate) use_server: Vec<UseServer>,
    pub(crate) balance_hash: Option<Compiled>,
    pub(crate) response: ResponseRules,
}

/// A capture slot: of a declared header, or filled by a rule.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) header: Option<Box<[u8]>>,
    /// Bytes that it keeps.
    pub(crate) len: usize,
    /// The line; the action of a `capture` rule.
    pub(crate) span: Span,
}

/// One address that a frontend listens on.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Whose connections these are.
    pub frontend: FrontendRef,
    /// Index of its `bind` line in [`Proxy::binds`].
    pub bind: usize,
    /// The address, with at most one port: a range is a listener for each of its ports.
    pub address: Address,
    /// `id`, or the lowest free number from 1 in its frontend (HAProxy's luid).
    pub id: u32,
    /// `name`, or `sock-ID`... as `so_name` and the statistics show it.
    pub name: Option<String>,
    /// The line.
    pub span: Span,
}

/// A frontend of a program; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Frontend<'p> {
    program: &'p Program,
    reference: FrontendRef,
}

/// A backend of a program; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Backend<'p> {
    program: &'p Program,
    reference: BackendRef,
}

impl Program {
    /// The configuration behind it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Takes over what another program, of the same text but for some server, has learnt while it ran: variables of
    /// the process, pattern files and maps.
    pub fn take_over(&self, other: &Program) {
        if let (Some(ours), Some(theirs)) = (&self.process_vars, &other.process_vars) {
            ours.take_over(theirs);
        }
        self.lists.take_over(&other.lists);
    }

    /// Pattern files and maps, as they are now.
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    /// The frontends (`listen` sections too) in file order; the n-th has `FrontendRef(n)`.
    pub fn frontends(&self) -> impl ExactSizeIterator<Item = Frontend<'_>> {
        (0..self.frontends.len())
            .map(|at| Frontend { program: self, reference: FrontendRef(at as u32) })
    }

    /// The backends (`listen` sections too) in file order; the n-th has `BackendRef(n)`.
    pub fn backends(&self) -> impl ExactSizeIterator<Item = Backend<'_>> {
        (0..self.backends.len())
            .map(|at| Backend { program: self, reference: BackendRef(at as u32) })
    }

    /// A frontend.
    ///
    /// # Panics
    /// When the reference is another program's and this one has fewer frontends.
    pub fn frontend(&self, reference: FrontendRef) -> Frontend<'_> {
        assert!((reference.0 as usize) < self.frontends.len(), "a frontend of this program");
        Frontend { program: self, reference }
    }

    /// A backend.
    ///
    /// # Panics
    /// When the reference is another program's and this one has fewer backends.
    pub fn backend(&self, reference: BackendRef) -> Backend<'_> {
        assert!((reference.0 as usize) < self.backends.len(), "a backend of this program");
        Backend { program: self, reference }
    }

    /// The frontend of this name.
    pub fn frontend_named(&self, name: &str) -> Option<Frontend<'_>> {
        self.frontends().find(|frontend| frontend.name() == name)
    }

    /// The backend of this name.
    pub fn backend_named(&self, name: &str) -> Option<Backend<'_>> {
        self.backend_by_bytes(name.as_bytes()).map(|backend| self.backend(backend))
    }

    pub(crate) fn backend_by_bytes(&self, name: &[u8]) -> Option<BackendRef> {
        self.backend_names.get(name).copied()
    }

    /// How header names are written for the clients of a frontend (`option h1-case-adjust-bogus-client`).
    pub fn client_case(&self, frontend: FrontendRef) -> Option<&Arc<CaseMap>> {
        let option = self.frontend(frontend).proxy().options.h1_case_adjust_bogus_client;
        self.case_for(option)
    }

    /// How header names are written for the servers of a backend (`option h1-case-adjust-bogus-server`).
    pub fn server_case(&self, backend: BackendRef) -> Option<&Arc<CaseMap>> {
        let option = self.backend(backend).proxy().options.h1_case_adjust_bogus_server;
        self.case_for(option)
    }

    fn case_for(&self, option: Setting<bool>) -> Option<&Arc<CaseMap>> {
        option.filter(|on| on.value && !self.case_adjust.is_empty()).map(|_| &self.case_adjust)
    }

    /// Whether the addresses of connections to servers must be known while their streams run.
    pub fn asks_server_socket(&self) -> bool {
        self.asks_server_socket
    }

    /// The variable of this name, if the configuration uses it.
    pub fn var(&self, name: &str) -> Option<VarId> {
        // Interning a known name gives its number; a new one goes to a copy that is dropped.
        let id = self.vars.clone().intern(name).ok()?;
        (self.vars.name(id) == name).then_some(id)
    }

    /// The name of a variable, `txn.user`.
    pub fn var_name(&self, id: VarId) -> &str {
        self.vars.name(id)
    }

    /// Whether both are halves of one `listen` section: its rules then run once.
    pub(crate) fn is_own_backend(&self, frontend: FrontendRef, backend: BackendRef) -> bool {
        self.frontend(frontend).part().own_backend == Some(backend)
    }

    /// Every address to listen on, in file order; a listener's index is `Fact::Listener`.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// How the connections of a stream are kept: the stricter of both proxies (manual 4, the table
    /// of the connection modes).
    pub fn connection_mode(
        &self,
        frontend: FrontendRef,
        backend: Option<BackendRef>,
    ) -> ConnectionMode {
        let mode = |proxy: &Proxy| proxy.connection_mode.map_or_else(Default::default, |m| m.value);
        let front = mode(self.frontend(frontend).proxy());
        let back = backend.map_or_else(Default::default, |be| mode(self.backend(be).proxy()));
        match (front, back) {
            (ConnectionMode::Close, _) | (_, ConnectionMode::Close) => ConnectionMode::Close,
            (ConnectionMode::ServerClose, _) | (_, ConnectionMode::ServerClose) => {
                ConnectionMode::ServerClose
            }
            _ => ConnectionMode::KeepAlive,
        }
    }
}

impl<'p> Frontend<'p> {
    pub(crate) fn part(self) -> &'p FrontendPart {
        &self.program.frontends[self.reference.0 as usize]
    }

    /// Its place in the program.
    pub fn reference(self) -> FrontendRef {
        self.reference
    }

    /// The section, `defaults` resolved.
    pub fn proxy(self) -> &'p Proxy {
        &self.program.config.proxies[self.part().proxy]
    }

    /// Its name.
    pub fn name(self) -> &'p str {
        &self.proxy().name.value
    }

    /// Its number (`id`, HAProxy's iid); a `listen` section has one for both halves.
    pub fn id(self) -> u32 {
        self.part().id
    }

    /// `mode`.
    pub fn mode(self) -> Mode {
        mode(self.proxy())
    }

    /// `log-steps`: whether a line is written at a step; `None` when the line does not say.
    pub fn logs_at(self, step: LogOrigin) -> Option<bool> {
        self.part().log_steps.as_ref().map(|steps| steps.contains(&step))
    }

    /// The backend half of a `listen` section.
    pub fn own_backend(self) -> Option<Backend<'p>> {
        self.part().own_backend.map(|own| self.program.backend(own))
    }
}

impl<'p> Backend<'p> {
    pub(crate) fn part(self) -> &'p BackendPart {
        &self.program.backends[self.reference.0 as usize]
    }

    /// Its place in the program.
    pub fn reference(self) -> BackendRef {
        self.reference
    }

    /// The section, `defaults` resolved.
    pub fn proxy(self) -> &'p Proxy {
        &self.program.config.proxies[self.part().proxy]
    }

    /// Its name.
    pub fn name(self) -> &'p str {
        &self.proxy().name.value
    }

    /// Its number (`id`, HAProxy's iid); a `listen` section has one for both halves.
    pub fn id(self) -> u32 {
        self.part().id
    }

    /// `mode`.
    pub fn mode(self) -> Mode {
        mode(self.proxy())
    }

    /// The servers in file order; an index here is the `server` of `sample::ServerRef`.
    pub fn servers(self) -> &'p [Server] {
        &self.proxy().servers
    }

    /// The number of a server (`id`, HAProxy's puid); 0 for an index that is none.
    pub fn server_id(self, server: u32) -> u32 {
        self.part().server_ids.get(server as usize).copied().unwrap_or_default()
    }

    /// The server of this name.
    pub fn server_named(self, name: &[u8]) -> Option<u32> {
        let found = self.servers().iter().position(|server| server.name.value.as_bytes() == name);
        found.map(|at| at as u32)
    }

    /// How a server is checked, and with which steps: its `healthcheck` section says, or the backend.
    pub fn check_of(self, server: u32) -> (Option<&'p CheckKind>, &'p [HttpCheckStep]) {
        let section = self.servers().get(server as usize).and_then(|server| {
            let name = server.settings.healthcheck.as_ref()?;
            self.program.config.healthcheck(&name.value)
        });
        match section {
            Some(section) => (section.kind.as_ref().map(|kind| &kind.value), &section.steps),
            None => {
                let proxy = self.proxy();
                (proxy.check.as_ref().map(|kind| &kind.value), &proxy.check_steps)
            }
        }
    }

    /// What a step of a server's checks asks for, by its place among the steps.
    pub fn check_asks(self, server: u32, step: usize) -> StepAsks {
        self.check_formats(server).steps.get(step).cloned().unwrap_or_default()
    }

    pub(crate) fn check_formats(self, server: u32) -> &'p CheckFormats {
        self.part().server_checks.get(&server).unwrap_or(&self.part().check)
    }

    /// Whether `tcp-response content` rules look at what its servers send.
    pub fn inspects_responses(self) -> bool {
        !self.part().rules.response.tcp_content.is_empty()
    }

    /// `retries`, 3 if missing.
    pub fn retries(self) -> u32 {
        self.proxy().retries.map_or(3, |retries| retries.value)
    }

    /// `option redispatch [N]`: `None` is off; -1 is the last retry only, 0 off, N every N-th retry.
    pub fn redispatch(self) -> Option<i32> {
        self.proxy().redispatch.map(|interval| interval.value).filter(|interval| *interval != 0)
    }
}

fn mode(proxy: &Proxy) -> Mode {
    proxy.mode.map_or_else(Default::default, |mode| mode.value)
}

/// A phase of a stream's life that a timeout bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub enum Phase {
    Client,
    HttpRequest,
    HttpKeepAlive,
    Queue,
    Connect,
    Server,
    Tunnel,
    ClientFin,
    ServerFin,
    Tarpit,
}

/// A timeout that is in force for a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeoutInForce {
    /// What it bounds.
    pub phase: Phase,
    /// How long; `None` is for ever.
    pub duration: Option<Duration>,
    /// The `timeout` line or the rule that it came from.
    pub span: Option<Span>,
}
