//! What words hold: expressions, log formats, addresses, quantities. Each table's right column is what
//! HAProxy 2.6.12 says of the same text, as far as the text alone can tell.

use std::time::Duration;

use config_parse::address::{self, Address, AddressKind, Family, Host, Ports};
use config_parse::expr::{self, Call, Expr};
use config_parse::log_format::{self, Piece};
use config_parse::quantity::{self, QuantityError, Unit};
use config_parse::tree::Word;
use diag::{Diagnostic, FileId, Span};

fn word(text: &str) -> Word<'_> {
    Word::new(text, Span::new(FileId(0), 0, text.len() as u32))
}

/// `E0503 4-7`: the code and the columns, from 1.
fn refusal(finding: &Diagnostic) -> String {
    format!("{} {}-{}", finding.code, finding.span.start + 1, finding.span.end)
}

fn show_call(call: &Call) -> String {
    let name = &call.name.value;
    match &call.args {
        None => name.clone(),
        Some(args) => {
            let args: Vec<String> = args.iter().map(|arg| format!("<{}>", arg.value)).collect();
            format!("{name}({})", args.join(""))
        }
    }
}

fn show_expr(expr: &Expr) -> String {
    let calls: Vec<String> =
        std::iter::once(&expr.fetch).chain(&expr.converters).map(show_call).collect();
    calls.join(" | ")
}

#[track_caller]
fn check_expr(text: &str, expect: &str) {
    let got = match expr::parse(&word(text)) {
        Ok(expr) => show_expr(&expr),
        Err(finding) => refusal(&finding),
    };
    assert_eq!(got, expect, "{text}");
}

#[test]
fn an_expression_is_a_fetch_and_converters() {
    check_expr("src", "src");
    check_expr("req.hdr(host),lower,field(1,:)", "req.hdr(<host>) | lower | field(<1><:>)");
    check_expr("src()", "src()");
    check_expr("a+b:c-d.e_f", "a+b:c-d.e_f");
    check_expr("src,,lower,", "src | lower");
    check_expr("hdr( a ,)", "hdr(< a ><>)");
}

