//! `lbctl explain` on the same requests: it must name what HAProxy did on the wire.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::case::{Case, Reading, Request};
use super::client::Answer;
use super::side::{Place, Wire};
use super::stub::Stubs;
use crate::shell::Failure;

/// Every request for which the explanation and the wire disagree.
pub(crate) fn differences(
    lbctl: &Path,
    case: &Case,
    place: &Place,
    stubs: &Stubs,
    wire: &Wire,
) -> Result<Vec<String>, Failure> {
    let asked: Vec<(&Request, &Answer)> = case
        .requests
        .iter()
        .zip(&wire.answers)
        .filter(|(request, _)| request.raw.is_none() && request.reading == Reading::Message)
        .collect();
    let explained = explain(lbctl, case, place, &asked)?;
    if explained.len() != asked.len() {
        return Ok(vec![format!(
            "    lbctl explain answered {} of {} requests",
            explained.len(),
            asked.len()
        )]);
    }
    let mut found = Vec::new();
    // They are asked all the same: each moves the turns of a round robin.
    let known = asked.iter().zip(&explained).filter(|((request, _), _)| !server_fails(request));
    for ((request, answer), said) in known {
        let wire_says = on_the_wire(answer);
        let lbctl_says = in_words(said, stubs);
        let agree = match (&wire_says, &lbctl_says) {
            (Said::Server(a), Said::Server(b)) => a == b,
            // The connection of the request before was closed meanwhile: nothing was decided.
            (Said::Status(0), _) if request.same => true,
            (Said::Status(a), Said::Status(b)) => a == b,
            // A rule took the stub's name away, or its answer was refused, which no evaluator can foresee.
            (Said::Status(a), Said::Server(_)) => {
                said["verdict"]["status"] == *a || [502, 504].contains(a)
            }
            (Said::Server(_), Said::Status(_)) => false,
        };
        if !agree {
            found.push(format!(
                "    {}\n      wire {wire_says:?}, lbctl explain {lbctl_says:?}",
                request.line
            ));
        }
    }
    Ok(found)
}

/// Whether the stub was asked for something that no rule can foresee: the proxy answers in its place.
fn server_fails(request: &Request) -> bool {
    request.headers.iter().any(|(name, value)| match name.to_ascii_lowercase().as_str() {
        "x-stub" => ["drop", "garbage", "hang", "cut"].iter().any(|wish| value.contains(wish)),
        "x-stub-raw" => true,
        _ => false,
    })
}

#[derive(Debug, PartialEq)]
enum Said {
    /// A stub server answered.
    Server(String),
    /// The proxy answered with this status; 0: closed without an answer.
    Status(u16),
}

fn on_the_wire(answer: &Answer) -> Said {
    match answer.server() {
        Some(server) => Said::Server(server.to_owned()),
        None => Said::Status(answer.status()),
    }
}

fn in_words(said: &Value, stubs: &Stubs) -> Said {
    let address = said["server"]["address"].as_str().unwrap_or("");
    let port = address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
    match stubs.name(port) {
        Some(name) => Said::Server(name),
        None => Said::Status(said["verdict"]["status"].as_u64().unwrap_or(0) as u16),
    }
}

/// What the stub will answer, as far as response rules look at it.
pub(crate) fn stub_answer(request: &Request) -> Value {
    let wishes = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-stub"));
    let wishes: Vec<&str> =
        wishes.map_or("", |(_, value)| value).split(',').map(str::trim).collect();
    let refused = wishes.contains(&"refuse-upgrade");
    let status =
        wishes.iter().find_map(|wish| wish.parse().ok()).unwrap_or(if refused { 200 } else { 0 });
    let fields = wishes.iter().filter_map(|wish| wish.strip_prefix("header=")?.split_once('='));
    let cookies =
        wishes.iter().filter_map(|wish| Some(("Set-Cookie", wish.strip_prefix("cookie=")?)));
    let headers: Vec<Value> =
        fields.chain(cookies).map(|(name, value)| json!([name, value])).collect();
    json!({"status": status, "headers": headers})
}

/// Asks lbctl about all requests in order, with one state, as a daemon would see them.
fn explain(
    lbctl: &Path,
    case: &Case,
    place: &Place,
    asked: &[(&Request, &Answer)],
) -> Result<Vec<Value>, Failure> {
    // A connection that the daemon closed is a new one for the next request, whatever its line says.
    let open = asked.iter().map(|(_, answer)| !answer.closed);
    let open = std::iter::once(false).chain(open);
    let lines: String = asked
        .iter()
        .zip(open)
        .map(|((request, _), open)| {
            let mut headers: Vec<Value> = request.headers.iter().map(|(n, v)| json!([n, v])).collect();
            if let Some(body) = &request.body {
                headers.push(json!(["Content-Length", body.len().to_string()]));
            }
            if request.chunk.is_some() {
                headers.push(json!(["Transfer-Encoding", "chunked"]));
            }
            let version = request.version;
            format!(
                "{}\n",
                json!({"method": request.method, "url": request.target, "version": version, "headers": headers,
                       "body": request.body.as_ref().or(request.chunk.as_ref()), "src": "127.0.0.1",
                       "dst": format!("127.0.0.1:{}", place.port(request.port)), "same_connection": request.same && open,
                       "answer": stub_answer(request)})
            )
        })
        .collect();
    let mut child = Command::new(lbctl)
        .args(["explain", "--output-format", "json", "--requests", "-", "-f"])
        .arg(place.config(case)?)
        .envs(place.env.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("lbctl: {e}"))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(lines.as_bytes()).map_err(|e| format!("lbctl: {e}"))?;
    }
    let output = child.wait_with_output().map_err(|e| format!("lbctl: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    said.map_err(|e| {
        format!("{}: lbctl explain: {e}\n{}", case.name, String::from_utf8_lossy(&output.stderr))
    })
}
