//! Checks configurations, explains routing, diffs against a running daemon.

