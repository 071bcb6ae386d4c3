//! Checks by programs: what they need (manual 4.2, `option external-check`; 3.1, `external-check`).

use diag::{Diagnostic, codes};

use crate::model::{CheckKind, Config, Proxy};

/// What `option external-check` of a proxy misses.
pub(super) fn proxy(config: &Config, proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    // Looked at with or without the option.
    let command = proxy.external_check_command.as_ref();
    if let Some(command) = command.filter(|command| !command.value.starts_with('/'))
        && proxy.external_check_path.is_none()
    {
        let message = "the program's name does not begin with `/`, and no path is given";
        let finding = Diagnostic::new(codes::E0204, command.span, message);
        findings.push(finding.help("write its whole name, or an `external-check path` line"));
        return;
    }
    let Some(check) = proxy.check.as_ref().filter(|check| check.value == CheckKind::External)
    else {
        return;
    };
    let on = |name: &str| config.global.switches.iter().any(|switch| switch.value == name);
    if !on("external-check") {
        let message = "`option external-check` needs `external-check` in `global`";
        findings.push(Diagnostic::new(codes::E0204, check.span, message));
    } else if proxy.external_check_command.is_none() {
        let message = "`option external-check` needs an `external-check command` line";
        findings.push(Diagnostic::new(codes::E0204, check.span, message));
    } else if !on("insecure-fork-wanted") {
        let message =
            "no program is run without `insecure-fork-wanted` in `global`: these checks fail";
        findings.push(Diagnostic::new(codes::W0211, check.span, message));
    }
}
