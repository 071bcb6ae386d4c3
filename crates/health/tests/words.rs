//! Log lines, word for word as HAProxy 2.6.12 wrote them.

use expect_test::{Expect, expect};
use health::{
    AdminOrder, BackendView, CheckResult, CheckSettings, CheckStatus, Health, HealthOrder, LogLine,
    ServerLabel,
};

const SERVER: ServerLabel<'_> = ServerLabel { backend: "be", server: "s1", backup: false };

/// Applies `steps` and renders the lines of the last one with their levels.
#[track_caller]
fn check(log_checks: bool, view: BackendView, steps: &[Do], expected: Expect) {
    let mut health = Health::checked(&CheckSettings::default());
    let mut lines: Vec<LogLine> = Vec::new();
    for step in steps {
        lines.clear();
        let transition = match step {
            Do::See(result) => {
                let observed = health.observe(result);
                if let Some(report) = observed.report.filter(|_| log_checks) {
                    lines.push(report.line(SERVER));
                }
                observed.transition
            }
            Do::Order(order) => health.order(*order),
            Do::Health(order) => health.order_health(*order),
        };
        if let Some(transition) = transition {
            lines.extend(transition.lines(SERVER, &view, log_checks));
        }
    }
    let text: Vec<String> =
        lines.iter().map(|line| format!("{} {}\n", line.level as u8, line.text)).collect();
    expected.assert_eq(&text.concat());
}

enum Do {
    See(CheckResult),
    Order(AdminOrder),
    Health(HealthOrder),
}

fn pass() -> Do {
    Do::See(CheckResult::new(CheckStatus::L7Ok).with_code(200))
}

fn fail() -> Do {
    Do::See(CheckResult::new(CheckStatus::L7Status).with_code(500).with_info("x"))
}

const NONE: BackendView = BackendView { active: 0, backup: 0, streams: 0, requeued: 0, queued: 0 };
const ONE: BackendView = BackendView { active: 1, ..NONE };

