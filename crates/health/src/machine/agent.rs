//! What an agent says of its server (manual 5.2, `agent-check`): a word for each part of the state.

use std::time::Duration;

use super::{AdminOrder, Health, Observed};
use crate::transition::{Cause, Change, CheckReport};
use crate::{CheckResult, CheckStatus};

/// One reply of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentReply<'a> {
    /// `ready`, `drain`, `maint`.
    pub order: Option<AdminOrder>,
    /// `75%`: a share of the configured weight.
    pub weight_percent: Option<u32>,
    /// `maxconn:30`.
    pub maxconn: Option<u32>,
    /// `up`, or a word for down with its reason.
    pub up: Option<bool>,
    /// The word of `up`.
    word: &'a str,
    /// What stands behind it.
    reason: &'a str,
}

impl<'a> AgentReply<'a> {
    /// Reads the first line of a reply. Words that mean nothing are passed over; of two that contradict each
    /// other the last one counts.
    #[must_use]
    pub fn read(reply: &'a str) -> Self {
        let line = reply.split(['\r', '\n']).next().unwrap_or_default();
        let (line, remark) = line.split_once('#').unwrap_or((line, ""));
        let mut said = Self { reason: remark.trim(), ..Self::default() };
        let mut words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            let lower = word.to_ascii_lowercase();
            match lower.as_str() {
                "ready" => said.order = Some(AdminOrder::Ready),
                "drain" => said.order = Some(AdminOrder::Drain),
                "maint" => said.order = Some(AdminOrder::Maint),
                "up" => (said.up, said.word) = (Some(true), word),
                "down" | "stopped" | "fail" => {
                    (said.up, said.word) = (Some(false), word);
                    if let (true, Some(reason)) = (said.reason.is_empty(), words.peek()) {
                        said.reason = reason;
                    }
                }
                _ => said.number(&lower),
            }
        }
        said
    }

    fn number(&mut self, word: &str) {
        if let Some(percent) = word.strip_suffix('%') {
            self.weight_percent = percent.parse().ok().or(self.weight_percent);
        } else if let Some(count) = word.strip_prefix("maxconn:") {
            self.maxconn = count.parse().ok().or(self.maxconn);
        }
    }

    /// The result that its word for the health is, `None` without one.
    #[must_use]
    pub fn result(&self, duration: Duration) -> Option<CheckResult> {
        let status = if self.up? { CheckStatus::L7Ok } else { CheckStatus::L7Status };
        let reason = match (self.up, self.reason) {
            (Some(true), _) | (_, "") => String::new(),
            (_, reason) => format!(" ({reason})"),
        };
        let info = format!("via agent : {}{reason}", self.word);
        Some(CheckResult::new(status).with_info(info).coded(None).after(duration))
    }
}

impl Health {
    /// The same server with `agent-check`: UP until the agent says otherwise.
    #[must_use]
    pub fn with_agent(self) -> Self {
        Self { agent_up: Some(true), ..self }
    }

    /// Takes what the agent says of the server's health. It takes both the checks and the agent to bring a
    /// server up, and one of them to take it down.
    pub fn observe_agent(&mut self, result: &CheckResult) -> Observed {
        let up = result.status == CheckStatus::L7Ok;
        let Some(before) = self.agent_up.replace(up) else {
            self.agent_up = None;
            return Observed::default();
        };
        let report = (before != up).then(|| CheckReport {
            agent: true,
            result: result.clone(),
            up,
            step: u32::from(up),
            steps: 1,
        });
        if self.admin.is_maint() {
            return Observed { report, transition: None };
        }
        let cause = Cause::Check(result.clone());
        let transition = match up {
            true => self.go_up(cause),
            false if self.operational == super::Operational::Stopped => None,
            false => {
                let before = self.state();
                self.stop();
                Some(self.transition(before, Change::Down(cause)))
            }
        };
        Observed { report, transition }
    }

    /// Whether it has `agent-check`.
    #[must_use]
    pub fn has_agent(&self) -> bool {
        self.agent_up.is_some()
    }

    /// Whether its agent took it down.
    #[must_use]
    pub fn is_down_by_agent(&self) -> bool {
        self.agent_up == Some(false) && self.counter_is_up()
    }
}
