//! What operators type and what they read back. The refusals were recorded from HAProxy 2.6.12.

use std::time::Duration;

use admin::{
    Command, DrainTarget, ErrorsAsked, Level, Maxconn, Names, Next, RateLimit, Reply, ServerLookup,
    ServerName, Session, all_commands, split,
};
use proptest::prelude::*;

/// A frontend `fe`, and a backend `be` with a server `s1`; ids as names with `#`.
struct Farm;

impl Names for Farm {
    fn server(&self, backend: &str, server: &str) -> ServerLookup {
        match (backend, server) {
            ("be" | "#5", "s1" | "#1") => ServerLookup::Found(s1()),
            ("be" | "#5", _) => ServerLookup::NoServer,
            _ => ServerLookup::NoBackend,
        }
    }

    fn frontend(&self, name: &str) -> Option<String> {
        (name == "fe").then(|| name.to_owned())
    }

    fn backend(&self, name: &str) -> Option<String> {
        (name == "be").then(|| name.to_owned())
    }
}

fn s1() -> ServerName {
    ServerName { backend: "be".to_owned(), server: "s1".to_owned() }
}

/// Everything a session writes; what the daemon would do is shown as `Debug` in parentheses.
fn talk_as(level: Level, line: &str) -> String {
    let mut session = Session::new(level);
    let mut out = String::new();
    for command in split(line) {
        let reply = match session.read(command, &Farm) {
            Next::Answer(reply) => reply,
            Next::Ask(command) => Reply::Dump(format!("({command:?})\n")),
            Next::Quit => return out,
        };
        out.push_str(&session.frame(&reply));
    }
    out
}

#[track_caller]
fn check(line: &str, answer: &str) {
    assert_eq!(talk_as(Level::Admin, line), answer, "{line}");
}

#[track_caller]
fn understood(line: &str, command: Command) {
    let next = Session::new(Level::Admin).read(line, &Farm);
    assert_eq!(next, Next::Ask(command), "{line}");
}

#[test]
fn refusals_are_haproxys_word_for_word() {
    for (line, words) in [
        ("set server", "Require 'backend/server'."),
        ("set server be", "Require 'backend/server'."),
        ("set server be/", "Require 'backend/server'."),
        ("set server be/nosuch state foo", "No such server."),
        ("set server nosuch/s1 state foo", "No such backend."),
        ("set server be/s1/x state ready", "No such server."),
        (
            "set server be/s1 state",
            "'set server <srv> state' expects 'ready', 'drain' and 'maint'.",
        ),
        (
            "set server be/s1 state READY",
            "'set server <srv> state' expects 'ready', 'drain' and 'maint'.",
        ),
        (
            "set server be/s1 health x",
            "'set server <srv> health' expects 'up', 'stopping', or 'down'.",
        ),
        ("set server be/s1 weight", "Require <weight> or <weight%>."),
        ("set server be/s1 weight 300", "Absolute weight can only be between 0 and 256 inclusive."),
        ("set server be/s1 weight -1", "Absolute weight can only be between 0 and 256 inclusive."),
        ("set weight be/s1 -5%", "Relative weight must be positive."),
        ("set weight be", "Require 'backend/server'."),
        ("set weight be/s1", "Require <weight> or <weight%>."),
        ("get weight", "Require 'backend/server'."),
        ("get weight \"be/s1\"", "No such backend."),
        ("disable server be", "Require 'backend/server'."),
        ("enable server nosuch/x", "No such backend."),
        ("disable frontend", "A frontend name is expected."),
        ("disable frontend be", "No such frontend."),
        ("shutdown frontend nosuch", "No such frontend."),
        ("set maxconn frontend", "A frontend name is expected."),
        ("set maxconn frontend nosuch 1", "No such frontend."),
        ("set maxconn frontend fe", "Integer value expected."),
        ("set maxconn frontend fe -1", "Value out of range."),
        ("set maxconn server", "Require 'backend/server'."),
        ("set maxconn server be/s1", "Require <maxconn>."),
        ("set maxconn global", "Expects an integer value."),
        ("shutdown session", "Session pointer expected (use 'show sess')."),
        ("shutdown session foo", "Session pointer expected (use 'show sess')."),
        ("shutdown sessions server nosuch/s1", "No such backend."),
        ("show servers state nosuch", "Can't find backend."),
        ("show servers conn nosuch", "Can't find backend."),
        ("get var", "Missing process-wide variable identifier."),
        ("set rate-limit connections global", "Expects an integer value."),
        ("set var", "Missing process-wide variable identifier."),
        ("set var proc.x", "Missing either 'expr', 'fmt' or expression."),
        (
            "set var proc.x int(5) y",
            "'set var': arg type must be either 'expr' or 'fmt' but got 'int(5)'.",
        ),
        ("set rate-limit sessions global -1", "Value out of range."),
        ("show errors nosuch", "No such proxy."),
        ("show table nosuch", "No such table"),
        ("wait", "Expects a duration in milliseconds."),
        ("wait x", "Invalid duration."),
        ("set timeout", "'set timeout' only supports 'cli'."),
        ("set timeout foo 10", "'set timeout' only supports 'cli'."),
        ("set timeout cli", "Expects an integer value."),
        ("set timeout cli abc", "Invalid timeout value."),
        ("set severity-output zz", "one of 'none', 'number', 'string' is a required argument"),
    ] {
        check(line, &format!("{words}\n\n"));
    }
}

