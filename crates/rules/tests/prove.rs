//! What is proved of rules, as sentences; and that no proof is contradicted by any request.

mod support;

use config::Target;
use config_parse::env::Environment;
use proptest::prelude::*;
use rules::{Event, Outcome};
use support::{Lab, World, exchange};

/// The proofs about a frontend with these lines: `line CODE line-of-the-reason`.
fn proofs(lines: &str) -> Vec<String> {
    let text = format!(
        "frontend fe\n{lines}\n default_backend z\nbackend a\n mode http\n server s 192.0.2.1:1\n\
         backend z\n mode http\n server s 192.0.2.1:1\n"
    )
    .replacen('\n', "\n mode http\n bind :80\n", 1);
    let files = [(String::from("cfg"), text.into_bytes())];
    let loaded = config::load(files, &Environment::of_version("2.6.12"), Target::HaProxy(2, 6));
    let (_, found) = rules::compile(loaded.config, &|_| Ok(Vec::new()));
    let proved =
        found.iter().filter(|one| ["W0604", "W0606", "W0607"].contains(&one.code.as_str()));
    let line = |span| loaded.sources.line(span) - 3;
    proved
        .map(|one| {
            let by = one.related.first().map_or(String::new(), |r| format!(" {}", line(r.span)));
            format!("{} {}{by}", line(one.span), one.code)
        })
        .collect()
}

#[test]
fn a_rule_behind_one_that_covers_it_is_never_reached() {
    assert_eq!(
        proofs(
            "use_backend a if { path_beg /api }\n use_backend z if { path_beg /api/v1 } { method GET }"
        ),
        ["2 W0604 1"]
    );
    assert_eq!(
        proofs("http-request deny if { src 10.0.0.0/8 }\n use_backend a if { src 10.1.0.0/16 }"),
        ["2 W0604 1"]
    );
    assert_eq!(
        proofs("http-request deny\n http-request set-header a b\n use_backend a"),
        ["2 W0604 1"]
    );
    assert_eq!(
        proofs(
            "use_backend a if { hdr(host) -i A.example }\n use_backend z if { hdr(Host) -i a.EXAMPLE }"
        ),
        ["2 W0604 1"]
    );
}

#[test]
fn a_rule_that_may_be_reached_is_left_alone() {
    for lines in [
        "use_backend a if { path_beg /api/v1 }\n use_backend z if { path_beg /api }",
        "use_backend a if { hdr(host) A }\n use_backend z if { hdr(host) -i a }",
        "use_backend a if { path_reg ^/a }\n use_backend z if { path_beg /a }",
        "http-request deny if { path /a }\n http-request set-path /a\n use_backend a if { path /a }",
        "http-request allow if { path /a }\n http-request deny if { path_beg /a }\n use_backend a if { path /a }",
        "http-request deny if { sc0_get_gpc0 gt 1 }\n http-request deny if { sc0_get_gpc0 gt 1 }",
        "http-request redirect location %[hdr(x)] ignore-empty if { path /a }\n use_backend a if { path /a }",
    ] {
        assert_eq!(proofs(lines), [""; 0], "{lines}");
    }
}

#[test]
fn conditions_that_are_the_same_for_every_request_are_told() {
    assert_eq!(proofs("use_backend a if { path /a } { path /b }"), ["1 W0606 1"]);
    assert_eq!(proofs("use_backend a if METH_POST { method GET }"), ["1 W0606 1"]);
    assert_eq!(proofs("use_backend a if { dst_port 80:90 } { dst_port 443 }"), ["1 W0606 1"]);
    assert_eq!(proofs("use_backend a if { hdr(x) a } !{ hdr(x) -m found }"), ["1 W0606 1"]);
    assert_eq!(proofs("use_backend a if { dst_port gt 80 } { dst_port 443 }"), [""; 0]);
    assert_eq!(proofs("http-request deny if !{ src 10.0.0.1 } || !{ src 10.0.0.2 }"), ["1 W0607"]);
    assert_eq!(proofs("use_backend a if { hdr(x) a } { hdr(x) b }"), [""; 0], "there may be two");
}

fn term() -> impl Strategy<Value = String> {
    let test = prop_oneof![
        "path(|_beg|_end|_sub) (-i )?/[aA](/|b)?( /a)?",
        "method (GET|POST)( HEAD)?",
        "src 192\\.0\\.2\\.(0/24|7|8|4/30)",
        "hdr(_beg|_sub)?\\(x\\) (-i )?[aAb]{1,2}",
        "path_reg \\^/a",
        "hdr\\(x\\) -m found",
        "(src|dst)_port (80|443|80:90|1024:65535)( 8080)?",
    ];
    (any::<bool>(), test)
        .prop_map(|(not, test)| format!("{}{{ {test} }}", if not { "!" } else { "" }))
}

fn condition() -> impl Strategy<Value = String> {
    let all = prop::collection::vec(term(), 1..3).prop_map(|terms| terms.join(" "));
    let ored = prop::collection::vec(all, 1..3).prop_map(|all| all.join(" or "));
    (any::<bool>(), ored)
        .prop_map(|(unless, any)| format!("{} {any}", if unless { "unless" } else { "if" }))
}

fn rule() -> impl Strategy<Value = String> {
    let action = prop::sample::select(vec![
        "http-request deny",
        "http-request allow",
        "http-request set-path /a",
        "http-request set-header x a",
        "http-request set-method GET",
        "redirect location /",
        "use_backend a",
    ]);
    // Now and then a rule without a condition, behind which nothing is reached.
    let condition = prop_oneof![9 => condition(), 1 => Just(String::new())];
    (action, condition).prop_map(|(action, condition)| format!(" {action} {condition}"))
}

/// `PROVE_CASES=10000` makes the long run.
fn cases() -> u32 {
    std::env::var("PROVE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn no_rule_that_is_called_unreachable_is_ever_taken(
        rules in prop::collection::vec(rule(), 2..7),
        requests in prop::collection::vec("(GET|POST|HEAD) /([aA](/|b|/a)?)? HTTP/1\\.1\r\nHost: h(\r\nX: [aAb]{1,2}(,[ab])?)?\r\n\r\n", 24),
    ) {
        let lines = rules.join("\n");
        let dead: Vec<String> = proofs(&lines);
        let text = format!(
            "frontend fe\n mode http\n bind :80\n{lines}\n default_backend z\nbackend a\n mode http\n server s 192.0.2.1:1\n\
             backend z\n mode http\n server s 192.0.2.1:1\n"
        );
        let lab = Lab::new(&text);
        let never = rules::never_taken(lab.program.config());
        for raw in &requests {
            let mut trace = Vec::new();
            exchange(&lab, &World::new(&lab), raw, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", &mut trace);
            for event in &trace {
                let Event::Rule { span, outcome, .. } = event else { continue };
                let taken = *outcome == Outcome::Taken;
                prop_assert!(!(taken && never.contains_key(span)), "a dead rule is taken by {raw}\n{text}");
                let line = lab.sources.line(*span).saturating_sub(3);
                let said = |code: &str| dead.iter().any(|one| one.starts_with(&format!("{line} {code}")));
                prop_assert!(!(taken && (said("W0604") || said("W0606"))), "{line} taken by {raw}\n{text}{dead:?}");
                prop_assert!(!(*outcome == Outcome::NotTaken && said("W0607")), "{line} not taken by {raw}\n{text}{dead:?}");
            }
        }
    }
}
