//! Sample types, fetches, converters and log-format strings, and their registries.
//!
//! In: a [`config_parse::expr::Expr`] to compile, then a [`Context`] to evaluate it in. Out: a [`Sample`]:
//! a typed value, *missing*, or *unknown* (a fact that was not given; only `lbctl` meets it).
//! Pure: everything from outside a stream's own bytes comes through [`Facts`], and what an evaluation
//! changes is noted in [`Vars`] as an [`Effect`] for the caller to settle.
//! No panic from outside: any bytes and any arguments give a value or a finding.
//! Start with [`compile::expr`] and [`Compiled`]; each fetch group is a file of `fetch/`, each
//! converter group one of `convert/`.

mod arg;
mod base64;
mod cast;
pub mod compile;
mod compiled;
mod context;
mod convert;
pub mod crypt;
mod date;
mod facts;
mod fetch;
mod hash;
pub mod hex;
mod known;
pub mod lists;
mod log;
mod names;
mod not_built;
mod number;
mod place;
mod proc_vars;
pub mod regex;
pub mod registry;
mod set_if;
mod value;
mod vars;

pub use arg::{Arg, ArgKind, Args};
pub use cast::{as_text, can_cast, can_cast_for, cast, embedded_v4, ip_text};
pub use compile::{CaptureSlots, CompileEnv, Misplaced};
pub use compiled::Compiled;
pub use context::{Buffered, Context, LogOrigin, LogRecord, Protocol};
pub use facts::{
    BackendRef, Bound, Fact, FactValue, Facts, FrontendRef, NoFacts, ServerRef, TcpField,
};
pub use fetch::{Password, User, Userlist, basic};
pub use log::{BuiltIn, CompiledFormat, Escape};
pub use names::{AclTest, Map, MapBuilder, MapMethod, NameIndex, Names, NoMaps, NoNames};
pub use place::{Place, Places};
pub use proc_vars::ProcVars;
pub use registry::Walk;
pub use set_if::SetIf;
pub use value::{Sample, Type, Value};
pub use vars::{Effect, Scope, VarId, VarNames, Vars};
