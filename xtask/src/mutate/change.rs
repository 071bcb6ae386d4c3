//! The changes: to one word, one number, one argument, or to the line as a whole.

use std::ops::Range;

use super::base::{Base, Bases};
use crate::compat::random::draw::Draw;

/// Numbers at the edges of what parsers read.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "+1",
    "2",
    "99",
    "100",
    "101",
    "255",
    "256",
    "257",
    "599",
    "600",
    "999",
    "1000",
    "65535",
    "65536",
    "100000",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "1x",
    "x",
    "1.5",
    "1s",
    "1k",
    "10m",
    "24d",
    "25d",
    "1us",
    "00",
    "08",
    "0x10",
    "1,2",
    "1-2",
    "2-1",
];

/// Words that mean something in many places.
const WORDS: &[&str] = &[
    "if",
    "unless",
    "or",
    "!",
    "{",
    "}",
    "TRUE",
    "FALSE",
    "{ path / }",
    "-m",
    "-i",
    "-f",
    "--",
    "on",
    "off",
    "none",
    "auto",
    "tcp",
    "http",
    "global",
    "*",
    ":80",
    "127.0.0.1",
    "::1",
    "10.0.0.0/8",
    "%[src]",
    "%ci",
    "%[",
    "%{+Q}o",
    "/path",
    "\"\"",
    "a,b",
    "lua.x",
    "str(x)",
    "src",
    "hdr(host)",
    "int(1)",
    "if TRUE",
    "unless { src 1.2.3.4 }",
];

/// Samples of each type, with and without arguments.
const SAMPLES: &[&str] = &[
    "src",
    "dst_port",
    "path",
    "hdr(host)",
    "req.hdr_cnt(a)",
    "res.hdr(a)",
    "status",
    "str(a)",
    "int(1)",
    "bool(1)",
    "bin(00)",
    "ipv4(1.2.3.4)",
    "ipv6(::1)",
    "meth(GET)",
    "var(txn.a)",
    "url_param(a)",
    "req.cook(a)",
    "ssl_fc",
    "ssl_c_s_dn(CN)",
    "be_conn(b)",
    "nbsrv(b)",
    "srv_conn(b/s)",
    "sc0_get_gpc0",
    "sc_http_req_rate(0)",
    "table_size(b)",
    "src_conn_cnt(b)",
    "rand(10)",
    "date",
    "env(HOME)",
    "always_true",
    "method",
    "req.len",
    "req.payload(0,10)",
    "req.ssl_sni",
    "res.len",
    "fe_id",
    "be_id",
    "srv_id",
    "http_auth(u)",
    "wait_end",
    "capture.req.hdr(0)",
    "base32+src",
    "hdr_ip(x,1)",
    "hdr_ip(x,-20)",
    "urlp(a,&)",
    "uuid(4)",
    "last_rule_line",
    "txn.timer.user",
    "fc_rtt(us)",
    "bc_rtt",
    "distcc_param(a)",
    "nosuch",
    "nosuch(1)",
    "src(1)",
    "path(a)",
    "hdr()",
];

/// Converters of each kind.
const CONVERTERS: &[&str] = &[
    "lower",
    "upper",
    "add(1)",
    "sub(txn.a)",
    "mod(0)",
    "div(0)",
    "div(2)",
    "bytes(1)",
    "bytes(1,2)",
    "field(1,:)",
    "word(1,:)",
    "ipmask(24)",
    "ipmask(33)",
    "ipmask(24,64)",
    "len",
    "length",
    "hex",
    "hex2i",
    "base64",
    "b64dec",
    "ub64enc",
    "crc32",
    "crc32(1)",
    "djb2(a)",
    "sdbm",
    "wt6",
    "xxh32(1)",
    "xxh64",
    "regsub(a,b)",
    "regsub(a,b,gx)",
    "map(/dev/null)",
    "map_ip(/dev/null,1)",
    "map_str_int(/dev/null,a)",
    "in_table(t)",
    "table_conn_cnt(b)",
    "concat(a,txn.b,c)",
    "json",
    "json(utf8)",
    "json_query('$.a')",
    "json_query('a','int')",
    "strcmp(txn.a)",
    "secure_memcmp(txn.a)",
    "sha1",
    "sha2(256)",
    "sha2(1)",
    "digest(sha1)",
    "hmac(sha1,a)",
    "url_dec",
    "url_dec(1)",
    "url_enc",
    "url_enc(query)",
    "utime(%s)",
    "ltime(%s,1)",
    "http_date",
    "http_date(1,ms)",
    "ms_utime(%s)",
    "language(a;b)",
    "capture-req(0)",
    "set-var(txn.a)",
    "set-var(x.a)",
    "unset-var(txn.a)",
    "iif(a,b)",
    "not",
    "bool",
    "even",
    "odd",
    "neg",
    "cpl",
    "and(1)",
    "or(x)",
    "xor(1)",
    "mul(2)",
    "rtrim(a)",
    "ltrim(a)",
    "param(a)",
    "host_only",
    "port_only",
    "htonl",
    "be2dec(:,2)",
    "be2hex(:,2,1)",
    "ungrpc(1)",
    "protobuf(1,int32)",
    "jwt_header_query('$.a')",
    "mqtt_field_value(publish,topic)",
    "fix_is_valid",
    "add_item(:,txn.a)",
    "srv_queue",
    "quoted_string",
    "nosuch",
];

