//! `observe`: what the traffic tells of a server (manual 5.2, `observe`, `error-limit`, `on-error`).

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use config::model::ServerSettings;
use health::OnError;

use super::Backend;

/// The layer that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    /// `layer4`: connections.
    Connections,
    /// `layer7`: connections and answers of HTTP.
    Answers,
}

/// What one server line says of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch {
    layer: Layer,
    limit: u32,
    on_error: OnError,
}

impl Watch {
    /// What the line wants to be looked at; `None` for nothing.
    pub(super) fn of(settings: &ServerSettings) -> Option<Watch> {
        let layer = match settings.observe.as_ref()?.value.as_str() {
            "layer4" => Layer::Connections,
            "layer7" => Layer::Answers,
            _ => return None,
        };
        let on_error = settings.on_error.as_ref().map(|on_error| on_error.value.as_str());
        Some(Watch {
            layer,
            limit: settings.error_limit.as_ref().map_or(10, |limit| limit.value),
            on_error: match on_error {
                Some("fastinter") => OnError::FastInter,
                Some("sudden-death") => OnError::SuddenDeath,
                Some("mark-down") => OnError::MarkDown,
                _ => OnError::FailCheck,
            },
        })
    }
}

impl Backend {
    /// A connection to a server was made, or could not be made.
    pub(crate) fn saw_connection(self: &Arc<Self>, server: u32, made: bool) {
        let Some(watch) = self.server(server).and_then(|known| known.watch) else { return };
        match (watch.layer, made) {
            (_, false) => self.saw_error(server, watch, "L4 unsuccessful connection"),
            (Layer::Connections, true) => self.saw_nothing(server),
            // A connection says nothing of the answers on it.
            (Layer::Answers, true) => {}
        }
    }

    /// A server's answer had this status.
    pub(crate) fn saw_status(self: &Arc<Self>, server: u32, status: u16) {
        match status {
            100..=499 | 501 | 505 => self.saw_answer(server, None),
            _ => self.saw_answer(server, Some("Wrong http response")),
        }
    }

    /// A server answered well, or in this wrong way.
    pub(crate) fn saw_answer(self: &Arc<Self>, server: u32, error: Option<&'static str>) {
        let watch = self.server(server).and_then(|known| known.watch);
        let Some(watch) = watch.filter(|watch| watch.layer == Layer::Answers) else { return };
        match error {
            Some(error) => self.saw_error(server, watch, error),
            None => self.saw_nothing(server),
        }
    }

    fn saw_nothing(&self, server: u32) {
        if let Some(known) = self.server(server) {
            known.state.errors.store(0, Relaxed);
        }
    }

    fn saw_error(self: &Arc<Self>, server: u32, watch: Watch, error: &str) {
        let Some(known) = self.server(server) else { return };
        let count = known.state.errors.fetch_add(1, Relaxed).saturating_add(1);
        if count < watch.limit {
            return;
        }
        known.state.errors.store(0, Relaxed);
        known.state.counters.of(0).analysed_failures.add(1);
        let observed = known.state.health().analyse(watch.on_error, count, error);
        if let Some(report) = observed.report.filter(|_| self.logs_checks) {
            let line = report.line(self.label(known));
            self.log.send_now(line.level as u8, line.text.as_bytes());
        }
        self.act(server, observed.transition);
        known.state.hurry.notify_one();
    }
}
