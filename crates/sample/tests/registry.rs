//! The registries against each other, and what compiling says of names, arguments, types and places.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use std::collections::BTreeSet;

use config_parse::env::Environment;
use config_parse::expr::parse;
use config_parse::tree::Word;
use diag::Span;
use sample::{
    CaptureSlots, CompileEnv, Compiled, Misplaced, NoMaps, NoNames, Place, Type, VarNames, registry,
};

fn compile(place: Place, text: &str, misplaced: Misplaced) -> (Result<Compiled, String>, String) {
    let (mut vars, mut draws) = (VarNames::default(), 0);
    let environment = Environment::default();
    let mut env = CompileEnv {
        place,
        names: &NoNames,
        vars: &mut vars,
        captures: CaptureSlots::default(),
        files: &|_| Err(String::from("no such file")),
        lists: &sample::lists::Lists::default(),
        maps: &NoMaps,
        env: &environment,
        draws: &mut draws,
        warnings: Vec::new(),
    };
    let say = |finding: &diag::Diagnostic| {
        let help = finding.help.as_deref().map_or(String::new(), |help| format!(" ({help})"));
        format!("{}: {}{help}", finding.code, finding.message)
    };
    let tree = parse(&Word::new(text, Span::default())).unwrap();
    let compiled = sample::compile::expr_where(&tree, &mut env, misplaced)
        .map_err(|findings| findings.iter().map(say).collect::<Vec<_>>().join("; "));
    let warnings: Vec<_> = env.warnings.iter().map(say).collect();
    (compiled, warnings.join("; "))
}

#[track_caller]
fn refuses(text: &str, expected: &str) {
    let (compiled, _) = compile(Place::FrontendHttpRequest, text, Misplaced::Refuse);
    assert_eq!(compiled.unwrap_err(), expected, "{text}");
}

#[test]
fn every_name_is_there_once() {
    let fetches: Vec<_> = registry::fetches().map(|(_, entry)| entry.name).collect();
    let converters: Vec<_> = registry::converters().map(|entry| entry.name).collect();
    for names in [&fetches, &converters] {
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
    for name in fetches {
        assert_eq!(registry::fetch_not_built(name), None, "{name}");
    }
    for name in converters {
        assert_eq!(registry::converter_not_built(name), None, "{name}");
    }
}

#[test]
fn every_entry_says_what_it_is() {
    for (section, entry) in registry::fetches() {
        assert!(section.starts_with("7.3."), "{}", entry.name);
        assert!(!entry.doc.is_empty() && !entry.doc.ends_with('.'), "{}", entry.name);
        assert!(entry.required <= entry.args.len(), "{}", entry.name);
    }
    for entry in registry::converters() {
        assert!(!entry.doc.is_empty() && !entry.doc.ends_with('.'), "{}", entry.name);
        assert!(entry.required <= entry.args.len(), "{}", entry.name);
    }
}

#[test]
fn names_are_known_guessed_or_refused_by_their_part() {
    refuses("pathh", "E0501: no sample fetch is named `pathh` (did you mean `path`?)");
    refuses("path,lowr", "E0502: no converter is named `lowr` (did you mean `lower`?)");
    refuses(
        "sc_http_req_rate(0)",
        "E0207: the sample fetch `sc_http_req_rate` needs stick tables, which proxyd does not have yet",
    );
    refuses(
        "ssl_fc_sni",
        "E0207: the sample fetch `ssl_fc_sni` needs TLS, which proxyd does not have yet",
    );
    refuses("lua.x", "E0207: the sample fetch `lua.x` needs Lua, which proxyd does not have yet");
    refuses(
        "path,jwt_verify_cert(a,b)",
        "E0207: the converter `jwt_verify_cert` needs JSON Web Tokens, which proxyd does not have yet",
    );
}

#[test]
fn arguments_have_kinds() {
    refuses("path(1)", "E0503: `path` takes no argument");
    refuses("req.hdr(a,b)", "E0503: `b` is no integer");
    refuses("req.hdr(a,1,2)", "E0503: `req.hdr` takes at most 2 arguments");
    refuses("req.hdr(a,-11)", "E0503: occurrences are counted back to -10 and no further");
    refuses("int(0x10)", "E0503: `0x10` is no integer");
    refuses("int", "E0503: `int` needs an argument: integer");
    refuses("path,field(0,.)", "E0503: parts are counted from 1, or from -1 at the end");
    refuses("src,ipmask(33)", "E0503: `33` is no IPv4 mask");
    refuses("path,add(x)", "E0503: `x` is no integer or variable");
    refuses("nbsrv(nowhere)", "E0401: no backend is named `nowhere`");
    refuses("path,map(/nope)", "E0701: `/nope` cannot be read: no such file");
    refuses(
        "path,map_str_int(/nope,x)",
        "E0701: `/nope` cannot be read: no such file; E0503: `x` is no value of this map's type",
    );
    refuses(
        "path,map_str_ip(/nope,10.1)",
        "E0701: `/nope` cannot be read: no such file; E0503: `10.1` is no value of this map's type",
    );
    refuses("req.payload_lv(-1,2)", "E0503: the offset of the length is 0 or more");
    refuses("req.payload_lv(0,0)", "E0503: a length has at least one byte");
    refuses("path,json_query()", "E0503: a JSON path is not empty");
    refuses("path,sha2(100)", "E0503: `sha2` has 224, 256, 384 or 512 bits");
    refuses("bool(maybe)", "E0503: `bool` takes `true`, `false`, `1` or `0`");
    refuses(
        "var(x)",
        "E0503: `x` is no name of a variable (begin it with a scope: `proc.`, `sess.`, `txn.`, \
         `req.`, `res.` or `check.`)",
    );
}

#[test]
fn types_are_followed_through_the_chain() {
    refuses(
        "req.body,add(1)",
        "E0504: the converter `add` takes an integer, and what stands before it gives a binary block",
    );
    refuses(
        "ipv6(::1),not",
        "E0504: the converter `not` takes an integer, and what stands before it gives an IPv6 address",
    );
    for (text, out) in [
        ("path,length", Type::Int),
        ("path,sha1,hex", Type::Str),
        ("src,ipmask(8)", Type::Addr),
        ("path,debug", Type::Str),
        ("var(txn.x)", Type::Any),
        ("bool(true),sha1", Type::Bin),
    ] {
        let (compiled, _) = compile(Place::FrontendHttpRequest, text, Misplaced::Refuse);
        assert_eq!(compiled.unwrap().output(), out, "{text}");
    }
}

#[test]
fn a_place_without_a_value_refuses_an_action_and_warns_an_acl() {
    let place = Place::FrontendHttpResponse;
    let (compiled, _) = compile(place, "path", Misplaced::Refuse);
    assert!(
        compiled.unwrap_err().starts_with("E0505: `path` has no value in a frontend http-resp")
    );
    let (compiled, warnings) = compile(place, "path", Misplaced::Warn);
    assert!(compiled.unwrap().is_absent());
    assert!(warnings.starts_with("W0512: `path` has no value in a frontend http-response"));
    let (compiled, warnings) = compile(place, "method", Misplaced::Warn);
    assert!(!compiled.unwrap().is_absent() && warnings.is_empty());
}

#[test]
fn hdr_alone_is_the_message_at_hand() {
    for (place, expected) in
        [(Place::FrontendHttpRequest, "req.hdr"), (Place::BackendHttpResponse, "res.hdr")]
    {
        let (compiled, _) = compile(place, "hdr(host)", Misplaced::Refuse);
        assert_eq!(compiled.unwrap().fetch_name(), expected);
    }
}