/// A change of a line: its kind and the new line.
pub(super) fn line(
    bases: &Bases,
    base: &Base,
    at: usize,
    draw: &mut Draw,
) -> Option<(&'static str, String)> {
    let line = base.lines.get(at)?;
    let words = words(line);
    if words.is_empty() {
        return None;
    }
    // The keyword itself is changed less often than what stands behind it.
    let any = match draw.chance(10) || words.len() == 1 {
        true => draw.below(words.len()),
        false => 1 + draw.below(words.len() - 1),
    };
    let word = words[any].clone();
    let with = |range: Range<usize>, text: &str| replaced(line, range, text);
    let indent = "    ";
    Some(match draw.below(16) {
        0 => ("a word is gone", with(word, "")),
        1 => (
            "a word stands twice",
            with(word.clone(), &[&line[word.clone()], &line[word]].join(" ")),
        ),
        2 | 3 => ("a word becomes a number", with(word, draw.one(NUMBERS))),
        4 => ("a word becomes another", with(word, draw.one(WORDS))),
        5 => ("a word from elsewhere", with(word, bases.word(draw))),
        6 => ("a word more", with(word.end..word.end, &format!(" {}", draw.one(WORDS)))),
        7 => ("a word more at the end", format!("{line} {}", bases.word(draw))),
        8 => ("a letter is gone", letter(line, word, draw)),
        9 => ("the line is cut", line[..word.start].to_owned()),
        10 => ("a word of another such line", {
            let other = bases.like(line, draw);
            let words = self::words(other);
            let from = words.get(any).or(words.last())?;
            with(word, &other[from.clone()])
        }),
        11 => {
            let other = &base.lines[draw.below(base.lines.len())];
            match draw.chance(50) {
                true => ("the line stands twice", format!("{line}\n{line}")),
                false => ("a line of the file before it", format!("{other}\n{line}")),
            }
        }
        12 => (
            "`no` or `default` before it",
            match draw.chance(70) {
                true => format!("{indent}no {}", line.trim_start()),
                false => format!("{indent}default {}", line.trim_start()),
            },
        ),
        13 => {
            let (other, _) = (bases.draw(draw), ());
            ("a line from elsewhere after it", format!("{line}\n{}", other.0.lines[other.1]))
        }
        14 => ("an argument in parentheses", argument(line, draw)?),
        _ => ("a sample", sample(line, draw)?),
    })
}

/// Words as they are written, quotes included, up to a comment.
fn words(line: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let (mut start, mut quote) = (None, None);
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (Some(open), _) => {
                if letter == open {
                    quote = None;
                }
            }
            (None, '"' | '\'') => {
                quote = Some(letter);
                start = start.or(Some(at));
            }
            (None, '#') => {
                words.extend(start.take().map(|start| start..at));
                return words;
            }
            (None, ' ' | '\t' | '\r') => words.extend(start.take().map(|start| start..at)),
            _ => start = start.or(Some(at)),
        }
    }
    words.extend(start.map(|start| start..line.len()));
    words
}

fn replaced(line: &str, range: Range<usize>, text: &str) -> String {
    format!("{}{text}{}", &line[..range.start], &line[range.end..])
}

fn letter(line: &str, word: Range<usize>, draw: &mut Draw) -> String {
    let letters: Vec<(usize, char)> = line[word.clone()].char_indices().collect();
    let (at, letter) = letters[draw.below(letters.len())];
    let start = word.start + at;
    replaced(line, start..start + letter.len_utf8(), "")
}

/// Another argument between two parentheses.
fn argument(line: &str, draw: &mut Draw) -> Option<String> {
    let opens: Vec<usize> = line.match_indices('(').map(|(at, _)| at + 1).collect();
    let open = *opens.get(draw.below(opens.len()))?;
    let close = open + line[open..].find(')')?;
    let inside = &line[open..close];
    let one = match draw.chance(50) {
        true => draw.one(NUMBERS),
        false => draw.one(&["", "txn.a", "a", "b", "-", "req.x", "t", "sess.x", "proc.x"]),
    };
    let text = match draw.below(3) {
        0 => one.to_owned(),
        1 => format!("{inside},{one}"),
        _ => inside.rsplit_once(',').map_or(one, |(most, _)| most).to_owned(),
    };
    Some(replaced(line, open..close, &text))
}

/// Another fetch, or a converter more, in an expression of the line.
fn sample(line: &str, draw: &mut Draw) -> Option<String> {
    let start = ["%[", "{ ", "!{ ", " on ", " src ", " path ", " hdr"]
        .iter()
        .filter_map(|mark| line.find(mark).map(|at| at + mark.len()))
        .min()
        .or_else(|| {
            words(line).get(2).filter(|_| line.trim_start().starts_with("acl")).map(|w| w.start)
        })?;
    let end = start + line[start..].find([' ', ']']).unwrap_or(line.len() - start);
    let text = match draw.below(3) {
        0 => format!("{},{}", &line[start..end], draw.one(CONVERTERS)),
        1 => draw.one(SAMPLES).to_owned(),
        _ => format!("{},{}", draw.one(SAMPLES), draw.one(CONVERTERS)),
    };
    Some(replaced(line, start..end, &text))
}

#[cfg(test)]
mod tests {
    use super::{replaced, words};

    #[test]
    fn words_keep_their_quotes_and_comments_are_no_words() {
        let line = " bind \"a b\":80 c'd e' # no";
        let found: Vec<&str> = words(line).into_iter().map(|word| &line[word]).collect();
        assert_eq!(found, ["bind", "\"a b\":80", "c'd e'"]);
        assert_eq!(replaced("a b c", 2..3, "x"), "a x c");
    }
}
