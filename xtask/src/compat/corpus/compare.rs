//! What differs between the daemons, and between the wire and the explanation, once chance is taken out.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::super::compare::{normal, normal_log, side_by_side};
use super::super::explain::stub_answer;
use super::Found;
use super::daemon::Run;
use super::request::Asked;
use super::world::World;
use crate::shell::Failure;

/// Every difference between HAProxy (two runs of it) and proxyd.
pub(crate) fn differences(
    world: &World,
    asked: &[Asked],
    theirs: &Run,
    again: &Run,
    ours: &Run,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut down = [theirs, again, ours].map(|run| run.down.clone());
    down.iter_mut().for_each(|names| names.sort());
    if down[0] == down[1] && down[0] != down[2] {
        found.push(format!(
            "    servers that are not up: haproxy {:?}, proxyd {:?}",
            down[0], down[2]
        ));
    }
    for (at, asked) in asked.iter().enumerate() {
        let chance = theirs.servers[at].iter().any(|server| is_drawn(world, server));
        let see = if chance || own_page(&theirs.answers[at].body) { status } else { seen };
        let sides = [theirs, again, ours].map(|run| see(run, at));
        let (a, b) = masked(&sides[0], &sides[1], &sides[2]);
        if a != b {
            found.push(format!("    {}\n{}", asked.request.line, changed(&a, &b)));
        }
    }
    let [a, b, c] = [theirs, again, ours].map(|run| {
        let mut lines: Vec<String> =
            run.logs.iter().map(|line| own_page_size(&normal_log(line))).collect();
        lines.sort();
        lines.join("\n")
    });
    let (a, b) = masked(&a, &b, &c);
    if a != b {
        found.push(format!("    the log\n{}", changed(&a, &b)));
    }
    found
}

/// Whether a `backend/server` was chosen by chance.
fn is_drawn(world: &World, server: &str) -> bool {
    server
        .split_once('/')
        .is_some_and(|(backend, _)| world.drawn.iter().any(|name| name == backend))
}

/// Pages about the process itself, which each daemon writes in its own words.
fn own_page(body: &str) -> bool {
    body.contains("Statistics Report for") || body.contains("haproxy_process_")
}

/// A log line without the size of such a page.
fn own_page_size(line: &str) -> String {
    let own = |word: &str| word.ends_with("/<STATS>") || word.ends_with("/<PROMEX>");
    let mut words: Vec<&str> = line.split(' ').collect();
    // Behind the server's name: timers, status, size; in the format of `option tcplog` no status.
    if let Some(at) = words.iter().position(|word| own(word)) {
        let is_tcplog = words.get(at + 3).is_some_and(|flags| flags.len() == 2);
        let size = if is_tcplog { at + 2 } else { at + 3 };
        if (is_tcplog || words.get(at + 2) == Some(&"200"))
            && let Some(size) = words.get_mut(size)
        {
            *size = "(size)";
        }
    }
    words.join(" ")
}

fn status(run: &Run, at: usize) -> String {
    format!("status {}\n", run.answers[at].status())
}

/// The lines that differ, some of them where there are many.
fn changed(theirs: &str, ours: &str) -> String {
    let all = side_by_side(theirs, ours);
    let lines = all.lines().filter(|line| !line.starts_with("        "));
    lines.take(24).map(|line| format!("{}\n", line.chars().take(400).collect::<String>())).collect()
}

/// Everything that was seen of a request, a line each.
fn seen(run: &Run, at: usize) -> String {
    format!("{}server: {}\n", normal(&run.answers[at]), run.servers[at].join(" "))
}

/// Two of three texts, with the words masked in which the first two differ.
fn masked(first: &str, again: &str, ours: &str) -> (String, String) {
    let (a, b, c): (Vec<_>, Vec<_>, Vec<_>) =
        (first.lines().collect(), again.lines().collect(), ours.lines().collect());
    if a.len() != b.len() {
        // Chance decides even how much there is: nothing can be said.
        return (String::new(), String::new());
    }
    let mut theirs = String::new();
    let mut mine = String::new();
    for (at, (x, y)) in a.iter().zip(&b).enumerate() {
        let Some(z) = c.get(at).copied() else {
            theirs.push_str(&format!("{x}\n"));
            continue;
        };
        let (x, z) = if x == y { ((*x).to_owned(), z.to_owned()) } else { mask_line(x, y, z) };
        theirs.push_str(&format!("{x}\n"));
        mine.push_str(&format!("{z}\n"));
    }
    for extra in c.iter().skip(a.len()) {
        mine.push_str(&format!("{extra}\n"));
    }
    (theirs, mine)
}

