//! The service `prometheus-exporter`: the counters in Prometheus' text format, under the names of HAProxy's exporter.
//!
//! The query of the request chooses: `scope=` (global, frontend, backend, server, listener, sticktable, `*`; each one
//! adds, an empty one begins anew with nothing), `metrics=` (a list of names, `-` takes one out), `no-maint`.

use std::fmt::Write as _;

use http1::ResponseHead;

use super::Answer;
use super::metrics::{self, Group, Metric, Subject};
use crate::generation::Generation;
use crate::process::Process;

/// What the query asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    global: bool,
    frontend: bool,
    backend: bool,
    server: bool,
    no_maint: bool,
    /// These metrics, if any are named, and not those.
    only: Vec<String>,
    never: Vec<String>,
}

impl Wanted {
    fn all() -> Wanted {
        Wanted { global: true, frontend: true, backend: true, server: true, ..Wanted::default() }
    }

    /// Reads the query. `None`: it names a scope that does not exist.
    fn read(query: &[u8]) -> Option<Wanted> {
        let query = String::from_utf8_lossy(query);
        let mut wanted = Wanted::default();
        let mut scoped = false;
        for part in query.split('&') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match name {
                "scope" => {
                    scoped = true;
                    wanted.scope(value)?;
                }
                "no-maint" => wanted.no_maint = true,
                "metrics" => wanted.metrics(value),
                _ => {}
            }
        }
        if !scoped {
            wanted = Wanted {
                no_maint: wanted.no_maint,
                only: wanted.only,
                never: wanted.never,
                ..Wanted::all()
            };
        }
        Some(wanted)
    }

    fn scope(&mut self, value: &str) -> Option<()> {
        match value {
            "" => {
                (self.global, self.frontend, self.backend, self.server) = Default::default();
            }
            "*" => {
                (self.global, self.frontend, self.backend, self.server) = (true, true, true, true)
            }
            "global" => self.global = true,
            "frontend" => self.frontend = true,
            "backend" => self.backend = true,
            "server" => self.server = true,
            // There are no metrics of these: they are known words all the same.
            "listener" | "sticktable" | "resolver" => {}
            _ => return None,
        }
        Some(())
    }

    fn metrics(&mut self, list: &str) {
        for name in list.split(',').filter(|name| !name.is_empty()) {
            match name.strip_prefix('-') {
                Some(name) => self.never.push(name.to_owned()),
                None => self.only.push(name.strip_prefix('+').unwrap_or(name).to_owned()),
            }
        }
    }

    fn takes(&self, name: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|known| known == name);
        (self.only.is_empty() || named(&self.only)) && !named(&self.never)
    }
}

/// Answers a request with this query; `None`: a 400 is due.
pub(crate) fn answer(
    query: &[u8],
    generation: &Generation,
    process: &Process,
    micros: i64,
) -> Option<Answer> {
    let wanted = Wanted::read(query)?;
    let mut head = ResponseHead::with_status(200);
    head.fields.add(b"cache-control", b"no-cache");
    head.fields.add(b"content-type", b"text/plain; version=0.0.4");
    head.fields.add(b"transfer-encoding", b"chunked");
    let mut text = String::new();
    let subjects = metrics::subjects(generation, process, micros, wanted.no_maint);
    let groups = [
        (wanted.global, Group::Process),
        (wanted.frontend, Group::Frontend),
        (wanted.backend, Group::Backend),
        (wanted.server, Group::Server),
    ];
    for (_, group) in groups.into_iter().filter(|(asked, _)| *asked) {
        for metric in group.metrics() {
            let name = format!("haproxy_{}_{}", group.name(), metric.name);
            if wanted.takes(&name) {
                write(&name, metric, &subjects, group, &mut text);
            }
        }
    }
    Some(Answer { head, body: text.into_bytes() })
}

/// All values of one metric, with the lines that tell what it is; nothing when no object has it.
fn write(name: &str, metric: &Metric, subjects: &[Subject<'_>], group: Group, out: &mut String) {
    let mut begun = false;
    for subject in subjects.iter().filter(|subject| subject.group() == group) {
        subject.read(metric, &mut |labels, value| {
            if !begun {
                begun = true;
                let kind = if metric.counts { "counter" } else { "gauge" };
                // Writing to a `String` cannot fail.
                let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} {kind}", metric.help);
            }
            out.push_str(name);
            subject.labels(labels, out);
            let _ = writeln!(out, " {value}");
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: Option<&str>) {
        let found = Wanted::read(query.as_bytes()).map(|wanted| {
            let scopes = [
                (wanted.global, "global"),
                (wanted.frontend, "frontend"),
                (wanted.backend, "backend"),
                (wanted.server, "server"),
                (wanted.no_maint, "no-maint"),
            ];
            let names = scopes.into_iter().filter(|(on, _)| *on).map(|(_, name)| name);
            names.collect::<Vec<_>>().join(" ")
        });
        assert_eq!(found.as_deref(), expected, "{query}");
    }

    #[test]
    fn a_query_chooses_scopes() {
        check("", Some("global frontend backend server"));
        check("foo=bar&no-maint", Some("global frontend backend server no-maint"));
        check("scope=", Some(""));
        check("scope=server&scope=global", Some("global server"));
        check("scope=*", Some("global frontend backend server"));
        check("scope=server&scope=&scope=frontend", Some("frontend"));
        check("scope=listener", Some(""));
        check("scope=nothing", None);
        check("SCOPE=nothing", Some("global frontend backend server"));
    }

    #[test]
    fn metrics_are_named_or_left_out() {
        let wanted = Wanted::read(b"metrics=a,+b,-c").unwrap_or_default();
        assert_eq!(["a", "b", "c", "d"].map(|name| wanted.takes(name)), [true, true, false, false]);
        let wanted = Wanted::read(b"metrics=-c").unwrap_or_default();
        assert_eq!(["a", "c"].map(|name| wanted.takes(name)), [true, false]);
    }
}
