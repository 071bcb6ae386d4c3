//! The persistence cookie (manual 4.2, `cookie`): which server it names, and what the response says.

use balance::{Balancer, State};
use config::model::{Cookie, CookieMode};
use http1::{Fields, RequestHead};

use crate::program::Backend;
use crate::{CookieState, Persistence, SetCookie, cookie, cookie_date};

/// Dates more than a day ahead are not believed.
const FUTURE: i64 = 86_400;

/// What the cookie of a request says.
pub(crate) struct Asked<'a> {
    pub(crate) backend: Backend<'a>,
    pub(crate) balancer: &'a Balancer,
    /// A rule has chosen the server, or `ignore-persist` holds: the cookie is read and not used.
    pub(crate) unused: bool,
    /// `force-persist` or `option persist`: a server that is down is taken all the same.
    pub(crate) even_down: bool,
    /// Seconds since the epoch.
    pub(crate) now: i64,
}

/// Reads the request's persistence cookie: the first value that leads to a server counts.
pub(crate) fn read(line: &Cookie, head: &RequestHead, asked: &Asked<'_>) -> Persistence {
    let mut found = Persistence { cookie: CookieState::None, ..Persistence::default() };
    let headers = head.fields.all(b"cookie");
    for pair in headers.flat_map(cookie::pairs).filter(|pair| pair.name == line.name.as_bytes()) {
        let Some(value) = pair.value else { continue };
        let (server, last, first) = parts(line, value);
        let state = match lookup(line, server, last, first, asked) {
            Ok((at, state)) => {
                found.server = Some(at);
                state
            }
            Err(state) => state,
        };
        found.value = Some(value.to_vec());
        found.cookie = state;
        (found.last_seen, found.first_seen) = match found.server {
            Some(_) => (last, first),
            None => (None, None),
        };
        if found.server.is_some() {
            break;
        }
    }
    found
}

/// The server's part of a value and its dates.
fn parts<'v>(line: &Cookie, value: &'v [u8]) -> (&'v [u8], Option<i64>, Option<i64>) {
    if line.mode == CookieMode::Prefix {
        let end = value.iter().position(|byte| *byte == b'~');
        return (end.map_or(value, |end| &value[..end]), None, None);
    }
    if line.maxidle.is_some() || line.maxlife.is_some() {
        return cookie_date::split(value);
    }
    (value, None, None)
}

/// The server that a value leads to, and its letter: `D` where it is taken although it is down.
fn lookup(
    line: &Cookie,
    server: &[u8],
    last: Option<i64>,
    first: Option<i64>,
    asked: &Asked<'_>,
) -> Result<(u32, CookieState), CookieState> {
    let past = |date: Option<i64>, limit: Option<std::time::Duration>| match (date, limit) {
        (Some(date), Some(limit)) => {
            let age = asked.now - date;
            age > i64::try_from(limit.as_secs()).unwrap_or(i64::MAX) || -age > FUTURE
        }
        _ => false,
    };
    if past(last, line.maxidle) {
        return Err(CookieState::Expired);
    }
    if past(first, line.maxlife) {
        return Err(CookieState::Old);
    }
    if asked.unused {
        return Err(CookieState::Unused);
    }
    let named = |at: &u32| {
        let cookie = asked.backend.servers()[*at as usize].settings.cookie.as_ref();
        !server.is_empty() && cookie.is_some_and(|cookie| cookie.value.as_bytes() == server)
    };
    let mut down = false;
    for at in (0..asked.backend.servers().len() as u32).filter(named) {
        let up = is_up(asked.balancer, at);
        if up {
            return Ok((at, CookieState::Valid));
        }
        if asked.even_down {
            return Ok((at, CookieState::Down));
        }
        down = true;
    }
    Err(if down { CookieState::Down } else { CookieState::Invalid })
}

/// Persistence leads to servers that take no new streams, but not to dead ones.
pub(crate) fn is_up(balancer: &Balancer, server: u32) -> bool {
    matches!(balancer.state(server as usize), Some(State::Up | State::Drain))
}

/// What the response's own cookies become.
pub(crate) struct Answer<'a> {
    pub(crate) line: &'a Cookie,
    /// The cookie value of the server that answered.
    pub(crate) server: Option<&'a str>,
    /// The server is the one that the client asked for, or a rule chose it.
    pub(crate) direct: bool,
    pub(crate) ignored: bool,
    pub(crate) post: bool,
    pub(crate) now: i64,
}