fn mask_line(x: &str, y: &str, z: &str) -> (String, String) {
    let (a, b, c): (Vec<_>, Vec<_>, Vec<_>) =
        (x.split(' ').collect(), y.split(' ').collect(), z.split(' ').collect());
    if a.len() != b.len() || a.len() != c.len() {
        return ("(chance)".into(), "(chance)".into());
    }
    let mask = |words: &[&str]| {
        let words = words
            .iter()
            .enumerate()
            .map(|(at, word)| if a[at] == b[at] { word } else { "(chance)" });
        words.collect::<Vec<_>>().join(" ")
    };
    (mask(&a), mask(&c))
}

/// Compares `lbctl explain` with the wire: the backend and server that got the request, or the status.
pub(crate) fn explained(
    lbctl: &Path,
    file: &Path,
    world: &World,
    asked: &[Asked],
    theirs: &Run,
    again: &Run,
    found: &mut Found,
) -> Result<(), Failure> {
    let said = explain(lbctl, file, world, asked)?;
    let mut rules = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for (at, (asked, said)) in asked.iter().zip(&said).enumerate() {
        for rule in said["rules"].as_array().into_iter().flatten() {
            let line = rule["line"].as_u64().unwrap_or(0);
            rules.insert(line);
            if rule["outcome"] == "taken" {
                taken.insert(line);
            }
        }
        if !theirs.down.is_empty() || theirs.servers[at] != again.servers[at] {
            continue;
        }
        if theirs.servers[at].iter().any(|server| is_drawn(world, server)) {
            continue;
        }
        if is_a_race(said) {
            continue;
        }
        if theirs.servers[at].is_empty() && theirs.answers[at].status() == 0 {
            // Closed or not answered in time: no status to compare with.
            continue;
        }
        let wire = match theirs.servers[at].first() {
            Some(server) => server.clone(),
            None => theirs.answers[at].status().to_string(),
        };
        let words = match (said["verdict"]["backend"].as_str(), said["server"]["name"].as_str()) {
            (Some(backend), Some(server)) => format!("{backend}/{server}"),
            _ => said["verdict"]["status"].as_u64().unwrap_or(0).to_string(),
        };
        if wire != words {
            found.differences.push(format!(
                "    {}\n      wire {wire}, lbctl explain {words}",
                asked.request.line
            ));
        }
    }
    (found.rules, found.reached) = (rules.len(), taken.len());
    if said.len() != asked.len() {
        found.differences.push(format!(
            "    lbctl explain answered {} of {} requests",
            said.len(),
            asked.len()
        ));
    }
    Ok(())
}

/// Whether it matters if the first bytes come before the rules run, which is chance.
fn is_a_race(said: &Value) -> bool {
    let notes = said["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    notes.into_iter().any(|note| note.starts_with("nothing waits for the first bytes"))
}

fn explain(
    lbctl: &Path,
    file: &Path,
    world: &World,
    asked: &[Asked],
) -> Result<Vec<Value>, Failure> {
    let lines: String = asked.iter().map(|asked| format!("{}\n", question(asked))).collect();
    let mut child = Command::new(lbctl)
        .args(["explain", "--output-format", "json", "--requests", "-", "-f"])
        .arg(file)
        .current_dir(&world.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("lbctl: {e}"))?;
    let input = child.stdin.take();
    let writer =
        std::thread::spawn(move || input.map(|mut input| input.write_all(lines.as_bytes())));
    let output = child.wait_with_output().map_err(|e| format!("lbctl: {e}"))?;
    // A program that ended early is told by what it did not say.
    let _ = writer.join();
    let text = String::from_utf8_lossy(&output.stdout);
    let said: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    said.map_err(|e| format!("    lbctl explain: {e}\n{}", String::from_utf8_lossy(&output.stderr)))
}

fn question(asked: &Asked) -> Value {
    let request = &asked.request;
    let mut headers: Vec<Value> = request.headers.iter().map(|(n, v)| json!([n, v])).collect();
    if let Some(body) = &request.body {
        headers.push(json!(["Content-Length", body.len().to_string()]));
    }
    json!({"method": request.method, "url": request.target, "version": request.version, "headers": headers,
           "body": request.body, "src": asked.from.to_string(), "dst": asked.to.to_string(),
           "same_connection": false, "answer": stub_answer(request)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_runs_of_haproxy_do_differently_is_not_compared() {
        let (a, b) = masked("x: 1 a\ny: 2\n", "x: 7 a\ny: 2\n", "x: 9 a\ny: 3\n");
        assert_eq!((a.as_str(), b.as_str()), ("x: (chance) a\ny: 2\n", "x: (chance) a\ny: 3\n"));
    }
}
