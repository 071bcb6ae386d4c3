//! What a compilation knows of the rest of the configuration.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diag::Span;

use crate::fetch::Userlist;
use crate::lists::List;
use crate::{BackendRef, Context, FrontendRef, Place, Sample, ServerRef, Type, Value};

/// Finds proxies, servers and user lists by name.
pub trait Names {
    /// The backend (or `listen` section) of this name.
    fn backend(&self, name: &str) -> Option<BackendRef>;
    /// The frontend (or `listen` section) of this name.
    fn frontend(&self, name: &str) -> Option<FrontendRef>;
    /// A server, `proxy` being `None` for a name without `proxy/` in front.
    fn server(&self, proxy: Option<&str>, name: &str) -> Option<ServerRef>;
    /// The user list of this name.
    fn userlist(&self, name: &str) -> Option<Arc<Userlist>>;
    /// The backend that the expression stands in: what an omitted argument means.
    fn own_backend(&self) -> Option<BackendRef>;
    /// The frontend that the expression stands in.
    fn own_frontend(&self) -> Option<FrontendRef>;
    /// Whether there is a stick table of this name; without a name, one of the proxy that the expression stands in.
    fn has_table(&self, _name: Option<&str>) -> bool {
        true
    }
    /// Whether a script is loaded, which may register fetches and converters.
    fn has_scripts(&self) -> bool {
        true
    }
    /// The version of HAProxy that reads the configuration; `None`: `proxyd`, which refuses what is not built.
    fn haproxy(&self) -> Option<(u8, u8)> {
        None
    }
    /// Every name, for converters that look names up when they run.
    fn index(&self) -> Arc<NameIndex> {
        Arc::default()
    }
    /// The ACL of this name, as the place sees it.
    fn acl(&self, _name: &str, _place: Place) -> Option<Arc<dyn AclTest>> {
        None
    }
    /// Every known name of proxies, for `did you mean`.
    fn proxies(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A named ACL, ready to be asked (`acl(name)`).
pub trait AclTest: Send + Sync + std::fmt::Debug {
    /// A boolean; or that it waits, or what it would have to know.
    fn holds(&self, ctx: &Context<'_>) -> Sample<'static>;
}

/// The names of a program as they are kept for streams.
#[derive(Debug, Clone, Default)]
pub struct NameIndex {
    /// Frontends and `listen` sections.
    pub frontends: HashSet<String>,
    /// Backends and `listen` sections.
    pub backends: HashMap<String, BackendRef>,
    /// The servers of each backend.
    pub servers: HashMap<BackendRef, HashMap<String, u32>>,
    /// The backend that the expression stands in: where a server's name alone is looked for.
    pub own_backend: Option<BackendRef>,
}

/// Knows no name.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn backend(&self, _name: &str) -> Option<BackendRef> {
        None
    }
    fn frontend(&self, _name: &str) -> Option<FrontendRef> {
        None
    }
    fn server(&self, _proxy: Option<&str>, _name: &str) -> Option<ServerRef> {
        None
    }
    fn userlist(&self, _name: &str) -> Option<Arc<Userlist>> {
        None
    }
    fn own_backend(&self) -> Option<BackendRef> {
        None
    }
    fn own_frontend(&self) -> Option<FrontendRef> {
        None
    }
}

/// How a map's keys are compared (`map_beg`, `map_dom`, ...).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are the manual's own (7.3.1, map)")]
pub enum MapMethod {
    Str,
    Beg,
    End,
    Sub,
    Dir,
    Dom,
    Int,
    Ip,
    Reg,
    /// `map_regm`: the value refers to the groups of the match.
    Regm,
}

/// A map file, ready to be asked.
pub trait Map: Send + Sync {
    /// The value of the key that matches best, already of the map's output type.
    fn look_up(&self, key: &Value<'_>) -> Option<Value<'static>>;
    /// The type of its values.
    fn output(&self) -> Type;
}

/// Makes maps of files. The crate `acl` has the index structures, and so the only real one.
pub trait MapBuilder {
    /// Compiles a map; `span` is where its file is named.
    ///
    /// # Errors
    /// What is wrong, and on which line (from 1).
    fn build(
        &self,
        method: MapMethod,
        out: Type,
        list: &Arc<List>,
        span: Span,
    ) -> Result<Arc<dyn Map>, (usize, String)>;
}

/// Builds no map: for places and tests without map files.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMaps;

impl MapBuilder for NoMaps {
    fn build(
        &self,
        _method: MapMethod,
        _out: Type,
        _list: &Arc<List>,
        _span: Span,
    ) -> Result<Arc<dyn Map>, (usize, String)> {
        Err((0, String::from("maps cannot be used here")))
    }
}
