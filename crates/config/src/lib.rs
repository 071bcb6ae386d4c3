//! The typed model of a configuration, the directive registry, defaults and diff.
