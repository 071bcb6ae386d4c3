//! Messages that could not be read (`show errors`).

use admin::{ErrorRow, ErrorsAsked, Reply, reply};
use forward::{Captured, Generation, Process};

use super::internals::log_time;

/// `show errors [PROXY [request|response]]`.
pub(super) fn show(
    generation: &Generation,
    process: &Process,
    asked: &ErrorsAsked,
    now: i64,
) -> Reply {
    let program = &generation.program;
    let wanted = |name: &str, id: u32| {
        asked.proxy.as_ref().is_none_or(|proxy| proxy == name || *proxy == id.to_string())
    };
    let mut rows = Vec::new();
    for (section, state) in program.frontends().zip(&generation.live.frontends) {
        if asked.responses != Some(true)
            && wanted(section.name(), section.id())
            && let Some(captured) = state.invalid.get()
        {
            let proxy = (section.name().to_owned(), section.id());
            rows.push(ErrorRow { proxy, ..row(&captured) });
        }
    }
    for (section, live) in program.backends().zip(&generation.live.backends) {
        if asked.responses != Some(false)
            && wanted(section.name(), section.id())
            && let Some(captured) = live.state.invalid.get()
        {
            rows.push(ErrorRow {
                response: true,
                proxy: (section.name().to_owned(), section.id()),
                other: Some(captured.frontend.clone()),
                server: captured.server.clone(),
                ..row(&captured)
            });
        }
    }
    reply::show_errors(&log_time(now), process.captured(), &rows)
}

fn row(captured: &Captured) -> ErrorRow {
    ErrorRow {
        time: log_time(captured.micros),
        event: captured.event,
        client: captured.client.map_or_else(|| "unix".to_owned(), |client| client.to_string()),
        bytes: captured.bytes.clone(),
        room: captured.room,
        at: captured.at,
        ..ErrorRow::default()
    }
}
