//! Proxies, servers and user lists by name, for expressions that mention them.

use std::collections::HashMap;
use std::sync::Arc;

use acl::Acls;
use config::Target;
use config::model::{Config, Secret, Server};
use sample::{
    AclTest, BackendRef, FrontendRef, NameIndex, Names, Password, Place, ServerRef, User, Userlist,
};

/// Every name of a configuration.
pub(super) struct Table<'c> {
    pub(super) frontends: HashMap<&'c str, FrontendRef>,
    pub(super) backends: HashMap<&'c str, BackendRef>,
    servers: Vec<Servers<'c>>,
    /// Proxies with a `stick-table`, and the tables of `peers` sections, with the type of their keys.
    pub(super) tables: HashMap<String, String>,
    /// Scripts are loaded, which may register anything.
    scripts: bool,
    userlists: HashMap<&'c str, Arc<Userlist>>,
}

/// The servers of one backend. Few backends are ever asked for one by name, so only long lists have an index.
struct Servers<'c> {
    list: &'c [Server],
    by_name: Option<HashMap<&'c str, u32>>,
}

impl<'c> Servers<'c> {
    const LONG: usize = 64;

    fn new(list: &'c [Server]) -> Self {
        let index = || {
            let mut by_name = HashMap::with_capacity(list.len());
            for (at, server) in list.iter().enumerate() {
                by_name.entry(server.name.value.as_str()).or_insert(at as u32);
            }
            by_name
        };
        Self { list, by_name: (list.len() > Self::LONG).then(index) }
    }

    fn find(&self, name: &str) -> Option<u32> {
        match &self.by_name {
            Some(by_name) => by_name.get(name).copied(),
            None => {
                let at = self.list.iter().position(|server| server.name.value == name)?;
                u32::try_from(at).ok()
            }
        }
    }
}

impl<'c> Table<'c> {
    pub(super) fn new(config: &'c Config) -> Self {
        let mut table = Self {
            frontends: HashMap::new(),
            backends: HashMap::new(),
            servers: Vec::new(),
            tables: tables(config),
            scripts: config.global.scripts.is_some(),
            userlists: HashMap::new(),
        };
        let (mut frontends, mut backends) = (0, 0);
        for proxy in &config.proxies {
            let name = proxy.name.value.as_str();
            if proxy.kind.is_frontend() {
                table.frontends.entry(name).or_insert(FrontendRef(frontends));
                frontends += 1;
            }
            if proxy.kind.is_backend() {
                let backend = BackendRef(backends);
                table.backends.entry(name).or_insert(backend);
                backends += 1;
                table.servers.push(Servers::new(&proxy.servers));
            }
        }
        for list in &config.userlists {
            table.userlists.insert(&list.name.value, Arc::new(userlist(list)));
        }
        table
    }

    pub(super) fn server_of(&self, backend: BackendRef, name: &str) -> Option<u32> {
        self.servers.get(backend.0 as usize)?.find(name)
    }
}

fn tables(config: &Config) -> HashMap<String, String> {
    let tables = config.declared.tables.iter();
    tables.map(|table| (table.name.value.clone(), table.kind.clone())).collect()
}

fn userlist(list: &config::model::Userlist) -> Userlist {
    let mut listed: HashMap<&str, Vec<String>> = HashMap::new();
    for (group, members) in &list.groups {
        for member in members {
            listed.entry(member).or_default().push(group.value.clone());
        }
    }
    let groups_of = |user: &config::model::User| {
        let mut groups = user.groups.clone();
        groups.extend(listed.get(user.name.value.as_str()).into_iter().flatten().cloned());
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
    pub(super) table: &'t Table<'t>,
    pub(super) frontend: Option<FrontendRef>,
    pub(super) backend: Option<BackendRef>,
    pub(super) target: Target,
    /// The name of the section.
    pub(super) own: &'t str,
    /// What `acl(name)` finds.
    pub(super) acls: Option<&'t Acls>,
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

    fn index(&self) -> Arc<NameIndex> {
        let owned = |name: &&str| String::from(*name);
        let servers = self.table.servers.iter().enumerate().map(|(at, servers)| {
            let names = servers.list.iter().enumerate();
            let names = names.map(|(at, server)| (server.name.value.clone(), at as u32));
            (BackendRef(at as u32), names.collect())
        });
        Arc::new(NameIndex {
            frontends: self.table.frontends.keys().map(owned).collect(),
            backends: self.table.backends.iter().map(|(name, id)| (owned(name), *id)).collect(),
            servers: servers.collect(),
            own_backend: self.backend,
        })
    }

    fn has_table(&self, name: Option<&str>) -> bool {
        self.table.tables.contains_key(name.unwrap_or(self.own))
    }

    fn has_scripts(&self) -> bool {
        self.table.scripts
    }

    fn acl(&self, name: &str, place: Place) -> Option<Arc<dyn AclTest>> {
        // Without the ACLs of the section the predefined ones are there.
        match self.acls {
            Some(acls) => acls.lookup(name, place),
            None => Acls::new().lookup(name, place),
        }
    }

    fn haproxy(&self) -> Option<(u8, u8)> {
        self.target.haproxy()
    }

    fn proxies(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .table
            .frontends
            .keys()
            .chain(self.table.backends.keys())
            .map(|name| (*name).to_owned())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
