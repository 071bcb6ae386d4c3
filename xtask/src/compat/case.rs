//! A case file: markdown with one `haproxy` block and one `requests` block. A block `file NAME` is a file that the
//! configuration names as `"${DIR}/NAME"`.
//!
//! A request is a line: `GET /path | Host: a.example | x-team: core`. Parts that begin with `!` say more:
//! `!1.0` the version, `!body=TEXT`, `!ws` a WebSocket handshake, `!same` on the connection of the line before,
//! `!nohost` without the usual `Host: example.test`, `!chunked=TEXT` a body in one chunk, `!fe2` to the port of
//! `FE2`, `!fin` our side is closed once it is sent, `!all` all that comes until the other side closes is the
//! answer (for pipelines), `!hold` sent and left open without an answer until the case ends,
//! `!raw=BYTES` (with `\r`, `\n`, `\0`, `\xHH`) exactly these bytes: its first word is still the method by which
//! the answer is read. `src` of all requests is 127.0.0.1. Lines with `#` in front are comments.

use std::fs;
use std::path::Path;

use crate::shell::Failure;

/// A configuration and the requests to send to it.
#[derive(Debug)]
pub(crate) struct Case {
    /// The file's name without `.md`.
    pub(crate) name: String,
    /// The configuration.
    pub(crate) config: String,
    /// Files that the configuration reads: name and text.
    pub(crate) files: Vec<(String, String)>,
    /// The requests, in order.
    pub(crate) requests: Vec<Request>,
    /// Why it still differs: `<!-- open: REASON -->` in the file. It must then differ, or the mark has to go.
    pub(crate) open: Option<String>,
    /// Whether `lbctl explain` is asked too; `<!-- no explain: REASON -->` in the file says no.
    pub(crate) explain: bool,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The line as written, for messages.
    pub(crate) line: String,
    /// Method.
    pub(crate) method: String,
    /// Request target.
    pub(crate) target: String,
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub(crate) version: &'static str,
    /// Fields in order, `Host` included.
    pub(crate) headers: Vec<(String, String)>,
    /// Body.
    pub(crate) body: Option<String>,
    /// These bytes instead of all the above.
    pub(crate) raw: Option<Vec<u8>>,
    /// Reuse the connection of the request before.
    pub(crate) same: bool,
    /// Talk through the tunnel after a 101.
    pub(crate) websocket: bool,
    /// A body that is sent as one chunk.
    pub(crate) chunk: Option<String>,
    /// Which of the two ports the case's configuration may bind.
    pub(crate) port: Port,
    /// Close our side of the connection after the request.
    pub(crate) fin: bool,
    /// How much is read as the answer.
    pub(crate) reading: Reading,
}

/// The port of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// `FE`.
    First,
    /// `FE2`.
    Second,
}

/// How much is read as the answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// One message.
    Message,
    /// Everything until the other side closes.
    All,
    /// Nothing: the connection stays open until the case ends.
    Nothing,
}

impl Request {
    /// The bytes to send.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut out = format!("{} {} {}\r\n", self.method, self.target, self.version);
        for (name, value) in &self.headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            out.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        if let Some(chunk) = &self.chunk {
            out.push_str("Transfer-Encoding: chunked\r\n\r\n");
            out.push_str(&format!("{:x}\r\n{chunk}\r\n0\r\n", chunk.len()));
        }
        out.push_str("\r\n");
        out.push_str(self.body.as_deref().unwrap_or(""));
        out.into_bytes()
    }
}

/// All cases of a folder, in the order of their names.
pub(crate) fn load(folder: &Path, only: Option<&str>) -> Result<Vec<Case>, Failure> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "md"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let name = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if only.is_some_and(|part| !name.contains(part)) {
            continue;
        }
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        cases.push(parse(name.clone(), &text).map_err(|why| format!("{name}: {why}"))?);
    }
    if cases.is_empty() { Err(format!("no case in {}", folder.display())) } else { Ok(cases) }
}

