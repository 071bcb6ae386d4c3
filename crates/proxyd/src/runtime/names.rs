//! The names of the running configuration, for commands that carry some.

use admin::{Names, ServerLookup, ServerName};
use forward::Generation;

/// The names of one generation; `#5` is the proxy or server with that id.
pub(super) struct Running<'g>(pub(super) &'g Generation);

impl Names for Running<'_> {
    fn server(&self, backend: &str, server: &str) -> ServerLookup {
        let program = &self.0.program;
        let known = match id(backend) {
            Some(id) => program.backends().find(|known| known.id() == id),
            None => program.backend_named(backend),
        };
        let Some(backend) = known else { return ServerLookup::NoBackend };
        let at = match id(server) {
            Some(id) => (0..backend.servers().len() as u32).find(|at| backend.server_id(*at) == id),
            None => backend.server_named(server.as_bytes()),
        };
        match at.and_then(|at| backend.servers().get(at as usize)) {
            Some(server) => ServerLookup::Found(ServerName {
                backend: backend.name().to_owned(),
                server: server.name.value.clone(),
            }),
            None => ServerLookup::NoServer,
        }
    }

    fn frontend(&self, name: &str) -> Option<String> {
        let program = &self.0.program;
        let known = match id(name) {
            Some(id) => program.frontends().find(|known| known.id() == id),
            None => program.frontend_named(name),
        };
        known.map(|frontend| frontend.name().to_owned())
    }

    fn backend(&self, name: &str) -> Option<String> {
        let program = &self.0.program;
        let known = match id(name) {
            Some(id) => program.backends().find(|known| known.id() == id),
            None => program.backend_named(name),
        };
        known.map(|backend| backend.name().to_owned())
    }
}

fn id(word: &str) -> Option<u32> {
    word.strip_prefix('#')?.parse().ok()
}
