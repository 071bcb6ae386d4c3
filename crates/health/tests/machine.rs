//! The counter and the states: stories taken from a running HAProxy, and any sequence of results
//! against a model of ten lines.

use health::{
    AdminOrder, AdminState, CheckResult, CheckSettings, CheckStatus, Health, HealthOrder,
    Operational,
};
use proptest::prelude::*;

/// One step of a story, written as a word.
fn apply(health: &mut Health, word: &str) {
    match word {
        "pass" => drop(health.observe(&CheckResult::passed())),
        "fail" => drop(health.observe(&CheckResult::refused())),
        "404" => {
            drop(health.observe(&CheckResult::new(CheckStatus::L7OkConditional).with_code(404)))
        }
        "ready" => drop(health.order(AdminOrder::Ready)),
        "drain" => drop(health.order(AdminOrder::Drain)),
        "maint" => drop(health.order(AdminOrder::Maint)),
        "enable" => drop(health.order(AdminOrder::Enable)),
        "cli-up" => drop(health.order_health(HealthOrder::Up)),
        "cli-stopping" => drop(health.order_health(HealthOrder::Stopping)),
        "cli-down" => drop(health.order_health(HealthOrder::Down)),
        "warm" => health.warmed_up(),
        "pause" => health.pause_checks(true),
        other => panic!("no step is called {other}"),
    }
}

/// `story` is `step status, step status, ...`; the status is the column of `show stat`.
#[track_caller]
fn check(mut health: Health, story: &str) {
    for entry in story.split(',') {
        let (step, status) = entry.trim().split_once(' ').expect("step and status");
        apply(&mut health, step);
        assert_eq!(health.status(), status, "after {step} in: {story}");
    }
}

fn checked() -> Health {
    Health::checked(&CheckSettings::default())
}

#[test]
fn a_server_starts_up_and_its_first_failed_check_takes_it_down() {
    assert_eq!(checked().status(), "UP 1/3");
    check(checked(), "fail DOWN, fail DOWN");
}

#[test]
fn one_passed_check_confirms_the_start_and_fall_failures_end_it() {
    check(checked(), "pass UP, fail UP 2/3, fail UP 1/3, fail DOWN");
}

#[test]
fn rise_checks_bring_a_server_back_and_a_failure_between_them_starts_over() {
    check(checked(), "fail DOWN, pass DOWN 1/2, fail DOWN, pass DOWN 1/2, pass UP");
}

#[test]
fn a_404_under_disable_on_404_takes_the_new_load_away_and_nothing_else() {
    check(checked(), "404 NOLB, 404 NOLB, fail NOLB 2/3, pass UP");
    check(checked(), "fail DOWN, cli-up UP, 404 NOLB, fail NOLB 2/3, fail NOLB 1/3, fail DOWN");
}

#[test]
fn drain_shows_while_the_server_is_up() {
    check(checked(), "pass UP, drain DRAIN, fail DRAIN 2/3, pass DRAIN, ready UP");
    check(checked(), "fail DOWN, drain DOWN, pass DOWN 1/2, pass DRAIN, ready UP");
}

#[test]
fn leaving_maintenance_is_a_new_start_one_failure_from_down() {
    check(checked(), "pass UP, maint MAINT, fail MAINT, ready UP 1/3, fail DOWN");
    check(checked(), "fail DOWN, maint MAINT, ready UP 1/3, pass UP");
    check(checked(), "pass UP, maint MAINT, drain DRAIN 1/3, pass DRAIN");
    check(checked(), "maint MAINT, cli-stopping MAINT, ready UP, fail UP 2/3");
}

#[test]
fn maintenance_forgets_a_drain() {
    check(checked(), "pass UP, drain DRAIN, maint MAINT, enable UP 1/3");
    check(checked(), "pass UP, drain DRAIN, enable DRAIN");
}

#[test]
fn the_operator_overrules_the_checks_until_the_next_one() {
    check(checked(), "cli-down DOWN, cli-up UP, cli-stopping NOLB, cli-up UP");
    check(checked(), "cli-down DOWN, cli-stopping NOLB, cli-up UP");
    check(checked(), "pass UP, cli-stopping NOLB, pass UP");
    check(checked(), "pass UP, pause UP, fail UP, cli-down DOWN, pass DOWN");
}

#[test]
fn a_server_without_check_is_up_until_told_otherwise() {
    assert_eq!(Health::unchecked().status(), "no check");
    check(Health::unchecked(), "maint MAINT, ready no check, drain DRAIN, cli-down DOWN");
    check(Health::unchecked(), "cli-stopping NOLB, cli-up no check");
}

