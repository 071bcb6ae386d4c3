//! Options of TLS on `bind` and `server` lines (manual 5.1, 5.2). They are refused; their words are checked.

use diag::{Diagnostic, Spanned, codes};

use super::shape::ON_OFF;
use super::{Info, Keyword, Places, Shape};
use crate::lower::{Directive, leading_number, spanned};
use crate::model::{Bind, ServerSettings, Tls};

const WHY: &str = "TLS is not built yet";

/// A line with settings of TLS.
pub(super) trait HasTls {
    fn tls(&mut self) -> &mut Tls;
}

impl HasTls for Bind {
    fn tls(&mut self) -> &mut Tls {
        self.tls.get_or_insert_default()
    }
}

impl HasTls for ServerSettings {
    fn tls(&mut self) -> &mut Tls {
        self.tls.get_or_insert_default()
    }
}

const fn refused<T>(
    name: &'static str,
    args: &'static str,
    doc: &'static str,
    lower: fn(&mut Directive<'_>, &mut T),
) -> Keyword<T> {
    Keyword::new(name, Places::INSIDE, args, "5.1", doc, lower).refused(WHY)
}

const fn flag<T>(name: &'static str, doc: &'static str) -> Keyword<T> {
    refused(name, "", doc, |_, _| {})
}

const fn value<T>(name: &'static str, args: &'static str, doc: &'static str) -> Keyword<T> {
    refused(name, args, doc, |line, _| {
        line.value("a value");
    })
}

const fn version<T>(name: &'static str, doc: &'static str) -> Keyword<T> {
    refused(name, "<version>", doc, |line, _| {
        let versions = ["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
        line.choice("a version of TLS", &versions.map(|name| (name, ())));
    })
}

/// What both kinds of lines take.
const fn common<T: HasTls>() -> [Keyword<T>; 23] {
    [
        refused("ssl", "", "speaks TLS", |line, to: &mut T| {
            to.tls().on = line.last().map(|word| Spanned::new(true, word.span));
        }),
        flag("allow-0rtt", "takes early data"),
        refused("alpn", "<protocols>", "protocols to agree on", |line, to: &mut T| {
            to.tls().alpn = line.value("a list of protocols").map(spanned);
        }),
        refused("ca-file", "<file>", "the authorities", |line, to: &mut T| {
            to.tls().authorities |= line.value("a file").is_some();
        }),
        refused("ciphers", "<list>", "ciphers up to TLS 1.2", |line, to: &mut T| {
            to.tls().ciphers = line.value("a list of ciphers").map(spanned);
        }),
        refused("ciphersuites", "<list>", "ciphers of TLS 1.3", |line, to: &mut T| {
            to.tls().ciphersuites = line.value("a list of ciphers").map(spanned);
        }),
        value("client-sigalgs", "<list>", "signatures of clients"),
        value("crl-file", "<file>", "certificates that were taken back"),
        refused("crt", "<file>", "the certificate", |line, to: &mut T| {
            to.tls().certificate |= line.value("a file").is_some();
        }),
        refused("curves", "<list>", "the curves", |line, to: &mut T| {
            to.tls().curves = line.value("a list of curves").map(spanned);
        }),
        flag("force-sslv3", "SSL 3.0 only"),
        flag("force-tlsv10", "TLS 1.0 only"),
        flag("force-tlsv11", "TLS 1.1 only"),
        flag("force-tlsv12", "TLS 1.2 only"),
        flag("force-tlsv13", "TLS 1.3 only"),
        refused("ktls", "on|off", "TLS in the kernel", |line, _| {
            line.skip(1);
        })
        .shaped(Shape::Experimental(&ON_OFF)),
        value("npn", "<protocols>", "protocols to agree on, the old way"),
        value("sigalgs", "<list>", "signatures"),
        version("ssl-max-ver", "the newest version"),
        version("ssl-min-ver", "the oldest version"),
        refused("verify", "none|required", "looks at certificates", verify)
            .ignored("only `ssl` lines read it, which are refused"),
        flag("tls-tickets", "sessions go on by tickets"),
        Keyword::new(
            "proto",
            Places::INSIDE,
            "<protocol>",
            "5.1",
            "the protocol, without asking",
            without_asking,
        ),
    ]
}

fn verify<T: HasTls>(line: &mut Directive<'_>, to: &mut T) {
    let Some(word) = line.value("`none` or `required`") else { return };
    let required = match word.text.as_ref() {
        "none" => false,
        "required" | "optional" => word.text == "required",
        _ => {
            line.not_one_of(word, "a way to look at certificates", &["none", "required"]);
            return;
        }
    };
    to.tls().verify = Some(Spanned::new(required, word.span));
}

/// Protocols over a connection. QUIC is left out: we judge for a HAProxy without it.
const PROTOCOLS: &[&str] = &["h1", "h2", "fcgi", "none", "spop"];
/// Those that 2.6 knows.
const OLD_PROTOCOLS: &[&str] = &["h1", "h2", "fcgi", "none"];

/// The name of a protocol over a connection. `None`: reported.
fn protocol(line: &mut Directive<'_>) -> Option<Spanned<String>> {
    let word = line.value("a protocol")?;
    let known = if line.target.is_2_6() { OLD_PROTOCOLS } else { PROTOCOLS };
    if known.contains(&word.text.as_ref()) {
        return Some(spanned(word));
    }
    line.not_one_of(word, "a protocol", known);
    None
}

/// `proto`: `h1` and `none` are what is spoken anyway.
fn without_asking<T: HasTls>(line: &mut Directive<'_>, to: &mut T) {
    let Some(read) = protocol(line) else { return };
    let Some(word) = line.last() else { return };
    match read.value.as_str() {
        "h1" | "none" => {}
        "h2" => line.refuse_as(codes::E0207, "HTTP/2 is not built yet", word),
        _ => line.refuse_as(codes::E0207, "this protocol is not built yet", word),
    }
    to.tls().proto = Some(read);
}

pub(super) const BIND_COMMON: [Keyword<Bind>; 23] = common();
pub(super) const SERVER_COMMON: [Keyword<ServerSettings>; 23] = common();

/// What `bind` lines take beside it.
pub(super) const BIND: &[Keyword<Bind>] = &[
    refused("ca-ignore-err", "<list>", "errors of authorities that count as none", error_list),
    value("ca-sign-file", "<file>", "the authority that signs certificates made here"),
    value("ca-sign-pass", "<text>", "its password"),
    flag("ca-sign-use-chain", "its chain is sent too")
        .shaped(Shape::Unknown("as distributions build it")),
    refused("ca-verify-file", "<file>", "more authorities", |line, to: &mut Bind| {
        to.tls().authorities |= line.value("a file").is_some();
    }),
    refused("crt-ignore-err", "<list>", "errors of certificates that count as none", error_list),
    refused("crt-list", "<file>", "certificates with their options", |line, to| {
        to.tls().certificate |= line.value("a file").is_some();
    }),
    refused("default-crt", "<file>", "the certificate for other names", |line, to| {
        to.tls().certificate |= line.value("a file").is_some();
    }),
    value("ech", "<dir>", "keys of encrypted hellos")
        .shaped(Shape::Unknown("as distributions build it: without encrypted hellos")),
    refused("ecdhe", "<curve>", "the curve, the old way", |line, to| {
        to.tls().curves = line.value("a curve").map(spanned);
    }),
    refused("generate-certificates", "", "makes certificates by name", |_, to| {
        to.tls().certificate = true;
    }),
    flag("no-alpn", "agrees on nothing"),
    flag("no-ca-names", "tells no names of authorities"),
    flag("no-sslv3", "not SSL 3.0"),
    refused("no-strict-sni", "", "a name without a certificate gets the first", |_, _| {}),
    flag("no-tls-tickets", "sessions do not go on by tickets"),
    flag("no-tlsv10", "not TLS 1.0"),
    flag("no-tlsv11", "not TLS 1.1"),
    flag("no-tlsv12", "not TLS 1.2"),
    flag("no-tlsv13", "not TLS 1.3"),
    flag("prefer-client-ciphers", "the client's order counts"),
    refused("strict-sni", "", "no name, no connection", |_, to: &mut Bind| {
        to.tls().certificate = true;
    }),
    value("tls-ticket-keys", "<file>", "keys of tickets"),
];

/// What `server` lines take beside it.
pub(super) const SERVER: &[Keyword<ServerSettings>] = &[
    value("check-alpn", "<protocols>", "protocols of checks"),
    value("check-sni", "<name>", "the name that checks ask for"),
    flag("check-sni-auto", "checks ask for the name in `Host`"),
    refused("check-ssl", "", "checks speak TLS", |line, to| {
        to.tls().check = line.last().map(|word| Spanned::new(true, word.span));
    }),
    refused("sni", "<expr>", "the name that is asked for", |line, _| expression(line)),
    flag("sni-auto", "the name in `Host` is asked for"),
    value("verifyhost", "<name>", "the name that its certificate must have"),
    refused("check-proto", "<protocol>", "the protocol of checks", |line, to| {
        to.tls().check_proto = protocol(line);
    }),
    refused("ws", "auto|h1|h2", "the protocol of WebSockets", |line, _| {
        line.choice("a protocol", &[("auto", ()), ("h1", ()), ("h2", ())]);
    }),
    refused("no-ssl", "", "speaks no TLS", |line, to: &mut ServerSettings| {
        to.tls().on = line.last().map(|word| Spanned::new(false, word.span));
    })
    .ignored("there is no TLS to switch off"),
    refused("no-check-ssl", "", "checks speak no TLS", |line, to: &mut ServerSettings| {
        to.tls().check = line.last().map(|word| Spanned::new(false, word.span));
    })
    .ignored("there is no TLS to switch off"),
];

/// One word is the whole expression: what follows is the next option. `default-server` only keeps the text.
pub(super) fn expression(line: &mut Directive<'_>) {
    let Some(word) = line.value("an expression") else { return };
    if line.phrase() != "default-server" {
        let read = config_parse::expr::parse(word);
        let read = line.keep(read);
        line.samples.extend(read);
    }
}

/// `all`, or numbers and names of OpenSSL's errors.
fn error_list(line: &mut Directive<'_>, _: &mut Bind) {
    let Some(word) = line.value("a list of errors") else { return };
    let named = !line.target.is_2_6();
    let is_error = |part: &str| {
        (1..=94).contains(&leading_number(part)) || named && part.starts_with("X509_V_ERR_")
    };
    if word.text != "all" && !word.text.split(',').all(is_error) {
        let message = format!("`{}` is not a list of errors", word.text);
        let finding = Diagnostic::new(codes::E0301, word.span, message);
        line.report(finding.help("`all`, or numbers from 1 to 94, separated by commas"));
    }
}

/// Whether a list of ciphers names any that OpenSSL may know.
///
/// OpenSSL passes over what it does not know, and fails when nothing is left.
pub(crate) fn knows_a_cipher(list: &str) -> bool {
    const PARTS: &[&str] = &[
        "AES", "CHACHA20", "DES", "RC4", "HIGH", "MEDIUM", "LOW", "ALL", "DEFAULT", "ECDH", "DHE",
        "EDH", "RSA", "NULL", "SHA", "MD5", "CAMELLIA", "PSK", "TLSv1", "SSLv3", "FIPS", "SUITEB",
        "ARIA", "SEED", "IDEA", "EXP", "ADH", "SRP", "GOST", "ECDSA", "CBC", "DSS",
    ];
    list.split([':', ',', ' ']).any(|item| {
        let item = item.trim_start_matches(['!', '-', '+', '@']);
        !item.contains('=') && PARTS.iter().any(|part| item.contains(part))
    })
}

/// Whether a list of ciphers of TLS 1.3 names any.
pub(crate) fn knows_a_ciphersuite(list: &str) -> bool {
    const SUITES: &[&str] = &[
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ];
    list.split(':').any(|name| SUITES.contains(&name))
}

/// Whether OpenSSL knows every curve of a list.
pub(crate) fn knows_curves(list: &str) -> bool {
    const CURVES: &[&str] = &[
        "x25519",
        "x448",
        "p-256",
        "p-384",
        "p-521",
        "p-224",
        "p-192",
        "prime256v1",
        "prime192v1",
        "secp224r1",
        "secp256r1",
        "secp256k1",
        "secp384r1",
        "secp521r1",
        "secp192k1",
        "secp224k1",
        "sect",
        "brainpoolp",
        "ffdhe",
        "x25519mlkem768",
        "secp256r1mlkem768",
        "mlkem",
        "auto",
        "default",
    ];
    list.split(':').all(|curve| {
        let curve = curve.trim_start_matches(['?', '*', '-', '/']).to_ascii_lowercase();
        CURVES.iter().any(|known| curve.starts_with(known))
    })
}

/// Options of the lines of a `crt-list` file: those of `bind` that belong to one certificate.
const CRT_LIST: &[&str] = &[
    "allow-0rtt",
    "alpn",
    "ca-file",
    "ca-verify-file",
    "ciphers",
    "ciphersuites",
    "client-sigalgs",
    "crl-file",
    "curves",
    "ecdhe",
    "ktls",
    "no-alpn",
    "no-ca-names",
    "npn",
    "sigalgs",
    "ssl-max-ver",
    "ssl-min-ver",
    "verify",
];

/// Their entries.
pub(super) fn crt_list() -> impl Iterator<Item = Info> {
    let known =
        |name: &&'static str| BIND_COMMON.iter().chain(BIND).find(|known| known.name == *name);
    CRT_LIST.iter().filter_map(known).map(|keyword| Info {
        area: "crt-list",
        name: keyword.name,
        args: keyword.arguments(),
        places: None,
        rule_sets: Vec::new(),
        newer_than_2_6: super::than_2_6("bind option", keyword.name),
        status: super::Status::Refused(diag::codes::E0207, WHY),
        manual: keyword.manual,
        doc: keyword.doc,
    })
}
