//! `lbctl lsp`: a language server over standard input and output, on the engine that checks.
//!
//! Every open file is one configuration of its own. Texts are kept whole: a change sends the whole text.

mod symbols;
mod text;

use std::collections::HashMap;

use config::Target;
use config_parse::sections;
use diag::{Diagnostic, FileId, Severity, Sources};
use lsp_server::{Connection, Message, Notification, Request, Response};
use serde_json::{Value, json};

use crate::arguments::{Env, Lsp};
use crate::check;
use crate::exit::{CouldNot, Exit};
use crate::fmt;
use symbols::{Kind, Symbols};
use text::{offset, range};

/// Serves until the editor ends it.
pub(crate) fn run(lsp: &Lsp) -> Result<Exit, CouldNot> {
    let target = check::target(&lsp.target)?;
    let (connection, threads) = Connection::stdio();
    let capabilities = json!({
        "textDocumentSync": 1,
        "hoverProvider": true,
        "completionProvider": {"triggerCharacters": [" "]},
        "definitionProvider": true,
        "referencesProvider": true,
        "renameProvider": true,
        "documentFormattingProvider": true,
        "documentSymbolProvider": true,
        "codeActionProvider": {"codeActionKinds": ["quickfix"]},
    });
    connection.initialize(capabilities).map_err(|e| e.to_string())?;
    let mut server = Server { target, texts: HashMap::new(), connection: &connection };
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request).map_err(|e| e.to_string())? {
                    break;
                }
                server.answer(request);
            }
            Message::Notification(told) => server.hear(&told),
            Message::Response(_) => {}
        }
    }
    drop(connection);
    threads.join().map_err(|e| e.to_string())?;
    Ok(Exit::Clean)
}

struct Server<'c> {
    target: Target,
    /// The open texts by their URI.
    texts: HashMap<String, String>,
    connection: &'c Connection,
}

impl Server<'_> {
    fn send(&self, message: impl Into<Message>) {
        // It fails when the editor is gone; the loop ends by itself then.
        let _ = self.connection.sender.send(message.into());
    }

    fn hear(&mut self, told: &Notification) {
        let document = &told.params["textDocument"];
        let Some(uri) = document["uri"].as_str().map(str::to_owned) else { return };
        match told.method.as_str() {
            "textDocument/didOpen" => {
                self.texts.insert(uri.clone(), document["text"].as_str().unwrap_or("").to_owned());
                self.publish(&uri);
            }
            "textDocument/didChange" => {
                let last = told.params["contentChanges"].as_array().and_then(|all| all.last());
                if let Some(text) = last.and_then(|change| change["text"].as_str()) {
                    self.texts.insert(uri.clone(), text.to_owned());
                    self.publish(&uri);
                }
            }
            "textDocument/didClose" => {
                self.texts.remove(&uri);
                let params = json!({"uri": uri, "diagnostics": []});
                self.send(Notification::new("textDocument/publishDiagnostics".into(), params));
            }
            _ => {}
        }
    }

    fn findings(&self, uri: &str) -> (Sources, Vec<Diagnostic>) {
        let text = self.texts.get(uri).cloned().unwrap_or_default();
        check::findings(vec![(uri.to_owned(), text.into_bytes())], self.target, Env::None, false)
    }

    fn publish(&self, uri: &str) {
        let (sources, findings) = self.findings(uri);
        let list: Vec<Value> =
            findings.iter().map(|finding| shown(&sources, uri, finding)).collect();
        let params = json!({"uri": uri, "diagnostics": list});
        self.send(Notification::new("textDocument/publishDiagnostics".into(), params));
    }

    fn answer(&self, request: Request) {
        let Request { id, method, params } = request;
        let uri = params["textDocument"]["uri"].as_str().unwrap_or("");
        let text = self.texts.get(uri).map_or("", String::as_str);
        let at = offset(text, &params["position"]);
        let result = match method.as_str() {
            "textDocument/hover" => hover(text, at, &self.findings(uri).1),
            "textDocument/completion" => completion(text, at),
            "textDocument/definition" => definition(text, uri, at),
            "textDocument/references" => references(text, uri, at),
            "textDocument/rename" => {
                rename(text, uri, at, params["newName"].as_str().unwrap_or(""))
            }
            "textDocument/formatting" => formatting(text),
            "textDocument/documentSymbol" => outline(text),
            "textDocument/codeAction" => self.actions(uri, text, &params),
            _ => {
                let code = lsp_server::ErrorCode::MethodNotFound as i32;
                self.send(Response::new_err(id, code, format!("{method} is not served")));
                return;
            }
        };
        self.send(Response::new_ok(id, result));
    }

    /// The cures of findings that touch the range.
    fn actions(&self, uri: &str, text: &str, params: &Value) -> Value {
        let (from, to) =
            (offset(text, &params["range"]["start"]), offset(text, &params["range"]["end"]));
        let (sources, findings) = self.findings(uri);
        let touched = findings.iter().filter(|finding| {
            let span = finding.span;
            span.start as usize <= to && from <= span.end as usize
        });
        let actions = touched.filter_map(|finding| {
            let fix = finding.fix.as_deref()?;
            let edits: Vec<Value> = fix
                .edits
                .iter()
                .map(|edit| json!({"range": range(text, edit.span), "newText": edit.text}))
                .collect();
            let help = finding.help.as_deref().unwrap_or(&finding.message);
            Some(json!({
                "title": format!("{}: {help}", finding.code),
                "kind": "quickfix",
                "diagnostics": [shown(&sources, uri, finding)],
                "isPreferred": fix.safety == diag::Safety::Safe,
                "edit": {"changes": {uri: edits}},
            }))
        });
        actions.collect()
    }
}

