//! `lbctl lsp` with a scripted editor on its standard input and output.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

const TEXT: &str = "defaults
    mode http
    timeout client 1s
    timeout connect 1s
    timeout server 1s
frontend f
    bind :80
    acl is_api path_beg /api
    use_backend api if is_api
    default_backend pag
backend api
    server s 192.0.2.1:80
    server s 192.0.2.2:80
backend page
  server p 192.0.2.3:80
";

struct Editor {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    number: i64,
}

impl Editor {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lbctl"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("lbctl");
        let (to, from) = (child.stdin.take().expect("in"), child.stdout.take().expect("out"));
        let mut editor = Self { child, to, from: BufReader::new(from), number: 0 };
        let able = editor.ask("initialize", json!({"capabilities": {}}));
        assert_eq!(able["capabilities"]["renameProvider"], true);
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("a message");
        self.to.flush().expect("a message");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).expect("a header") > 0, "the server ended");
            match line.trim().split_once(": ") {
                Some((_, value)) => length = value.parse().expect("a length"),
                None => break,
            }
        }
        let mut text = vec![0; length];
        self.from.read_exact(&mut text).expect("a body");
        serde_json::from_slice(&text).expect("json")
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        self.send(
            &json!({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}),
        );
        loop {
            let message = self.read();
            if message["id"] == self.number {
                return message.get("result").cloned().unwrap_or(message);
            }
        }
    }

    fn open(&mut self, text: &str) -> Value {
        let document =
            json!({"uri": "file:///edge.cfg", "languageId": "haproxy", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
        self.read()["params"]["diagnostics"].clone()
    }

    fn ask_at(&mut self, method: &str, line: u32, character: u32) -> Value {
        let position = json!({"line": line, "character": character});
        self.ask(
            method,
            json!({"textDocument": {"uri": "file:///edge.cfg"}, "position": position,
            "context": {"includeDeclaration": true}, "newName": "is_rest"}),
        )
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(places: &Value) -> Vec<u64> {
    let places = places.as_array().cloned().unwrap_or_default();
    places.iter().filter_map(|place| place["range"]["start"]["line"].as_u64()).collect()
}

#[test]
fn an_editor_is_told_what_is_wrong_and_how_it_is_cured() {
    let mut editor = Editor::start();
    let found = editor.open(TEXT);
    let codes: Vec<&str> =
        found.as_array().expect("a list").iter().filter_map(|one| one["code"].as_str()).collect();
    assert!(codes.contains(&"E0401") && codes.contains(&"E0403"), "{codes:?}");
    let range =
        json!({"start": {"line": 12, "character": 11}, "end": {"line": 12, "character": 11}});
    let params = json!({"textDocument": {"uri": "file:///edge.cfg"}, "range": range, "context": {"diagnostics": []}});
    let actions = editor.ask("textDocument/codeAction", params);
    assert_eq!(actions[0]["edit"]["changes"]["file:///edge.cfg"][0]["newText"], "s_2", "{actions}");
    let text = TEXT.replace("pag\n", "page\n").replace("server s 192.0.2.2", "server t 192.0.2.2");
    let change = json!({"textDocument": {"uri": "file:///edge.cfg", "version": 2}, "contentChanges": [{"text": text}]});
    editor.tell("textDocument/didChange", change);
    let found = editor.read()["params"]["diagnostics"].clone();
    assert!(found.as_array().expect("a list").iter().all(|one| one["severity"] != 1), "{found}");
}

#[test]
fn names_lead_to_their_places_and_are_renamed_everywhere() {
    let mut editor = Editor::start();
    editor.open(TEXT);
    assert_eq!(lines(&editor.ask_at("textDocument/definition", 8, 25)), [7], "the ACL");
    assert_eq!(lines(&editor.ask_at("textDocument/definition", 8, 17)), [10], "the backend");
    assert_eq!(lines(&editor.ask_at("textDocument/references", 7, 9)), [7, 8]);
    let edits = editor.ask_at("textDocument/rename", 7, 9);
    assert_eq!(lines(&edits["changes"]["file:///edge.cfg"]), [7, 8]);
}

#[test]
fn words_are_explained_and_completed() {
    let mut editor = Editor::start();
    editor.open(TEXT);
    let hover = editor.ask_at("textDocument/hover", 6, 5);
    assert!(
        hover["contents"]["value"].as_str().is_some_and(|text| text.contains("listens")),
        "{hover}"
    );
    let hover = editor.ask_at("textDocument/hover", 9, 21);
    assert!(
        hover["contents"]["value"].as_str().is_some_and(|text| text.starts_with("# E0401")),
        "{hover}"
    );
    let labels = |items: &Value| -> Vec<String> {
        let items = items.as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["label"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(labels(&editor.ask_at("textDocument/completion", 9, 20)), ["api", "page"]);
    assert_eq!(labels(&editor.ask_at("textDocument/completion", 8, 23)), ["is_api"]);
    assert!(
        labels(&editor.ask_at("textDocument/completion", 6, 4)).contains(&"use_backend".to_owned())
    );
}

#[test]
fn a_text_is_laid_out_and_the_server_ends_when_asked() {
    let mut editor = Editor::start();
    editor.open(TEXT);
    let edits = editor.ask(
        "textDocument/formatting",
        json!({"textDocument": {"uri": "file:///edge.cfg"}, "options": {}}),
    );
    assert!(
        edits[0]["newText"]
            .as_str()
            .is_some_and(|text| text.contains("\n\nbackend page\n    server p")),
        "{edits}"
    );
    let error = editor.ask("textDocument/nothing", json!({}));
    assert_eq!(error["error"]["code"], -32601);
    editor.ask("shutdown", Value::Null);
    editor.tell("exit", Value::Null);
    assert!(editor.child.wait().expect("an end").success());
}
