//! One address on several `bind` lines: each takes a share of the connections, by chance.

use std::collections::HashMap;

use config_parse::address::{AddressKind, Host, Ports};
use diag::{Diagnostic, Span, codes};

use crate::model::{Bind, Config};

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<(&Host, u16, Option<&str>), (Span, &str)> = HashMap::new();
    for proxy in config.proxies.iter().filter(|proxy| proxy.disabled.is_none()) {
        for bind in proxy.binds.iter().filter(|bind| !is_part(bind)) {
            for address in &bind.addresses {
                let AddressKind::Inet { host, ports: Ports::One(port), datagram: false, .. } =
                    &address.kind
                else {
                    continue;
                };
                if *port == 0 || matches!(host, Host::Name(_)) {
                    continue;
                }
                let here = (address.span, proxy.name.value.as_str());
                let Some((first, owner)) =
                    seen.insert((host, *port, bind.interface.as_deref()), here)
                else {
                    continue;
                };
                let message = match owner == proxy.name.value {
                    true => format!("`{owner}` listens on this address already"),
                    false => format!("`{owner}` and `{}` listen on one address", proxy.name.value),
                };
                findings.push(
                    Diagnostic::new(codes::W0739, address.span, message)
                        .related(first, "the other one is here")
                        .label("the kernel gives each connection to one of them, by chance")
                        .help("write one `bind` line, and `use_backend` rules that tell requests apart"),
                );
            }
        }
    }
}

/// Lines that share an address on purpose: each for some threads, or for another network.
fn is_part(bind: &Bind) -> bool {
    !bind.threads.is_empty()
        || bind.ignored.iter().any(|word| matches!(word.as_str(), "process" | "namespace"))
}
