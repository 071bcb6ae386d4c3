//! Two-way relay after an upgrade or in mode tcp, with WebSocket frame boundaries.