#[test]
fn four_answers_have_one_line_end_less_as_in_haproxy() {
    check("set weight be/s1 abc", "Empty weight string empty or preceded by garbage\n");
    check("set weight be/s1 %", "Empty weight string empty or preceded by garbage\n");
    check("set weight be/s1 3x", "Trailing garbage in weight string\n");
    check("set weight be/s1 3%%", "Trailing garbage in weight string\n");
    check("set maxconn server be/s1 abc", "maxconn string empty or preceded by garbage\n");
}

#[test]
fn blanks_escapes_ids_and_words_to_spare_are_understood() {
    understood("  show\t version ", Command::ShowVersion);
    understood("show version foo\r\n", Command::ShowVersion);
    understood("get weight be\\/s1", Command::GetWeight(s1()));
    understood("get weight #5/#1", Command::GetWeight(s1()));
    understood("show env X\\;Y", Command::ShowEnv(Some("X;Y".to_owned())));
    assert_eq!(split("a;b\\;c;\\\\;d"), ["a", "b\\;c", "\\\\", "d"]);
}

#[test]
fn our_own_commands_take_a_time_to_spread_over() {
    let minute = Duration::from_secs(60);
    understood("drain all", Command::Drain(DrainTarget::All, Duration::ZERO));
    understood("drain server be/s1 over 1m", Command::Drain(DrainTarget::Server(s1()), minute));
    understood(
        "drain backend be over 60000",
        Command::Drain(DrainTarget::Backend("be".into()), minute),
    );
    let rebalance = |dry_run, over| Command::Rebalance { backend: "be".into(), dry_run, over };
    understood("rebalance be dry-run", rebalance(true, Duration::ZERO));
    understood("rebalance be over 60s", rebalance(false, minute));
    understood("reload", Command::Reload);
    understood(
        "explain GET http://x/ -H a:\\ b",
        Command::Explain(["GET", "http://x/", "-H", "a: b"].map(str::to_owned).to_vec()),
    );
    check(
        "drain server be/s1 over 99999999999d",
        "usage: drain all | frontend <frontend> | backend <backend> | server <backend>/<server> [over <delay>]\n\n",
    );
    check("rebalance", "usage: rebalance <backend> [dry-run] [over <delay>]\n\n");
}

#[test]
fn numbers_are_read_as_haproxy_reads_them() {
    let frontend = |value| Command::SetMaxconn(Maxconn::Frontend("fe".into(), value));
    understood("set maxconn frontend fe abc", frontend(0));
    understood("set maxconn frontend fe 12x", frontend(12));
    understood("set maxconn server be/s1 -1", Command::SetMaxconn(Maxconn::Server(s1(), 0)));
    understood("shutdown session 0x1f", Command::ShutdownSession(31));
}

#[test]
fn the_level_decides_before_the_arguments_are_looked_at() {
    for line in ["set server", "reload", "shutdown session 0x12", "clear counters", "show sess"] {
        assert_eq!(talk_as(Level::User, line), "Permission denied\n\n", "{line}");
    }
    assert_eq!(talk_as(Level::Operator, "disable server"), "Permission denied\n\n");
    assert_eq!(talk_as(Level::User, "operator"), "Permission denied\n\n");
    assert_eq!(talk_as(Level::User, "show cli level"), "user\n\n");
}

#[test]
fn a_session_can_give_its_level_away_but_not_take_it_back() {
    check("operator;show cli level;set weight be/s1 1", "\noperator\n\nPermission denied\n\n");
    check("user;operator;show cli level", "\nPermission denied\n\nuser\n\n");
}

