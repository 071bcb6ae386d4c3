//! `show errors`: the last messages that could not be read (management, `show errors`).

use std::fmt::Write as _;

use crate::Reply;

/// What `show errors` was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorsAsked {
    /// A proxy by its name or its id; all when there is none.
    pub proxy: Option<String>,
    /// Only requests (`Some(false)`) or only responses (`Some(true)`).
    pub responses: Option<bool>,
}

/// A message that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorRow {
    /// When, as `27/Nov/2026:00:26:10.924`.
    pub time: String,
    /// It is a response.
    pub response: bool,
    /// Its proxy: the frontend of a request, the backend of a response.
    pub proxy: (String, u32),
    /// The other side: the frontend of a response.
    pub other: Option<(String, u32)>,
    /// The server that sent a response.
    pub server: Option<(String, u32)>,
    /// Its number in the process.
    pub event: u64,
    /// The client's address.
    pub client: String,
    /// What was received.
    pub bytes: Vec<u8>,
    /// The size of the buffer.
    pub room: usize,
    /// The byte that was wrong.
    pub at: usize,
}

/// The answer to `show errors` at this time, when `total` were captured since the start.
#[must_use]
pub fn show_errors<'a>(
    now: &str,
    total: u64,
    rows: impl IntoIterator<Item = &'a ErrorRow>,
) -> Reply {
    let mut out = format!("Total events captured on [{now}] : {total}\n");
    rows.into_iter().for_each(|row| push(&mut out, row));
    Reply::Dump(out)
}

fn push(out: &mut String, row: &ErrorRow) {
    let named = |side: &Option<(String, u32)>| match side {
        Some((name, id)) => format!("{name} (#{id})"),
        None => "<NONE> (#-1)".to_owned(),
    };
    let (kind, what, other) = match row.response {
        true => ("backend", "response", "frontend"),
        false => ("frontend", "request", "backend"),
    };
    let (proxy, id) = &row.proxy;
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        " \n[{}] {kind} {proxy} (#{id}): invalid {what}\n  {other} {}, server {}, event #{}, src {}\n  \
         buffer starts at 0 (including 0 out), {} free,\n  len {}, wraps at {}, error at position {}:\n  \n",
        row.time,
        named(&row.other),
        named(&row.server),
        row.event,
        row.client,
        row.room.saturating_sub(row.bytes.len()),
        row.bytes.len(),
        row.room,
        row.at,
    );
    dump(out, &row.bytes);
}

/// As much of a line as stands in one line of the answer.
const WIDTH: usize = 79;

/// Each line with its offset; a `+` behind the offset goes on with the line above.
fn dump(out: &mut String, bytes: &[u8]) {
    let mut at = 0;
    let mut goes_on = false;
    while at < bytes.len() {
        let sign = if goes_on { '+' } else { ' ' };
        let mut line = format!("  {at:05}{sign} ");
        goes_on = true;
        while let Some(byte) = bytes.get(at) {
            let shown = shown(*byte);
            if line.len() + shown.len() > WIDTH {
                break;
            }
            line.push_str(&shown);
            at += 1;
            if *byte == b'\n' {
                goes_on = false;
                break;
            }
        }
        out.push_str(&line);
        out.push('\n');
    }
}

fn shown(byte: u8) -> String {
    match byte {
        b'\t' => "\\t".into(),
        b'\n' => "\\n".into(),
        b'\r' => "\\r".into(),
        0x1b => "\\e".into(),
        b'\\' => "\\\\".into(),
        b' '..=b'~' => char::from(byte).into(),
        _ => format!("\\x{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_haproxy_writes_it() {
        let bytes = [
            b"GET / HTTP/1.1\r\nHo st: h\r\nX: \x01\x80\xff\"\\\t\r\nY: ".to_vec(),
            vec![b'a'; 90],
            b"\r\n\r\nbody".to_vec(),
        ]
        .concat();
        let row = ErrorRow {
            time: "27/Nov/2026:14:51:25.125".into(),
            proxy: ("f".into(), 2),
            client: "127.0.0.1:32828".into(),
            at: 18,
            room: 16384,
            bytes,
            ..ErrorRow::default()
        };
        let Reply::Dump(said) = show_errors("27/Nov/2026:14:51:25.328", 1, [&row]) else {
            panic!("a listing")
        };
        let expected = r#"Total events captured on [27/Nov/2026:14:51:25.328] : 1
 
[27/Nov/2026:14:51:25.125] frontend f (#2): invalid request
  backend <NONE> (#-1), server <NONE> (#-1), event #0, src 127.0.0.1:32828
  buffer starts at 0 (including 0 out), 16246 free,
  len 138, wraps at 16384, error at position 18:
  
  00000  GET / HTTP/1.1\r\n
  00016  Ho st: h\r\n
  00026  X: \x01\x80\xFF"\\\t\r\n
  00037  Y: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  00107+ aaaaaaaaaaaaaaaaaaaaaaa\r\n
  00132  \r\n
  00134  body
"#;
        assert_eq!(said, expected);
    }
}
