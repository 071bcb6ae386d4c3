//! Host names of servers at the start and at a reload: which cannot be resolved, and whether that matters
//! (manual 5.2, `init-addr`).

use config::model::Server;
use config_parse::address::{AddressKind, Family, Host};
use rules::Program;

use crate::origin::Origin;

/// A line for each server that has no address and may begin without one, in maintenance.
///
/// # Errors
/// A line for each that must have one.
pub(crate) fn find(program: &Program, origin: &Origin) -> Result<Vec<String>, String> {
    let (mut may, mut must) = (Vec::new(), Vec::new());
    for backend in program.backends() {
        for server in backend.servers() {
            let Some((name, family)) = host(server) else { continue };
            let methods = methods(server);
            if methods.iter().any(|method| method.parse::<std::net::IpAddr>().is_ok()) {
                continue;
            }
            if methods.contains(&"libc") && origin.resolve(name, family).is_some() {
                continue;
            }
            let whom = format!("'server {}/{}'", backend.name(), server.name.value);
            let excused = origin.naming.may_fail
                || methods.contains(&"none")
                || server.settings.resolvers.is_some();
            if excused {
                may.push(format!("{whom}: could not resolve address '{name}', disabling server\n"));
            } else {
                must.push(format!("{whom}: could not resolve address '{name}'\n"));
            }
        }
    }
    if must.is_empty() { Ok(may) } else { Err(must.concat()) }
}

fn host(server: &Server) -> Option<(&str, Family)> {
    match &server.address.kind {
        AddressKind::Inet { host: Host::Name(name), family, .. } => Some((name, *family)),
        _ => None,
    }
}

/// The words of `init-addr`.
fn methods(server: &Server) -> Vec<&str> {
    let given = server.settings.init_addr.as_ref();
    given.map_or("last,libc", |methods| methods.value.as_str()).split(',').collect()
}
