//! `load-server-state-from-file`: which files tell how servers were (manual 4.2).

use std::path::{Path, PathBuf};

use config::model::{Global, Proxy};
use forward::Generation;

use crate::disk::Disk;
use crate::words::{Grave, say};

/// Gives the servers of a fresh start the states of their files.
pub(crate) fn restore(generation: &Generation, disk: &Disk) {
    let global = &generation.program.config().global;
    for (backend, live) in generation.program.backends().zip(&generation.live.backends) {
        let Some(path) = file(backend.proxy(), global) else { continue };
        match disk.read(&path) {
            Ok(text) => live.restore(backend.servers(), &String::from_utf8_lossy(&text)),
            // The first start has none.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let what =
                    format!("server states of `{}`: {}: {error}", backend.name(), path.display());
                say(Grave::Warning, &what);
            }
        }
    }
}

/// The file that a proxy reads.
fn file(proxy: &Proxy, global: &Global) -> Option<PathBuf> {
    let base = global.server_state_base.as_ref().map_or("", |base| base.value.as_str());
    let below = |name: &str| Path::new(base).join(name);
    match proxy.load_server_state.as_ref()?.value.as_str() {
        "global" => Some(below(&global.server_state_file.as_ref()?.value)),
        "local" => {
            let name = proxy.server_state_file_name.as_ref().map(|name| name.value.as_str());
            Some(below(name.filter(|name| !name.is_empty()).unwrap_or(&proxy.name.value)))
        }
        _ => None,
    }
}