fn shown(sources: &Sources, uri: &str, finding: &Diagnostic) -> Value {
    let text = sources
        .file(FileId(0))
        .map(|file| String::from_utf8_lossy(&file.bytes))
        .unwrap_or_default();
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|also| {
            json!({"location": {"uri": uri, "range": range(&text, also.span)}, "message": also.message})
        })
        .collect();
    json!({
        "range": range(&text, finding.span),
        "severity": match finding.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Note => 3,
        },
        "code": finding.code.as_str(),
        "source": "lbctl",
        "message": message,
        "relatedInformation": related,
    })
}

/// What a keyword does, or the page of a finding.
fn hover(text: &str, at: usize, findings: &[Diagnostic]) -> Value {
    let here = |finding: &&Diagnostic| {
        (finding.span.start as usize..finding.span.end as usize).contains(&at)
    };
    if let Some(finding) = findings.iter().find(here) {
        return json!({"contents": {"kind": "markdown", "value": finding.code.0.page}});
    }
    let Some(word) = text::word_at(text, at) else { return Value::Null };
    let known = config::keyword::registry();
    let all: Vec<String> = known
        .iter()
        .filter(|info| info.name == word)
        .map(|info| {
            let status = format!("proxyd: {}", info.status);
            format!(
                "`{} {}` ({}, manual {})\n\n{}\n\n{status}",
                info.name, info.args, info.area, info.manual, info.doc
            )
        })
        .collect();
    if all.is_empty() {
        return Value::Null;
    }
    json!({"contents": {"kind": "markdown", "value": all.join("\n\n---\n\n")}})
}

/// Keywords at the beginning of a line, names where a line names something.
fn completion(text: &str, at: usize) -> Value {
    let begin = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let before = text.get(begin..at).unwrap_or("");
    let words: Vec<&str> = before.split_whitespace().collect();
    let fresh = before.ends_with(char::is_whitespace) || before.is_empty();
    let first = words.is_empty() || (words.len() == 1 && !fresh);
    let symbols = Symbols::of(text);
    let item = |label: &str, kind: u8, detail: &str| json!({"label": label, "kind": kind, "detail": detail});
    if first {
        let mut items: Vec<Value> = config::keyword::registry()
            .iter()
            .filter(|info| matches!(info.area, "global" | "proxy" | "userlist"))
            .map(|info| item(info.name, 14, info.doc))
            .collect();
        items.extend(sections::SECTIONS.iter().map(|name| item(name, 22, "a section")));
        return Value::Array(items);
    }
    let keyword = words.first().copied().unwrap_or("");
    let area = match keyword {
        "option" | "timeout" | "balance" | "bind" | "server" | "default-server" => Some(keyword),
        "http-request" | "http-response" | "http-after-response" => Some("action"),
        _ => None,
    };
    let condition = words.iter().any(|word| matches!(*word, "if" | "unless"));
    let items: Vec<Value> = match (keyword, condition) {
        (_, true) => {
            symbols.names(Kind::Acl, Some(at)).map(|name| item(name, 6, "an ACL")).collect()
        }
        ("use_backend" | "default_backend", _) => {
            symbols.names(Kind::Backend, None).map(|name| item(name, 7, "a backend")).collect()
        }
        ("use-server", _) => {
            symbols.names(Kind::Server, Some(at)).map(|name| item(name, 7, "a server")).collect()
        }
        _ => {
            let area = if area == Some("default-server") { Some("server") } else { area };
            let known = config::keyword::registry();
            known
                .iter()
                .filter(|info| Some(info.area) == area)
                .map(|info| item(info.name, 14, info.doc))
                .collect()
        }
    };
    Value::Array(items)
}

fn definition(text: &str, uri: &str, at: usize) -> Value {
    let symbols = Symbols::of(text);
    let Some(here) = symbols.at(at) else { return Value::Null };
    let places = symbols.same(here).filter(|one| one.declares);
    places.map(|one| json!({"uri": uri, "range": range(text, one.span)})).collect()
}

fn references(text: &str, uri: &str, at: usize) -> Value {
    let symbols = Symbols::of(text);
    let Some(here) = symbols.at(at) else { return Value::Null };
    symbols.same(here).map(|one| json!({"uri": uri, "range": range(text, one.span)})).collect()
}

fn rename(text: &str, uri: &str, at: usize, name: &str) -> Value {
    let symbols = Symbols::of(text);
    let legal = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'));
    let Some(here) = symbols.at(at).filter(|_| legal) else { return Value::Null };
    let edits: Vec<Value> = symbols
        .same(here)
        .map(|one| json!({"range": range(text, one.span), "newText": name}))
        .collect();
    json!({"changes": {uri: edits}})
}

fn formatting(text: &str) -> Value {
    let laid = fmt::format(text.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    match laid {
        Some(laid) if laid != text => {
            let whole = diag::Span::new(FileId(0), 0, text.len() as u32);
            json!([{"range": range(text, whole), "newText": laid}])
        }
        _ => json!([]),
    }
}

fn outline(text: &str) -> Value {
    let symbols = Symbols::of(text);
    let sections = symbols.all.iter().filter(|one| one.declares && one.kind != Kind::Acl);
    sections
        .map(|one| {
            let kind = if one.kind == Kind::Server { 8 } else { 5 };
            json!({"name": one.name, "kind": kind, "range": range(text, one.span), "selectionRange": range(text, one.span)})
        })
        .collect()
}
