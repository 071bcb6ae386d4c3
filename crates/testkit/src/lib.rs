//! Servers, clients and configurations for tests (never a runtime dependency).