/// Edits the server's `Set-Cookie` of the name and adds ours. Returns the letter for the log.
pub(crate) fn answer(asked: &Answer<'_>, seen: &Persistence, fields: &mut Fields) -> SetCookie {
    let line = asked.line;
    let mut letter = SetCookie::None;
    if !asked.ignored {
        letter = rewrite_server_cookies(asked, fields);
    }
    let keeps = line.preserve && letter == SetCookie::Passive;
    let postponed = line.postonly && !asked.post;
    if line.mode != CookieMode::Insert || keeps || postponed || asked.ignored {
        return letter;
    }
    if asked.direct && !outdated(line, seen, asked.now) {
        return letter;
    }
    fields.add(b"set-cookie", &value(asked, seen));
    if seen.cookie == CookieState::Valid && asked.direct {
        SetCookie::Updated
    } else {
        SetCookie::Inserted
    }
}

/// Whether a response of the server has a cookie of the line's name.
pub(crate) fn sets_cookie(line: &Cookie, fields: &Fields) -> bool {
    let name = line.name.as_bytes();
    let all = fields.all(b"set-cookie").chain(fields.all(b"set-cookie2"));
    all.into_iter().any(|value| cookie::set_value(value, name).is_some())
}

/// Whether the dates in a good cookie have to be renewed.
fn outdated(line: &Cookie, seen: &Persistence, now: i64) -> bool {
    let last = seen.last_seen;
    let idle = (line.maxidle.is_some() || last.is_some()) && last.is_none_or(|last| last < now);
    idle || line.maxlife.is_some() != seen.first_seen.is_some()
}

fn rewrite_server_cookies(asked: &Answer<'_>, fields: &mut Fields) -> SetCookie {
    let line = asked.line;
    let name = line.name.as_bytes();
    let mut letter = SetCookie::None;
    let mut index = 0;
    while let Some((field, value)) = fields.at(index) {
        let ours = matches!(field, b"set-cookie" | b"set-cookie2");
        let found = cookie::set_value(value, name).filter(|_| ours);
        let Some((range, old)) = found else {
            index += 1;
            continue;
        };
        letter = SetCookie::Passive;
        // `indirect` hides the cookie from a client that already has the right one.
        let hides = line.mode == CookieMode::Insert || line.indirect && asked.direct;
        if hides && !line.preserve {
            fields.remove_at(index);
            letter = SetCookie::Deleted;
            continue;
        }
        let new = match (line.mode, asked.server) {
            (CookieMode::Rewrite, Some(server)) => Some(server.as_bytes().to_vec()),
            (CookieMode::Prefix, Some(server)) => Some([server.as_bytes(), b"~", old].concat()),
            _ => None,
        };
        if let Some(new) = new {
            let whole = [&value[..range.start], &new, &value[range.end..]].concat();
            fields.replace_at(index, &whole);
            letter = SetCookie::Rewritten;
        }
        index += 1;
    }
    letter
}

/// `NAME=SERVER[|LAST[|FIRST]]; path=/...`; a server without a value makes the client forget.
fn value(asked: &Answer<'_>, seen: &Persistence) -> Vec<u8> {
    let line = asked.line;
    let mut out = [line.name.as_bytes(), b"="].concat();
    match asked.server {
        None => out.extend_from_slice(b"; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/"),
        Some(server) => {
            out.extend_from_slice(server.as_bytes());
            if line.maxidle.is_some() || line.maxlife.is_some() {
                out.push(b'|');
                out.extend_from_slice(&cookie_date::encode(asked.now));
            }
            if line.maxlife.is_some() {
                out.push(b'|');
                let first = seen.first_seen.unwrap_or(asked.now);
                out.extend_from_slice(&cookie_date::encode(first));
            }
            out.extend_from_slice(b"; path=/");
        }
    }
    for domain in &line.domains {
        out.extend_from_slice(b"; domain=");
        out.extend_from_slice(domain.as_bytes());
    }
    for (on, word) in [(line.httponly, "; HttpOnly"), (line.secure, "; Secure")] {
        if on {
            out.extend_from_slice(word.as_bytes());
        }
    }
    for attr in &line.attrs {
        out.extend_from_slice(b"; ");
        out.extend_from_slice(attr.as_bytes());
    }
    out
}
