//! Chooses the server for a request: HAProxy's `balance` algorithms.
//!
//! In: one backend's servers ([`ServerSpec`]: identity, weight, backup flag) under one [`Spec`]
//! (algorithm, hash type, options); then state, weight and load as they change; for each request
//! a [`PickInput`] with the hash key, if the algorithm wants one, and the random draws.
//! Out: a [`Pick`], or [`NoServer`] with the reason each candidate was passed over.
//!
//! - **Faithful.** The server is the one that HAProxy 2.6 takes for the same list, key, states and
//!   loads; `tests/haproxy.rs` runs both side by side.
//! - **One evaluator.** The request path and `lbctl explain` run the same code: a [`Trace`] is a
//!   type parameter, and [`NoTrace`] compiles to nothing.
//! - **Pure core.** No clock and no random source: draws and elapsed time are arguments.
//! - **Shared.** A [`Balancer`] is used by all threads at once. Hashing, `static-rr` and `random`
//!   take no lock on a pick; `roundrobin`, `leastconn` and `first` hold one short lock.
//! - Weight 0 gets nothing new; a cookie may still lead there (manual 5.2, `weight`).
//!
//! Start with [`Balancer::pick`]; the shortest algorithm is `first.rs`. How a key is cut out of a
//! request is in [`key`].

mod balancer;
mod bitset;
mod calendar;
mod choose;
mod consistent;
mod engine;
mod farm;
mod fifo;
mod first;
mod generation;
pub mod hash;
pub mod key;
mod leastconn;
mod lottery;
mod map;
mod pick;
mod random;
mod ring;
mod roundrobin;
mod server;
mod shares;
mod spec;
mod weight;

pub use balancer::Balancer;
pub use pick::{Key, NoServer, NoTrace, Pick, PickInput, Recorder, Step, Trace, WhyNot};
pub use server::{Limits, Load};
pub use spec::{
    Affinity, Algorithm, HashFunction, HashKey, HashMethod, HashType, ServerSpec, Spec, State,
};
pub use weight::{EffectiveWeight, SlowStart};