#[test]
fn quotes_and_backslashes_in_arguments_are_those_of_the_manual() {
    check_expr(r#"regsub("(a|b)",c,g)"#, "regsub(<(a|b)><c><g>)");
    check_expr("regsub((a|b),c)", "E0503 15-15");
    check_expr(r#"str('a,b'"c)d"e)"#, "str(<a,bc)de>)");
    check_expr(r"str(\'a\')", "str(<'a'>)");
    check_expr(r#"str(a\,b,"x\,y\"z\\")"#, r#"str(<a\><b><x\,y"z\>)"#);
    check_expr(r"str(a\nb\t\q\ \#)", "str(<a\nb\t\\q \\#>)");
    check_expr(r"regsub('\d',\1)", r"regsub(<\d><\1>)");
    check_expr("str((,\\()", "str(<(><\\(>)");
}

#[test]
fn an_expression_that_cannot_be_read_says_where() {
    check_expr("", "E0501 1-0");
    check_expr(",lower", "E0501 1-1");
    check_expr("(a)", "E0501 1-3");
    check_expr("hdr(a", "E0503 4-5");
    check_expr(r#"str("a,b)"#, "E0503 4-9");
    check_expr("hdr(a)b", "E0503 7-7");
    check_expr("src lower", "E0503 4-9");
    check_expr("src, lower", "E0503 5-10");
}

#[test]
fn converters_may_be_words_of_their_own() {
    let words: Vec<Word<'_>> =
        ["src", "ipmask(24),lower", "hex", "table", "t"].into_iter().map(word).collect();
    let known = |name: &str| matches!(name, "ipmask" | "lower" | "hex");
    let (expr, taken) = expr::parse_words(&words, &known).expect("an expression");
    assert_eq!((show_expr(&expr).as_str(), taken), ("src | ipmask(<24>) | lower | hex", 3));
}

#[track_caller]
fn check_format(text: &str, expect: &str) {
    let got = match log_format::parse(&word(text)) {
        Err(finding) => refusal(&finding),
        Ok(format) => format.pieces.iter().map(show_piece).collect(),
    };
    assert_eq!(got, expect, "{text}");
}

fn show_piece(piece: &Piece) -> String {
    let (inside, flags, label) = match piece {
        Piece::Text(text) => return format!("<{text}>"),
        Piece::Alias { name, flags, label, .. } => (name.value.clone(), flags, label),
        Piece::Expr { expr, flags, label, .. } => (format!("[{}]", show_expr(expr)), flags, label),
    };
    let mut marks = String::new();
    for (set, letter) in [(flags.quote, 'Q'), (flags.hex, 'X'), (flags.escape, 'E')] {
        if let Some(on) = set {
            marks.push(if on { '+' } else { '-' });
            marks.push(letter);
        }
    }
    let label = label.as_ref().map(|label| format!("({}:{:?})", label.name, label.kind));
    format!("{{{marks}{}{inside}}}", label.unwrap_or_default())
}

#[test]
fn a_log_format_is_text_aliases_and_expressions() {
    check_format("", "");
    check_format("a b  c", "<a b  c>");
    check_format("%ci:%cp 100%%", "{ci}<:>{cp}< 100%>");
    check_format("%{+Q,-X,+Z, +E }r%o", "{+Q-X+Er}{o}");
    check_format("%[req.hdr(a),lower]x", "{[req.hdr(<a>) | lower]}<x>");
    check_format("%{+Q}[src]%[src]]", "{+Q[src]}{[src]}<]>");
    check_format("%[str(])]%[str(\"]\")]", "{[str(<]>)]}{[str(<]>)]}");
    check_format("%-x%.y%%%ci%_", "<%-x%.y%>{ci}<%_>");
    check_format("%(n:sint)ci%(m)[src]", "{(n:Some(\"sint\"))ci}{(m:None)[src]}");
}

#[test]
fn a_log_format_that_is_cut_off_is_refused() {
    for (text, expect) in [
        ("a%", "E0306 2-2"),
        ("%{", "E0306 1-2"),
        ("%{+Q", "E0306 1-4"),
        ("%{+Q} ci", "E0306 1-8"),
        ("a% b", "E0306 2-4"),
        ("%1", "E0306 1-2"),
        ("%[src", "E0306 3-5"),
        ("%[src ]", "E0503 6-6"),
        ("%[]", "E0501 2-3"),
        ("%[hdr(a]", "E0503 6-7"),
        ("%[hdr(a)x]", "E0503 9-9"),
        ("%[ src]", "E0501 3-6"),
        ("%(n){+Q}[src", "E0306 10-12"),
        ("%{a[b}", "E0306 1-6"),
        ("x %[src] %(n", "E0306 10-12"),
    ] {
        check_format(text, expect);
    }
}

#[track_caller]
fn check_address(text: &str, expect: &str) {
    let got = match address::parse(&word(text)) {
        Ok(address) => show_address(&address),
        Err(finding) => finding.code.to_string(),
    };
    assert_eq!(got, expect, "{text}");
}

fn show_address(address: &Address) -> String {
    let (family, host, ports, datagram) = match &address.kind {
        AddressKind::Inet { family, host, ports, datagram } => (family, host, ports, datagram),
        other => return format!("{other:?}"),
    };
    let family = match family {
        Family::Any => "",
        Family::V4 => "4 ",
        Family::V6 => "6 ",
    };
    let host = match host {
        Host::Any => String::from("any"),
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => format!("name {name}"),
    };
    let ports = match ports {
        Ports::Unset => String::from("none"),
        Ports::One(port) => port.to_string(),
        Ports::Range(first, last) => format!("{first}-{last}"),
        Ports::Offset(by) => format!("{by:+}"),
    };
    format!("{}{family}{host} {ports}", if *datagram { "udp " } else { "" })
}

#[test]
fn addresses_of_every_form() {
    for (text, expect) in [
        ("*:80", "any 80"),
        (":80", "any 80"),
        ("[::]:80", ":: 80"),
        (":::80", ":: 80"),
        ("::1:80", "::1 80"),
        ("2001:db8::1:80", "2001:db8::1 80"),
        ("::ffff:1.2.3.4:80", "::ffff:1.2.3.4 80"),
        ("[::1]", "::1 none"),
        ("[1.2.3.4]:80", "1.2.3.4 80"),
        ("1.2.3.4", "1.2.3.4 none"),
        ("1.2.3.4:", "1.2.3.4 none"),
        ("1.2.3.4:80-90", "1.2.3.4 80-90"),
        ("1.2.3.4:+1", "1.2.3.4 +1"),
        ("1.2.3.4:-1", "1.2.3.4 -1"),
        ("1.2.3.4:080", "1.2.3.4 80"),
        ("1.2.3.4:80x", "1.2.3.4 80"),
        ("localhost:80", "name localhost 80"),
        ("ipv4@:80", "4 any 80"),
        ("ipv6@*:80", "6 any 80"),
        ("tcp@1.2.3.4:80", "1.2.3.4 80"),
        ("udp4@:514", "udp 4 any 514"),
        ("dgram+ipv6@[::1]:514", "udp 6 ::1 514"),
        ("/run/x", "Unix(\"/run/x\")"),
        ("unix@x", "Unix(\"x\")"),
        ("uxst@/x", "Unix(\"/x\")"),
        ("uxdg@/x", "UnixDatagram(\"/x\")"),
        ("abns@x", "Abns(\"x\")"),
        ("fd@3", "Fd(3)"),
        ("abnsz@x", "Abnsz(\"x\")"),
        ("sockpair@3", "Other(\"sockpair@3\")"),
        ("quic4@:443", "Other(\"quic4@:443\")"),
        ("rhttp@be/srv", "Other(\"rhttp@be/srv\")"),
    ] {
        check_address(text, expect);
    }
}

#[test]
fn addresses_that_no_place_takes() {
    for text in [
        "fd@x",
        "fd@",
        "ipv4@[::1]:80",
        "ipv6@1.2.3.4:80",
        "[::1]:80-",
        "1.2.3.4:80-70",
        "1.2.3.4:65536",
        "1.2.3.4:1-70000",
        "1.2.3.4:x",
        "*:*",
        "1.2.3.4: 80",
        "2001:db8::1",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[*]:80",
        "a:b:80",
        "::",
        "1:2:3:4:5:6:7:8",
    ] {
        check_address(text, "E0305");
    }
}

#[test]
fn a_list_of_addresses_may_end_in_a_comma_and_not_begin_with_one() {
    let count = |text| address::parse_list(&word(text)).map(|list| list.len()).ok();
    assert_eq!(count(":80,:81"), Some(2));
    assert_eq!(count(":80,"), Some(1));
    assert_eq!(count(",:80"), None);
}

#[test]
fn durations_round_up_to_the_unit_of_their_place() {
    use QuantityError::{NotANumber, TooLarge, Trailing, UnknownUnit};
    let ms = |n| Ok(Duration::from_millis(n));
    for (text, expect) in [
        ("10", ms(10)),
        ("10s", ms(10_000)),
        ("1m", ms(60_000)),
        ("1h", ms(3_600_000)),
        ("24d", ms(2_073_600_000)),
        ("1us", ms(1)),
        ("1001us", ms(2)),
        ("00010", ms(10)),
        ("2147483647", ms(2_147_483_647)),
        ("2147483648", Err(TooLarge)),
        ("25d", Err(TooLarge)),
        ("999999999999999999999", Err(TooLarge)),
        ("", Err(NotANumber)),
        ("s", Err(NotANumber)),
        ("-1", Err(NotANumber)),
        ("1.5s", Err(UnknownUnit(1))),
        ("1S", Err(UnknownUnit(1))),
        ("1w", Err(UnknownUnit(1))),
        ("24h30m", Err(Trailing(3))),
    ] {
        assert_eq!(quantity::duration(text, Unit::Millisecond), expect, "{text}");
    }
    assert_eq!(quantity::duration("25d", Unit::Second), Ok(Duration::from_secs(25 * 86_400)));
    assert_eq!(quantity::duration("10ms", Unit::Second), Ok(Duration::from_secs(1)));
}

#[test]
fn sizes_take_units_in_either_case() {
    use QuantityError::{NotANumber, TooLarge, Trailing, UnknownUnit};
    for (text, expect) in [
        ("16384", Ok(16384)),
        ("64k", Ok(65536)),
        ("1M", Ok(1 << 20)),
        ("2g", Ok(2 << 30)),
        ("1t", Err(UnknownUnit(1))),
        ("1kb", Err(Trailing(2))),
        ("k", Err(NotANumber)),
        ("99999999999999999999", Err(TooLarge)),
        ("99999999999g", Err(TooLarge)),
    ] {
        assert_eq!(quantity::size(text), expect, "{text}");
    }
}
