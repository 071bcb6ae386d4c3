//! `add server`, `del server`: the configuration gets a line more or less, is compiled anew beside the one that runs, and
//! takes its place like a reload does, with every state kept (management 9.3).
//!
//! The files on disk are left alone: a reload forgets what was added here, as with HAProxy.

use admin::reply::{self, failed};
use admin::{Reply, ServerName};
use config::keyword::Status;
use config::model::{Balance, HashMethod};
use diag::Span;
use forward::{Backend, Generation};
use health::AdminOrder;
use rules::Program;

use crate::daemon::Daemon;
use crate::dumps::quoted;

const POINTED_AT: &str =
    "This server cannot be removed at runtime due to other configuration elements pointing to it.";

/// Adds a server in maintenance; `words` are those of its line behind the name.
pub(super) fn add(daemon: &Daemon, name: &ServerName, words: &[String]) -> Reply {
    if words.is_empty() {
        return failed("'server' expects <name> and <addr>[:<port>] as arguments.");
    }
    let generation = daemon.generation();
    if is_static(&generation.program, &name.backend) {
        return failed(&format!(
            "Backend does not support dynamic servers : backend '{}' uses a non dynamic load balancing method.",
            name.backend
        ));
    }
    let line = [std::slice::from_ref(&name.server), words].concat();
    let line = line.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let added = daemon.amend(
        |program, files| {
            let backend = program.backend_named(&name.backend).ok_or("No such backend.")?;
            let last = backend.servers().last().map(|server| server.span);
            let after = last.unwrap_or(backend.proxy().name.span);
            insert_behind(files, after, &format!("    server {line}\n"))
        },
        |_| Ok(()),
    );
    if let Err(why) = added {
        return failed(&why);
    }
    let generation = daemon.generation();
    if let Some((backend, at)) = find(&generation, name) {
        backend.order(at, AdminOrder::Maint);
        // `enable health` begins the checks.
        if let Some(server) = backend.server(at) {
            server.state.health().pause_checks(true);
        }
    }
    reply::server_registered()
}

/// `add server help`.
pub(super) fn help() -> Reply {
    let mut out = String::from("List of keywords supported for dynamic server:\n");
    for info in config::keyword::registry() {
        if info.area == "server" && info.status == Status::Supported {
            out.push_str(info.name);
            out.push('\n');
        }
    }
    Reply::Dump(out)
}

/// Removes a server that is in maintenance and that nothing refers to.
pub(super) fn remove(daemon: &Daemon, name: &ServerName) -> Reply {
    let removed = daemon.amend(
        |program, files| {
            let backend = program.backend_named(&name.backend).ok_or("No such backend.")?;
            let at = backend.server_named(name.server.as_bytes()).ok_or("No such server.")?;
            let line = backend.servers().get(at as usize).map(|server| server.span);
            let alone =
                |line: &Span| backend.servers().iter().filter(|it| it.span == *line).count() == 1;
            // A line of `server-template` makes several.
            let line = line.filter(alone).ok_or(POINTED_AT)?;
            blank(files, line)
        },
        |old| {
            let Some((backend, at)) = find(old, name) else { return Err("No such server.".into()) };
            let Some(server) = backend.server(at) else { return Err("No such server.".into()) };
            if !server.state.health().admin().is_maint() {
                return Err("Only servers in maintenance mode can be deleted.".into());
            }
            match server.state.streams.now() {
                0 => Ok(()),
                _ => Err("Server still has connections attached to it, cannot remove it.".into()),
            }
        },
    );
    match removed {
        Ok(()) => reply::server_deleted(),
        Err(why)
            if why.starts_with("Only ")
                || why.starts_with("Server ")
                || why.starts_with("No such") =>
        {
            failed(&why)
        }
        // The text without it does not hold together.
        Err(_) => failed(POINTED_AT),
    }
}

fn find<'g>(
    generation: &'g Generation,
    name: &ServerName,
) -> Option<(&'g std::sync::Arc<Backend>, u32)> {
    let known = generation.program.backend_named(&name.backend)?;
    let at = known.server_named(name.server.as_bytes())?;
    Some((generation.live.backends.get(known.reference().0 as usize)?, at))
}

/// Whether a backend's algorithm cannot take in a server: `static-rr`, and hashes that are map-based.
fn is_static(program: &Program, backend: &str) -> bool {
    let Some(backend) = program.backend_named(backend) else { return false };
    let proxy = backend.proxy();
    let consistent =
        proxy.hash_type.as_ref().is_some_and(|hash| hash.value.method == HashMethod::Consistent);
    match proxy.balance.as_ref().map(|balance| &balance.value) {
        None
        | Some(
            Balance::RoundRobin | Balance::LeastConn | Balance::First | Balance::Random { .. },
        ) => false,
        Some(Balance::StaticRr) => true,
        Some(_) => !consistent,
    }
}

/// The bytes of the file that a place is in, and the ends of its line.
fn line_of(files: &mut [(String, Vec<u8>)], at: Span) -> Option<(&mut Vec<u8>, usize, usize)> {
    let bytes = &mut files.get_mut(at.file.0 as usize)?.1;
    let start = (at.start as usize).min(bytes.len());
    let begin = bytes[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let rest = bytes[start..].iter().position(|byte| *byte == b'\n');
    let end = rest.map_or(bytes.len(), |end| start + end + 1);
    Some((bytes, begin, end))
}

fn insert_behind(files: &mut [(String, Vec<u8>)], at: Span, line: &str) -> Result<(), String> {
    let (bytes, _, end) = line_of(files, at).ok_or("the backend has no place of its own")?;
    let line = if bytes.get(end.wrapping_sub(1)) == Some(&b'\n') {
        line.to_owned()
    } else {
        format!("\n{line}")
    };
    bytes.splice(end..end, line.into_bytes());
    Ok(())
}

/// Empties a line, so that others keep their numbers.
fn blank(files: &mut [(String, Vec<u8>)], at: Span) -> Result<(), String> {
    let (bytes, begin, end) = line_of(files, at).ok_or("the server has no place of its own")?;
    for byte in bytes[begin..end].iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
    Ok(())
}