#[test]
fn a_refused_connection_takes_a_running_server_down_with_an_alert() {
    check(
        false,
        ONE,
        &[Do::See(CheckResult::refused())],
        expect![[r#"
            1 Server be/s1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.
        "#]],
    );
}

#[test]
fn a_recovered_server_is_told_with_the_check_that_did_it() {
    check(
        false,
        ONE,
        &[fail(), pass(), pass()],
        expect![[r#"
            5 Server be/s1 is UP, reason: Layer7 check passed, code: 200, check duration: 0ms. 1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.
        "#]],
    );
}

#[test]
fn with_log_health_checks_the_reason_is_in_the_line_before() {
    check(
        true,
        NONE,
        &[fail()],
        expect![[r#"
            5 Health check for server be/s1 failed, reason: Layer7 wrong status, code: 500, info: "x", check duration: 0ms, status: 0/2 DOWN.
            1 Server be/s1 is DOWN. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.
        "#]],
    );
}

#[test]
fn a_check_that_changes_nothing_is_not_logged() {
    check(true, NONE, &[fail(), fail()], expect![""]);
    check(true, NONE, &[pass(), pass()], expect![""]);
}

#[test]
fn a_server_that_was_draining_is_lost_without_an_alert() {
    check(
        false,
        NONE,
        &[pass(), Do::Order(AdminOrder::Drain), fail(), fail(), fail()],
        expect![[r#"
            5 Server be/s1 is DOWN, reason: Layer7 wrong status, code: 500, info: "x", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.
            5 Server be/s1 remains in forced drain mode.
        "#]],
    );
}

#[test]
fn orders_into_and_out_of_maintenance_and_drain_have_their_own_words() {
    use AdminOrder::{Drain, Maint, Ready};
    let order = |order| Do::Order(order);
    let maint = expect![[r#"
        1 Server be/s1 is going DOWN for maintenance. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.
    "#]];
    check(false, NONE, &[order(Maint)], maint);
    let from_down = expect![[r#"
        5 Server be/s1 was DOWN and now enters maintenance.
    "#]];
    check(false, NONE, &[fail(), order(Maint)], from_down);
    let ready = expect![[r#"
        5 Server be/s1 is UP/READY (leaving forced maintenance).
    "#]];
    check(false, NONE, &[order(Maint), order(Ready)], ready);
    let drain = expect![[r#"
        5 Server be/s1 is UP/DRAIN (leaving forced maintenance).
        5 Server be/s1 remains in forced drain mode.
    "#]];
    check(false, NONE, &[order(Maint), order(Drain)], drain);
    let enters = expect![[r#"
        5 Server be/s1 enters drain state. 0 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.
    "#]];
    check(false, NONE, &[order(Drain)], enters);
    let enters_down = expect![[r#"
        5 Server be/s1 enters drain state. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.
    "#]];
    check(false, NONE, &[fail(), order(Drain)], enters_down);
    let leaves = expect![[r#"
        5 Server be/s1 is UP (leaving forced drain).
    "#]];
    check(false, NONE, &[order(Drain), order(Ready)], leaves);
    let leaves_down = expect![[r#"
        5 Server be/s1 is DOWN (leaving forced drain).
    "#]];
    check(false, NONE, &[fail(), order(Drain), order(Ready)], leaves_down);
    check(false, NONE, &[order(Maint), order(Maint)], expect![""]);
    check(false, NONE, &[order(Ready)], expect![""]);
}

#[test]
fn the_operators_word_on_health_is_a_reason_of_its_own() {
    use HealthOrder::{Down, Stopping, Up};
    let down = expect![[r#"
        1 Server be/s1 is DOWN, changed from CLI. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.
    "#]];
    check(true, NONE, &[Do::Health(Down)], down);
    let stopping = expect![[r#"
        5 Server be/s1 is stopping, changed from CLI. 0 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.
    "#]];
    check(true, NONE, &[Do::Health(Stopping)], stopping);
    let down_after_stopping = expect![[r#"
        5 Server be/s1 is DOWN, changed from CLI. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.
    "#]];
    check(true, NONE, &[Do::Health(Stopping), Do::Health(Down)], down_after_stopping);
    let up = expect![[r#"
        5 Server be/s1 is UP, changed from CLI. 1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.
    "#]];
    check(true, ONE, &[Do::Health(Down), Do::Health(Up)], up);
}

#[test]
fn backup_servers_are_called_so_and_running_on_them_is_told() {
    let label = ServerLabel { backup: true, ..SERVER };
    let mut health = Health::checked(&CheckSettings::default());
    let observed = health.observe(&CheckResult::refused());
    let line = observed.report.unwrap().line(label);
    assert!(line.text.starts_with("Health check for backup server be/s1 failed, "), "{line:?}");
    let view = BackendView { active: 0, backup: 2, streams: 3, requeued: 4, queued: 5 };
    let lines = observed.transition.unwrap().lines(label, &view, true);
    assert_eq!(
        lines[0].text,
        "Backup Server be/s1 is DOWN. 0 active and 2 backup servers left. Running on backup. \
         3 sessions active, 4 requeued, 5 remaining in queue."
    );
}

#[test]
fn what_a_server_sends_cannot_forge_a_line() {
    let result = CheckResult::new(CheckStatus::L7Status)
        .with_code(500)
        .with_info("a{b|c}d#e\\f\tg\u{1}h\"i\u{20ac}z\n");
    let mut health = Health::checked(&CheckSettings::default());
    let line = health.observe(&result).report.unwrap().line(SERVER);
    let info = r#"info: "a{b|c}d#e\f<09>g<01>h<22>i<E2><82><AC>z<0A>""#;
    assert!(line.text.contains(info), "{}", line.text);
}

#[test]
fn an_empty_backend_is_an_emergency() {
    let line = LogLine::no_server("be");
    assert_eq!((line.level as u8, &*line.text), (0, "backend be has no server available!"));
}
