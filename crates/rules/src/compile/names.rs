//! Proxies, servers and user lists by name, for expressions that mention them.

use std::collections::HashMap;
use std::sync::Arc;

use config::model::{Config, Secret};
use sample::{BackendRef, FrontendRef, Names, Password, ServerRef, User, Userlist};

/// Every name of a configuration.
pub(super) struct Table {
    pub(super) frontends: HashMap<String, FrontendRef>,
    pub(super) backends: HashMap<String, BackendRef>,
    servers: HashMap<(BackendRef, String), u32>,
    userlists: HashMap<String, Arc<Userlist>>,
}

impl Table {
    pub(super) fn new(config: &Config) -> Self {
        let mut table = Self {
            frontends: HashMap::new(),
            backends: HashMap::new(),
            servers: HashMap::new(),
            userlists: HashMap::new(),
        };
        let (mut frontends, mut backends) = (0, 0);
        for proxy in &config.proxies {
            let name = &proxy.name.value;
            if proxy.kind.is_frontend() {
                table.frontends.entry(name.clone()).or_insert(FrontendRef(frontends));
                frontends += 1;
            }
            if proxy.kind.is_backend() {
                let backend = BackendRef(backends);
                table.backends.entry(name.clone()).or_insert(backend);
                backends += 1;
                for (at, server) in proxy.servers.iter().enumerate() {
                    let key = (backend, server.name.value.clone());
                    table.servers.entry(key).or_insert(at as u32);
                }
            }
        }
        for list in &config.userlists {
            table.userlists.insert(list.name.value.clone(), Arc::new(userlist(list)));
        }
        table
    }

    pub(super) fn server_of(&self, backend: BackendRef, name: &str) -> Option<u32> {
        self.servers.get(&(backend, name.to_owned())).copied()
    }
}

fn userlist(list: &config::model::Userlist) -> Userlist {
    let groups_of = |user: &config::model::User| {
        let listed = list.groups.iter().filter(|(_, members)| members.contains(&user.name.value));
        let mut groups = user.groups.clone();
        groups.extend(listed.map(|(group, _)| group.value.clone()));
        groups
    };
    let users = list.users.iter().map(|user| User {
        name: user.name.value.clone(),
        password: Some(match &user.secret {
            Secret::Plain(text) => Password::Plain(text.clone()),
            Secret::Crypt(hash) => Password::Hash(hash.clone()),
        }),
        groups: groups_of(user),
    });
    let groups = list.groups.iter().map(|(group, _)| group.value.clone());
    Userlist { name: list.name.value.clone(), users: users.collect(), groups: groups.collect() }
}

/// The names as an expression of one section sees them.
pub(super) struct Seen<'t> {
    pub(super) table: &'t Table,
    pub(super) frontend: Option<FrontendRef>,
    pub(super) backend: Option<BackendRef>,
}

impl Names for Seen<'_> {
    fn backend(&self, name: &str) -> Option<BackendRef> {
        self.table.backends.get(name).copied()
    }

    fn frontend(&self, name: &str) -> Option<FrontendRef> {
        self.table.frontends.get(name).copied()
    }

    fn server(&self, proxy: Option<&str>, name: &str) -> Option<ServerRef> {
        let backend = match proxy {
            Some(proxy) => self.backend(proxy)?,
            None => self.backend?,
        };
        let server = self.table.server_of(backend, name)?;
        Some(ServerRef { backend, server })
    }

    fn userlist(&self, name: &str) -> Option<Arc<Userlist>> {
        self.table.userlists.get(name).map(Arc::clone)
    }

    fn own_backend(&self) -> Option<BackendRef> {
        self.backend
    }

    fn own_frontend(&self) -> Option<FrontendRef> {
        self.frontend
    }

    fn proxies(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.table.frontends.keys().chain(self.table.backends.keys()).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