#[test]
fn a_server_disabled_in_the_file_waits_for_the_operator() {
    let disabled = checked().disabled();
    assert_eq!(disabled.admin().bits(), 5);
    assert_eq!(disabled.check_state_bits(false), 14);
    check(disabled.clone(), "fail MAINT, ready UP 1/3");
    let mut enabled = disabled;
    apply(&mut enabled, "ready");
    // The configuration's mark remains as a remark.
    assert_eq!(enabled.admin(), AdminState::CONFIG_MAINT);
    assert!(enabled.takes_new());
}

#[test]
fn slow_start_applies_after_a_time_down_but_not_at_the_start() {
    let mut health = checked().slow_start();
    assert_eq!(health.operational(), Operational::Running);
    for step in ["fail", "pass", "pass"] {
        apply(&mut health, step);
    }
    assert_eq!(health.operational(), Operational::Starting);
    apply(&mut health, "pass");
    assert_eq!(health.operational(), Operational::Starting, "a passed check is no end of it");
    apply(&mut health, "warm");
    assert_eq!(health.operational(), Operational::Running);
}

#[test]
fn failed_checks_count_while_up_and_every_way_down_counts_once() {
    let mut health = checked();
    for step in ["pass", "fail", "fail", "fail", "fail", "fail"] {
        apply(&mut health, step);
    }
    assert_eq!((health.failed_checks(), health.down_transitions()), (3, 1));
    apply(&mut health, "maint");
    assert_eq!(health.down_transitions(), 1, "it was down already");
    apply(&mut health, "ready");
    apply(&mut health, "maint");
    assert_eq!(health.down_transitions(), 2);
}

#[test]
fn a_reload_keeps_the_state_and_takes_the_new_rise_and_fall() {
    let wider = CheckSettings { rise: 4, fall: 5, ..CheckSettings::default() };
    let resumed = |steps: &[&str]| {
        let mut earlier = checked();
        steps.iter().for_each(|step| apply(&mut earlier, step));
        Health::checked(&wider).resume(&earlier).status().into_owned()
    };
    assert_eq!(resumed(&["pass"]), "UP");
    assert_eq!(resumed(&["pass", "fail"]), "UP 2/5");
    assert_eq!(resumed(&["fail"]), "DOWN");
    assert_eq!(resumed(&["fail", "pass"]), "DOWN 1/4");
    assert_eq!(resumed(&["pass", "maint"]), "MAINT");
    let mut earlier = checked();
    apply(&mut earlier, "maint");
    assert_eq!(Health::unchecked().resume(&earlier).status(), "MAINT");
}

/// The rules of manual 5.2 (`rise`, `fall`) as consecutive runs, without a counter that is shared
/// between them.
struct Model {
    up: bool,
    /// Passed checks in a row while down, or failed ones while up.
    run: u32,
}

impl Model {
    fn step(&mut self, passed: bool, rise: u32, fall: u32) {
        let (needed, towards) = if self.up { (fall, !passed) } else { (rise, passed) };
        self.run = if towards { self.run + 1 } else { 0 };
        if self.run >= needed {
            (self.up, self.run) = (!self.up, 0);
        }
    }
}

proptest! {
    #[test]
    fn any_results_follow_the_model(
        rise in 1_u32..6,
        fall in 1_u32..6,
        results in prop::collection::vec(any::<bool>(), 0..60),
    ) {
        let settings = CheckSettings { rise, fall, ..CheckSettings::default() };
        let mut health = Health::checked(&settings);
        // It starts one failure from down.
        let mut model = Model { up: true, run: fall - 1 };
        for passed in results {
            let result = if passed { CheckResult::passed() } else { CheckResult::refused() };
            let was_up = model.up;
            let observed = health.observe(&result);
            model.step(passed, rise, fall);
            prop_assert_eq!(health.serves(), model.up);
            prop_assert_eq!(observed.transition.is_some(), was_up != model.up);
            prop_assert!(health.counter() < rise + fall);
            prop_assert_eq!(health.counter() >= rise, model.up);
        }
    }

    #[test]
    fn any_orders_keep_the_counter_in_its_range(
        steps in prop::collection::vec(0_usize..11, 0..80),
    ) {
        let names = ["pass", "fail", "404", "ready", "drain", "maint", "enable", "cli-up",
            "cli-stopping", "cli-down", "warm"];
        let mut health = checked().slow_start();
        for step in steps {
            apply(&mut health, names[step]);
            prop_assert!(health.counter() < 5);
            if health.admin().is_maint() {
                prop_assert_eq!(health.operational(), Operational::Stopped);
                prop_assert!(!health.wants_checks());
            } else {
                let up = health.operational() != Operational::Stopped;
                prop_assert_eq!(up, health.counter() >= health.rise());
            }
            prop_assert!(!health.takes_new() || health.serves());
        }
    }
}

