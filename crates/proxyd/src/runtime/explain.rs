//! `explain`: where a request would go now, by the evaluator that decides for traffic.
//!
//! The servers' states and weights are those of this moment. Load, and whose turn it is, are those of a daemon that
//! just started: an explanation takes no turn.

use admin::Reply;
use admin::reply::{self, failed};
use explanation::request::{
    add_handshake, client_hello, find_listener, has, head, origin_form, source,
};
use explanation::{Answer, Asked, World, evaluate, text};
use forward::Generation;
use http1::Version;
use rules::Program;

use crate::daemon::Daemon;

/// What the words behind `explain` ask for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Words {
    request: Vec<String>,
    headers: Vec<(String, String)>,
    src: Option<String>,
    dst: Option<String>,
    listener: Option<String>,
    sni: Option<String>,
    status: Option<u16>,
    seed: Option<u64>,
    ws: bool,
}

/// Answers `explain [METHOD] URL [options]`.
pub(super) fn explain(daemon: &Daemon, generation: &Generation, words: &[String]) -> Reply {
    let Some(words) = read(words) else { return reply::explain_usage() };
    let program = &generation.program;
    let asked = match asked(program, &words) {
        Ok(asked) => asked,
        Err(why) => return failed(&why),
    };
    let mut world = World::new(program, None, words.seed);
    world.changes_nothing = true;
    for backend in &generation.live.backends {
        let Some(balancer) = world.balancer(backend.reference) else { continue };
        for at in 0..backend.servers.len() {
            if let Some(state) = backend.balancer.state(at) {
                balancer.set_state(at, state);
            }
            if let Some(weight) = backend.balancer.weight(at) {
                balancer.set_weight(at, weight);
            }
        }
    }
    let mut explained = evaluate(program, &mut world, &asked);
    explained
        .notes
        .push("states and weights of servers are those of now, turns are not".to_owned());
    Reply::Dump(text::render(program, &daemon.sources(), &explained))
}

fn read(words: &[String]) -> Option<Words> {
    let mut out = Words::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            out.request.push(word.clone());
            continue;
        }
        if word == "--ws" {
            out.ws = true;
            continue;
        }
        let value = words.next()?.clone();
        match word.as_str() {
            "-H" => {
                let (name, value) = value.split_once(':')?;
                out.headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            "--cookie" => out.headers.push(("Cookie".to_owned(), value)),
            "--src" => out.src = Some(value),
            "--dst" => out.dst = Some(value),
            "--listener" => out.listener = Some(value),
            "--sni" => out.sni = Some(value),
            "--status" => out.status = Some(value.parse().ok()?),
            "--seed" => out.seed = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    matches!(out.request.len(), 1 | 2).then_some(out)
}

fn asked(program: &Program, words: &Words) -> Result<Asked, String> {
    let (method, url) = match words.request.as_slice() {
        [method, url] => (method.as_str(), url),
        [url] => ("GET", url),
        _ => return Err("no request".to_owned()),
    };
    let mut headers = words.headers.clone();
    let target = origin_form(url, &mut headers);
    if words.ws && !has(&headers, "upgrade") {
        add_handshake(&mut headers);
    }
    let (listener, dst) = find_listener(program, words.listener.as_deref(), words.dst.as_deref())?;
    Ok(Asked {
        listener,
        frontend: program.listeners()[listener].frontend,
        head: head(method, &target, Version::Http11, &headers),
        body: Vec::new(),
        hello: words.sni.as_deref().map(client_hello),
        src: source(words.src.as_deref().unwrap_or("127.0.0.1"))?,
        dst,
        same_connection: false,
        answer: Answer { status: words.status.unwrap_or(0), headers: Vec::new() }.to(&headers),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Option<Words> {
        read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_words_are_those_of_lbctl_explain() {
        let read = words("POST http://a/ -H x-team:core --src 192.0.2.7 --ws").expect("a request");
        assert_eq!(read.request, ["POST", "http://a/"]);
        assert_eq!(read.headers, [("x-team".to_owned(), "core".to_owned())]);
        assert!(read.ws && read.src.as_deref() == Some("192.0.2.7"));
        for wrong in ["", "a b c", "/ --status x", "/ --wrong", "/ -H"] {
            assert!(wrong.is_empty() || words(wrong).is_none(), "{wrong}");
        }
    }
}