fn parse(name: String, text: &str) -> Result<Case, Failure> {
    let config = block(text, "haproxy").ok_or("has no `haproxy` block")?;
    let list = block(text, "requests").ok_or("has no `requests` block")?;
    let lines =
        list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let requests = lines.map(request).collect::<Result<Vec<_>, _>>()?;
    let open = text.split("<!-- open: ").nth(1).and_then(|rest| rest.split(" -->").next());
    let open = open.map(|reason| reason.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(Case {
        name,
        config,
        files: files(text),
        requests,
        open,
        explain: !text.contains("<!-- no explain:"),
    })
}

/// The blocks that begin with ```` ```file NAME ````.
fn files(text: &str) -> Vec<(String, String)> {
    text.split("\n```file ")
        .skip(1)
        .filter_map(|rest| {
            let (name, rest) = rest.split_once('\n')?;
            let (body, _) = rest.split_once("```")?;
            Some((name.trim().to_owned(), body.to_owned()))
        })
        .collect()
}

fn block(text: &str, kind: &str) -> Option<String> {
    let fence = format!("```{kind}\n");
    let start = text.find(&fence)? + fence.len();
    let end = text[start..].find("\n```")? + start + 1;
    Some(text[start..end].to_owned())
}

pub(crate) fn request(line: &str) -> Result<Request, Failure> {
    let mut parts = line.split(" | ").map(str::trim);
    let first = parts.next().unwrap_or("");
    let mut words = first.split(' ');
    let mut request = Request {
        line: line.to_owned(),
        method: words.next().unwrap_or("").to_owned(),
        target: words.next().unwrap_or("/").to_owned(),
        version: "HTTP/1.1",
        headers: Vec::new(),
        body: None,
        raw: None,
        same: false,
        websocket: false,
        chunk: None,
        port: Port::First,
        fin: false,
        reading: Reading::Message,
    };
    let mut host = true;
    for part in parts {
        match part.split_once('=').unwrap_or((part, "")) {
            ("!1.0", _) => request.version = "HTTP/1.0",
            ("!same", _) => request.same = true,
            ("!nohost", _) => host = false,
            ("!ws", _) => request.websocket = true,
            ("!fe2", _) => request.port = Port::Second,
            ("!fin", _) => request.fin = true,
            ("!all", _) => request.reading = Reading::All,
            ("!hold", _) => request.reading = Reading::Nothing,
            ("!chunked", chunk) => request.chunk = Some(chunk.to_owned()),
            ("!body", body) => request.body = Some(body.to_owned()),
            ("!raw", raw) => request.raw = Some(unescape(raw)?),
            _ => {
                let (name, value) =
                    part.split_once(':').ok_or_else(|| format!("`{part}` is no header: {line}"))?;
                request.headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }
    if host && !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.headers.insert(0, ("Host".into(), "example.test".into()));
    }
    if request.websocket {
        for (name, value) in [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            if !request.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                request.headers.push((name.into(), value.into()));
            }
        }
    }
    Ok(request)
}

/// Text with `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` as bytes.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'r') => out.push(b'\r'),
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'0') => out.push(0),
            Some(b'\\') => out.push(b'\\'),
            Some(b'x') => {
                let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                out.push(
                    u8::from_str_radix(&digits, 16)
                        .map_err(|_| format!("`\\x{digits}` is no byte"))?,
                );
            }
            other => return Err(format!("`\\{}` is no escape", other.map_or(' ', char::from))),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_says_everything() {
        let request = request("POST /a | Host: x | !1.0 | !body=k=v | y: z").expect("a request");
        assert_eq!(
            String::from_utf8(request.bytes()).expect("text"),
            "POST /a HTTP/1.0\r\nHost: x\r\ny: z\r\nContent-Length: 3\r\n\r\nk=v"
        );
    }

    #[test]
    fn a_chunked_body_is_one_chunk() {
        let request = request("POST / | !chunked=0123456789abcdef").expect("a request");
        let bytes = String::from_utf8(request.bytes()).expect("text");
        assert!(
            bytes
                .ends_with("Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n")
        );
    }

    #[test]
    fn raw_bytes_are_sent_as_they_are() {
        let request = request(r"RAW | !raw=GET / HTTP/1.1\r\nA\x00: b\r\n\r\n").expect("a request");
        assert_eq!(request.bytes(), b"GET / HTTP/1.1\r\nA\0: b\r\n\r\n");
    }
}
