//! Sample types, fetches, converters and log-format strings.