#[test]
fn with_a_prompt_every_answer_ends_with_it() {
    check("prompt;show cli level;quit;show cli level", "\n> admin\n\n> ");
    check("prompt;get weight;prompt", "\n> Require 'backend/server'.\n\n> \n");
}

#[test]
fn severities_are_shown_on_request() {
    check("set severity-output number;get weight", "\n[3]: Require 'backend/server'.\n\n");
    check("set severity-output string;get weight", "\n[err]: Require 'backend/server'.\n\n");
    check("set severity-output number;show cli level", "\nadmin\n\n");
}

#[test]
fn what_is_no_command_gets_the_nearest_ones() {
    let answer = talk_as(Level::Admin, "show servers");
    let title = "Unknown command, but maybe one of the following ones is a better match:\n";
    assert!(answer.starts_with(title), "{answer}");
    let usages: Vec<&str> =
        answer.lines().skip(1).filter_map(|line| Some(line.split_once(" :")?.0.trim())).collect();
    assert_eq!(answer.lines().count(), 7, "{answer}");
    assert!(answer.contains("show servers conn [<backend>]"), "{usages:?}");
    assert!(talk_as(Level::Admin, "shwo info").contains("show info"));
    assert!(talk_as(Level::Admin, "show tunels").contains("show tunnels"));
    assert!(!talk_as(Level::User, "set foo").contains("set server"), "not at this level");
    let all = talk_as(Level::Admin, "");
    assert!(all.starts_with("Unknown command. Please enter one of the following commands only:\n"));
    // All but `show proc`, which is the master's.
    assert_eq!(all.lines().count(), 1 + all_commands().len());
}

#[test]
fn help_lists_every_command_and_each_is_sorted() {
    let help = talk_as(Level::Admin, "help");
    assert!(help.starts_with("The following commands are valid at this level:\n"), "{help}");
    assert_eq!(help.lines().count(), 1 + all_commands().len());
    let regular = &all_commands()[..all_commands().len() - 3];
    assert!(regular.is_sorted_by_key(|command| command.words.join(" ")));
    assert_eq!(talk_as(Level::Admin, "help reload").lines().count(), 6);
}

#[test]
fn the_master_cli_is_refused_by_name() {
    let refusal = "'@1' addresses a process: only the master CLI (-S) understands it.\n\n";
    check("@1 show info", refusal);
}

proptest! {
    #[test]
    fn no_line_panics(line in "\\PC*", level in 0..3) {
        let level = [Level::User, Level::Operator, Level::Admin][level as usize];
        talk_as(level, &line);
    }

    #[test]
    fn no_words_panic(
        words in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "show", "set", "server", "be/s1", "state", "weight", "maxconn", "frontend",
                    "global", "fe", "over", "drain", "rebalance", "be", "help", "stat", "-1",
                    "timeout", "cli", "explain", "shutdown", "session", "prompt", ";", "\\",
                ]).prop_map(str::to_owned),
                "[-+]?[0-9]{0,30}[%a-z]?",
                "\\PC{0,6}",
            ],
            0..8,
        ),
    ) {
        talk_as(Level::Admin, &words.join(" "));
    }
}

#[test]
fn rates_are_limited_for_the_process_alone() {
    for (line, what) in [
        ("set rate-limit connections global 10", RateLimit::Connections),
        ("set rate-limit sessions global 10", RateLimit::Sessions),
        ("set rate-limit ssl-sessions global 10", RateLimit::Absent),
    ] {
        understood(line, Command::SetRateLimit(what, 10));
    }
    check(
        "set rate-limit connections fe 10",
        "'set rate-limit' only supports :\n   \
         - 'connections global' to set the per-process maximum connection rate\n   \
         - 'sessions global' to set the per-process maximum session rate\n   \
         - 'ssl-sessions global' to set the per-process maximum SSL session rate\n   \
         - 'http-compression global' to set the per-process maximum compression speed in kB/s\n\n",
    );
}

#[test]
fn what_does_not_exist_is_an_empty_listing() {
    for line in ["show peers", "show table"] {
        check(line, "\n");
    }
    understood("show resolvers", Command::ShowResolvers(None));
    understood("show resolvers d", Command::ShowResolvers(Some("d".into())));
    let asked = |proxy: Option<&str>, responses| {
        Command::ShowErrors(ErrorsAsked { proxy: proxy.map(str::to_owned), responses })
    };
    understood("show errors be request", asked(Some("be"), Some(false)));
    understood("show errors -1 response", asked(None, Some(true)));
    understood("show errors", asked(None, None));
    understood("wait 2s", Command::Wait(Duration::from_secs(2)));
}