#[test]
fn a_server_that_tracks_another_changes_with_it_and_says_why() {
    use health::{BackendView, ServerLabel};
    let settings = CheckSettings { rise: 1, fall: 1, ..CheckSettings::default() };
    let (mut leader, mut follower) = (Health::checked(&settings), Health::unchecked());
    let label = ServerLabel { backend: "be", server: "t", backup: false };
    let mut lines = Vec::new();
    let mut step = |leader: &Health| {
        let transition = follower.follow(leader, "be/s");
        let said = transition.map(|it| it.lines(label, &BackendView::default(), false));
        lines.extend(said.into_iter().flatten().map(|line| line.text));
    };
    leader.observe(&CheckResult::refused());
    step(&leader);
    step(&leader);
    leader.order(AdminOrder::Maint);
    step(&leader);
    leader.order(AdminOrder::Enable);
    step(&leader);
    leader.observe(&CheckResult::refused());
    step(&leader);
    leader.order(AdminOrder::Drain);
    step(&leader);
    leader.order(AdminOrder::Ready);
    step(&leader);
    leader.observe(&CheckResult::passed());
    step(&leader);
    let counts = "0 active and 0 backup servers";
    let expected = [
        format!(
            "Server be/t is DOWN via be/s. {counts} left. 0 sessions active, 0 requeued, 0 remaining in queue."
        ),
        "Server be/t was DOWN and now enters maintenance via be/s.".to_owned(),
        "Server be/t is UP/READY (leaving maintenance).".to_owned(),
        format!(
            "Server be/t is DOWN via be/s. {counts} left. 0 sessions active, 0 requeued, 0 remaining in queue."
        ),
        format!(
            "Server be/t enters drain state via be/s. {counts} left. 0 sessions active, 0 requeued, 0 remaining in queue."
        ),
        "Server be/t is DOWN (leaving forced drain).".to_owned(),
        format!(
            "Server be/t is UP via be/s. {counts} online. 0 sessions requeued, 0 total in queue."
        ),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn an_agent_says_each_part_of_the_state_in_one_line() {
    use health::AgentReply;
    let told = |reply: &str| {
        let read = AgentReply::read(reply);
        let result = read.result(std::time::Duration::ZERO).map(|result| result.info);
        (read.order, read.weight_percent, read.maxconn, result)
    };
    let info = |text: &str| Some(text.to_owned());
    assert_eq!(
        told("75%,maxconn:30,maint,down\n"),
        (Some(AdminOrder::Maint), Some(75), Some(30), info("via agent : down"))
    );
    assert_eq!(told("down busy as hell\n").3, info("via agent : down (busy)"));
    assert_eq!(told("up 50%\nignored"), (None, Some(50), None, info("via agent : up")));
    assert_eq!(
        told("READY stopped"),
        (Some(AdminOrder::Ready), None, None, info("via agent : stopped"))
    );
    assert_eq!(told("garbage -5% maxconn:x\n"), (None, None, None, None));
}

#[test]
fn it_takes_the_checks_and_the_agent_to_be_up() {
    use health::AgentReply;
    let settings = CheckSettings { rise: 1, fall: 1, ..CheckSettings::default() };
    let mut health = Health::checked(&settings).with_agent();
    let agent = |health: &mut Health, reply: &str| {
        let result = AgentReply::read(reply).result(std::time::Duration::ZERO).expect("a word");
        health.observe_agent(&result).transition.is_some()
    };
    assert!(agent(&mut health, "down"));
    assert_eq!(health.status(), "DOWN (agent)");
    assert!(health.observe(&CheckResult::passed()).transition.is_none());
    assert!(agent(&mut health, "up"));
    assert!(health.observe(&CheckResult::refused()).transition.is_some());
    assert!(!agent(&mut health, "fail"));
    assert!(health.observe(&CheckResult::passed()).transition.is_none());
    assert!(agent(&mut health, "up"));
    assert_eq!(health.status(), "UP");
}

#[test]
fn init_state_says_how_many_checks_it_takes_to_change_a_server() {
    let settings = CheckSettings { rise: 3, fall: 2, ..CheckSettings::default() };
    let needed = |state: &str, result: CheckResult| {
        let mut health = Health::checked(&settings).begin_at(state);
        let before = health.serves();
        (1..10).find(|_| {
            health.observe(&result);
            health.serves() != before
        })
    };
    assert_eq!(needed("fully-up", CheckResult::refused()), Some(2));
    assert_eq!(needed("up", CheckResult::refused()), Some(1));
    assert_eq!(needed("down", CheckResult::passed()), Some(1));
    assert_eq!(needed("fully-down", CheckResult::passed()), Some(3));
}
