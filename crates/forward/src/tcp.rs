//! `mode tcp`: a connection is inspected, given a server, and relayed.

use std::sync::Arc;

use crate::connection::Connection;
use crate::generation::Bound;
use crate::io::Connector;

/// Serves a connection of `mode tcp` to its end.
pub(crate) async fn run<C: Connector>(_connection: Connection<C>, _bound: Arc<Bound>) {}
