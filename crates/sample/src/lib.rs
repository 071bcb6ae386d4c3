//! Sample types, fetches, converters and log-format strings, and their registries.
//!
//! In: a [`config_parse::expr::Expr`] to compile, then a [`Context`] to evaluate it in. Out: a [`Sample`]:
//! a typed value, *missing*, or *unknown* (a fact that was not given; only `lbctl` meets it).
//! Pure: everything from outside a stream's own bytes comes through [`Facts`].
//! Start with [`Context`]; each fetch group is a file of `fetch/`, each converter group one of `convert/`.

mod context;
mod facts;
mod value;
mod vars;

pub use context::{Buffered, Context, LogRecord};
pub use facts::{BackendRef, Fact, FactValue, Facts, FrontendRef, NoFacts, ServerRef};
pub use value::{Sample, Type, Value};
pub use vars::{Scope, VarId, VarNames, Vars};
