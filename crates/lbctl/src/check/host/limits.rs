//! What a configuration asks of the machine: file descriptors and memory.

use config::model::{Config, Global};
use diag::{Diagnostic, Spanned, codes};
use nix::sys::resource::{Resource, getrlimit};

/// `tune.bufsize` unless it is given, in bytes (manual 3.2).
const BUFFER: u64 = 16_384;
/// What a connection takes beside its two buffers, about, in bytes.
const BESIDE: u64 = 2_048;

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    let Some(maxconn) = config.global.maxconn else { return };
    descriptors(maxconn, findings);
    memory(maxconn, &config.global, findings);
}

/// Two descriptors a connection, and the limit may only be raised by root.
fn descriptors(maxconn: Spanned<u32>, findings: &mut Vec<Diagnostic>) {
    let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let needed = u64::from(maxconn.value) * 2 + 100;
    if needed > hard && !nix::unistd::geteuid().is_root() {
        let message = format!(
            "{} connections need about {needed} file descriptors, and this machine gives {hard}",
            maxconn.value
        );
        findings.push(Diagnostic::new(codes::W0704, maxconn.span, message));
    }
}

/// Two buffers a connection while it carries data.
fn memory(maxconn: Spanned<u32>, global: &Global, findings: &mut Vec<Diagnostic>) {
    let Ok(info) = nix::sys::sysinfo::sysinfo() else { return };
    let machine = info.ram_total();
    let buffer = global.bufsize.map_or(BUFFER, |size| size.value.into());
    let needed = u64::from(maxconn.value).saturating_mul(2 * buffer + BESIDE);
    if needed <= machine {
        return;
    }
    let mib = |bytes: u64| bytes >> 20;
    let message = format!(
        "{} connections with two buffers of {buffer} bytes need {} MiB, and this machine has {} MiB",
        maxconn.value,
        mib(needed),
        mib(machine)
    );
    let mut finding = Diagnostic::new(codes::W0741, maxconn.span, message)
        .label("when all of them carry data at once")
        .help("lower `maxconn` or `tune.bufsize`, or give the machine more memory");
    if let Some(size) = global.bufsize {
        finding = finding.related(size.span, "the size of a buffer");
    }
    findings.push(finding);
}
