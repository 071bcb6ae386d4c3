//! What loads and is likely a mistake: settings that miss their half, order that deceives, patterns that
//! match other things than they seem to, tunnels, limits and doors left open.
//!
//! Nothing here is an error. A line of a `defaults` section is told of once, however many proxies stand on it.

mod binds;
mod capacity;
mod counters;
mod criterion;
mod halves;
mod hosts;
mod order;
mod patterns;
mod ramps;
mod regexes;
mod security;
mod trust;
mod tunnels;
mod twins;

pub use hosts::named as named_hosts;

use std::collections::HashSet;

use diag::{Code, Diagnostic, Span};

use crate::model::Config;
use crate::target::Target;

pub(super) fn config(config: &Config, target: Target, findings: &mut Vec<Diagnostic>) {
    let mut mine = Vec::new();
    tunnels::config(config, target, &mut mine);
    halves::config(config, &mut mine);
    ramps::config(config, &mut mine);
    counters::config(config, &mut mine);
    capacity::config(config, &mut mine);
    binds::config(config, &mut mine);
    security::global(&config.global, &mut mine);
    for proxy in config.proxies.iter().filter(|proxy| proxy.disabled.is_none()) {
        order::proxy(proxy, &mut mine);
        patterns::proxy(proxy, &mut mine);
        hosts::proxy(proxy, &mut mine);
        regexes::proxy(proxy, &mut mine);
        security::proxy(proxy, &mut mine);
        trust::proxy(proxy, &mut mine);
        twins::proxy(proxy, &mut mine);
    }
    security::userlists(config, &mut mine);
    let mut said: HashSet<(&str, Span)> = HashSet::new();
    let key = |code: Code, span: Span| (code.as_str(), span);
    mine.retain(|finding| said.insert(key(finding.code, finding.span)));
    findings.append(&mut mine);
}
