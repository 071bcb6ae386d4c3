//! `proto` and `check-proto`: what is spoken has to suit the mode, and the health check (manual 5.1, 5.2).

use diag::{Diagnostic, Spanned, codes};

use crate::model::{CheckKind, Config, Mode, Proxy, Tls};

pub(super) fn proxy(config: &Config, proxy: &Proxy, findings: &mut Vec<Diagnostic>) {
    let mode = proxy.mode();
    for proto in proxy.binds.iter().filter_map(|bind| proto(bind.tls.as_deref())) {
        if !carries(mode, &proto.value) || matches!(proto.value.as_str(), "fcgi" | "spop") {
            findings.push(unfit(proto, "listeners of this mode"));
        }
    }
    for server in &proxy.servers {
        let tls = server.settings.tls.as_deref();
        if let Some(proto) = proto(tls).filter(|proto| !carries(mode, &proto.value)) {
            findings.push(unfit(proto, "servers of this mode"));
        }
        let checked = server.settings.check.is_some_and(|check| check.value);
        let spoken = tls.and_then(|tls| tls.check_proto.as_ref());
        if let Some(spoken) = spoken.filter(|_| checked) {
            let kind = match &server.settings.healthcheck {
                Some(name) => config.healthcheck(&name.value).and_then(|own| own.kind.as_ref()),
                None => proxy.check.as_ref(),
            };
            let checks_http = matches!(
                kind.map(|kind| &kind.value),
                Some(CheckKind::Http { .. } | CheckKind::Websocket { .. })
            );
            let http = matches!(spoken.value.as_str(), "h1" | "h2" | "fcgi");
            let fits = if checks_http { http } else { spoken.value == "none" };
            if !fits {
                findings.push(unfit(spoken, "this kind of health check"));
            }
        }
    }
}

fn proto(tls: Option<&Tls>) -> Option<&Spanned<String>> {
    tls.and_then(|tls| tls.proto.as_ref())
}

/// Whether connections of a mode can be spoken in this protocol.
fn carries(mode: Mode, protocol: &str) -> bool {
    match protocol {
        "h1" | "h2" | "fcgi" => mode == Mode::Http,
        "none" => matches!(mode, Mode::Tcp | Mode::Log),
        "spop" => mode == Mode::Spop,
        _ => true,
    }
}

fn unfit(proto: &Spanned<String>, where_to: &str) -> Diagnostic {
    let message = format!("`{}` is nothing that {where_to} can speak", proto.value);
    let help = match proto.value.as_str() {
        "h1" | "h2" | "fcgi" => "write `mode http`, or leave it out",
        _ => "leave it out: the protocol goes by the mode",
    };
    Diagnostic::new(codes::E0412, proto.span, message).help(help)
}
