//! `--curl 'curl ...'`: the request that a curl command line sends, as far as its usual options go.

use crate::exit::CouldNot;

/// What a curl command says of its request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Curl {
    pub(crate) method: Option<String>,
    pub(crate) url: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: Option<Vec<u8>>,
}

/// Options that take a value and say nothing of the request.
const SILENT: &[&str] = &[
    "-o",
    "--output",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "-w",
    "--write-out",
    "--cacert",
    "-E",
    "--cert",
    "--key",
    "--resolve",
    "--connect-to",
    "--interface",
    "-D",
    "--dump-header",
    "-c",
    "--cookie-jar",
    "--max-redirs",
    "-x",
    "--proxy",
];

/// Reads a curl command line.
pub(crate) fn read(line: &str) -> Result<Curl, CouldNot> {
    let words = split(line)?;
    let mut words = words.into_iter().peekable();
    if words.peek().is_some_and(|word| word == "curl") {
        words.next();
    }
    let mut curl = Curl::default();
    let mut data: Vec<String> = Vec::new();
    let (mut get, mut head) = (false, false);
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => {
                (name.to_owned(), Some(value.to_owned()))
            }
            // -XPOST, -HName:value
            _ if word.len() > 2
                && word.starts_with('-')
                && !word.starts_with("--")
                && "XHdAbeuF".contains(word.chars().nth(1).unwrap_or(' ')) =>
            {
                (word.chars().take(2).collect(), Some(word.chars().skip(2).collect()))
            }
            _ => (word.clone(), None),
        };
        let mut value = || {
            inline
                .clone()
                .or_else(|| words.next())
                .ok_or_else(|| format!("curl's `{name}` needs a value"))
        };
        match name.as_str() {
            "-X" | "--request" => curl.method = Some(value()?),
            "-H" | "--header" => curl.headers.push(value()?),
            "-A" | "--user-agent" => curl.headers.push(format!("User-Agent: {}", value()?)),
            "-e" | "--referer" => curl.headers.push(format!("Referer: {}", value()?)),
            "-b" | "--cookie" => curl.headers.push(format!("Cookie: {}", value()?)),
            "-u" | "--user" => {
                curl.headers.push(format!("Authorization: Basic {}", base64(value()?.as_bytes())))
            }
            "-d" | "--data" | "--data-raw" | "--data-ascii" | "--data-binary" | "--json" => {
                if name == "--json" {
                    curl.headers.push("Content-Type: application/json".into());
                    curl.headers.push("Accept: application/json".into());
                }
                let text = value()?;
                match text.strip_prefix('@') {
                    Some(file) if name != "--data-raw" => {
                        data.push(
                            std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?,
                        );
                    }
                    _ => data.push(text),
                }
            }
            "-G" | "--get" => get = true,
            "-I" | "--head" => head = true,
            "--url" => curl.url = value()?,
            "--compressed" => curl.headers.push("Accept-Encoding: deflate, gzip, br, zstd".into()),
            other if SILENT.contains(&other) => {
                value()?;
            }
            other if other.starts_with('-') && other.len() > 1 => {}
            _ => curl.url = word,
        }
    }
    if curl.url.is_empty() {
        return Err("the curl command has no URL".into());
    }
    if !curl.url.contains("://") {
        curl.url.insert_str(0, "http://");
    }
    let body = data.join("&");
    if get && !body.is_empty() {
        curl.url.push(if curl.url.contains('?') { '&' } else { '?' });
        curl.url.push_str(&body);
    } else if !data.is_empty() {
        let typed =
            curl.headers.iter().any(|line| line.to_ascii_lowercase().starts_with("content-type:"));
        if !typed {
            curl.headers.push("Content-Type: application/x-www-form-urlencoded".into());
        }
        curl.body = Some(body.into_bytes());
    }
    if head {
        curl.method.get_or_insert("HEAD".into());
    }
    for (name, text) in [("accept", "Accept: */*"), ("user-agent", "User-Agent: curl/8.0")] {
        let named = |line: &String| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
        if !curl.headers.iter().any(named) {
            curl.headers.insert(0, text.to_owned());
        }
    }
    Ok(curl)
}

/// Words of a shell: quotes, backslashes, lines that go on.
fn split(line: &str) -> Result<Vec<String>, CouldNot> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a quote of the curl command is not closed".into()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => {}
                        },
                        Some(c) => word.push(c),
                        None => return Err("a quote of the curl command is not closed".into()),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(c) => word.get_or_insert_default().push(c),
            },
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter =
                LETTERS.get((bits >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_as_curl_would() {
        let curl = read("curl -sS -XPUT 'http://a.example/x y' -H 'X-Team: core' \\\n -u ann:secret --data 'a=1' -d b=2 -o /dev/null")
            .expect("a command");
        assert_eq!(curl.method.as_deref(), Some("PUT"));
        assert_eq!(curl.url, "http://a.example/x y");
        assert_eq!(curl.body.as_deref(), Some(&b"a=1&b=2"[..]));
        for header in [
            "X-Team: core",
            "Authorization: Basic YW5uOnNlY3JldA==",
            "Accept: */*",
            "Content-Type: application/x-www-form-urlencoded",
        ] {
            assert!(curl.headers.iter().any(|line| line == header), "{header}: {:?}", curl.headers);
        }
        let curl = read("curl -G a.example -d q=1").expect("a command");
        assert_eq!((curl.url.as_str(), curl.body), ("http://a.example?q=1", None));
        assert!(read("curl -X").is_err() && read("curl 'open").is_err());
    }
}
