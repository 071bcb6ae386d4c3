//! Every command with its level and a line of help, and how to find one by its beginning.

use std::fmt::Write as _;

use crate::master::{self, Place};
use crate::{Level, Reply, Severity};

/// A command as `help` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandHelp {
    /// The fixed words.
    pub words: &'static [&'static str],
    /// The words with their arguments.
    pub usage: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Who may use it.
    pub level: Level,
    /// HAProxy has no such command.
    pub ours: bool,
}

const fn theirs(
    level: Level,
    words: &'static [&'static str],
    usage: &'static str,
    about: &'static str,
) -> CommandHelp {
    CommandHelp { words, usage, about, level, ours: false }
}

const fn ours(
    level: Level,
    words: &'static [&'static str],
    usage: &'static str,
    about: &'static str,
) -> CommandHelp {
    CommandHelp { words, usage, about, level, ours: true }
}

/// Sorted, as `help` prints it. The three of every session come last.
const COMMANDS: &[CommandHelp] = {
    use Level::{Admin, Operator, User};
    &[
        theirs(
            Admin,
            &["add", "acl"],
            "add acl [@<ver>] <acl> <pattern>",
            "add a pattern to an ACL file",
        ),
        theirs(
            Admin,
            &["add", "map"],
            "add map [@<ver>] <map> <key> <val>",
            "add an entry to a map, or those of a payload",
        ),
        theirs(
            Admin,
            &["add", "server"],
            "add server <bk>/<srv> <addr> [opts]*",
            "add a server, in maintenance",
        ),
        theirs(
            Admin,
            &["clear", "acl"],
            "clear acl [@<ver>] <acl>",
            "remove every pattern of an ACL file",
        ),
        theirs(
            Operator,
            &["clear", "counters"],
            "clear counters [all]",
            "reset the maxima (all: every counter)",
        ),
        theirs(Admin, &["clear", "map"], "clear map [@<ver>] <map>", "remove every entry of a map"),
        theirs(
            Admin,
            &["commit", "acl"],
            "commit acl @<ver> <acl>",
            "let a prepared version take effect",
        ),
        theirs(
            Admin,
            &["commit", "map"],
            "commit map @<ver> <map>",
            "let a prepared version take effect",
        ),
        theirs(
            Admin,
            &["del", "acl"],
            "del acl <acl> [<key>|#<ref>]",
            "remove a pattern from an ACL file",
        ),
        theirs(
            Admin,
            &["del", "map"],
            "del map <map> [<key>|#<ref>]",
            "remove an entry from a map",
        ),
        theirs(
            Admin,
            &["del", "server"],
            "del server <bk>/<srv>",
            "remove a server that is in maintenance",
        ),
        theirs(
            Admin,
            &["disable", "agent"],
            "disable agent <bk>/<srv>",
            "pause the agent checks of a server",
        ),
        theirs(
            Admin,
            &["disable", "frontend"],
            "disable frontend <frontend>",
            "stop listening until enabled again",
        ),
        theirs(
            Admin,
            &["disable", "health"],
            "disable health <bk>/<srv>",
            "pause the health checks of a server",
        ),
        theirs(
            Admin,
            &["disable", "server"],
            "disable server <bk>/<srv>",
            "put a server into maintenance",
        ),
        ours(
            Admin,
            &["drain"],
            "drain <what> [over <delay>]",
            "close tunnels politely, evenly over a time",
        ),
        theirs(
            Admin,
            &["enable", "agent"],
            "enable agent <bk>/<srv>",
            "resume the agent checks of a server",
        ),
        theirs(
            Admin,
            &["enable", "frontend"],
            "enable frontend <frontend>",
            "listen again after 'disable frontend'",
        ),
        theirs(
            Admin,
            &["enable", "health"],
            "enable health <bk>/<srv>",
            "resume the health checks of a server",
        ),
        theirs(
            Admin,
            &["enable", "server"],
            "enable server <bk>/<srv>",
            "take a server out of maintenance",
        ),
        theirs(
            Admin,
            &["experimental-mode"],
            "experimental-mode [on|off]",
            "taken for scripts; nothing here is experimental",
        ),
        theirs(
            Admin,
            &["expert-mode"],
            "expert-mode [on|off]",
            "taken for scripts; nothing here is for experts alone",
        ),
        ours(
            Operator,
            &["explain"],
            "explain [<method>] <url> [opts]*",
            "tell where a request would go, and why",
        ),
        theirs(
            Operator,
            &["get", "acl"],
            "get acl <acl> <value>",
            "tell which patterns match a value",
        ),
        theirs(
            Operator,
            &["get", "map"],
            "get map <map> <value>",
            "tell what a value finds in a map",
        ),
        theirs(User, &["get", "var"], "get var <name>", "tell a variable of the process"),
        theirs(
            User,
            &["get", "weight"],
            "get weight <bk>/<srv>",
            "tell the weight of a server, now and configured",
        ),
        theirs(User, &["operator"], "operator", "give up the admin level for this session"),
        theirs(
            Admin,
            &["prepare", "acl"],
            "prepare acl <acl>",
            "begin a new version of an ACL file",
        ),
        theirs(Admin, &["prepare", "map"], "prepare map <map>", "begin a new version of a map"),
        theirs(
            Operator,
            &["publish", "backend"],
            "publish backend <backend>",
            "mark a backend as ready for traffic",
        ),
        ours(
            Admin,
            &["rebalance"],
            "rebalance <bk> [dry-run] [over <delay>]",
            "move tunnels away from over-loaded servers",
        ),
        ours(Admin, &["reload"], "reload", "read the configuration again, keeping every stream"),
        theirs(
            Admin,
            &["set", "map"],
            "set map <map> [<key>|#<ref>] <value>",
            "change the value of an entry",
        ),
        theirs(
            Admin,
            &["set", "maxconn", "frontend"],
            "set maxconn frontend <frontend> <value>",
            "limit the connections of a frontend",
        ),
        theirs(
            Admin,
            &["set", "maxconn", "global"],
            "set maxconn global <value>",
            "limit the connections of the process",
        ),
        theirs(
            Admin,
            &["set", "maxconn", "server"],
            "set maxconn server <bk>/<srv> <value>",
            "limit the connections to a server",
        ),
        theirs(
            Admin,
            &["set", "rate-limit"],
            "set rate-limit <setting> <value>",
            "limit connections or sessions a second",
        ),
        theirs(
            Admin,
            &["set", "server"],
            "set server <bk>/<srv> [opts]",
            "set the state, health or weight of a server",
        ),
        theirs(
            User,
            &["set", "severity-output"],
            "set severity-output [none|number|string]",
            "mark answers with their severity",
        ),
        theirs(
            User,
            &["set", "timeout"],
            "set timeout cli <delay>",
            "close this session when idle",
        ),
        theirs(
            Admin,
            &["set", "var"],
            "set var <name> [expr|fmt] <value>",
            "set a variable of the process",
        ),
        theirs(
            Admin,
            &["set", "weight"],
            "set weight <bk>/<srv> <weight>[%]",
            "set the weight of a server",
        ),
        theirs(
            Operator,
            &["show", "acl"],
            "show acl [[@<ver>] <acl>]",
            "list the ACL files, or the patterns of one",
        ),
        theirs(Operator, &["show", "activity"], "show activity", "tell what the threads have done"),
        theirs(User, &["show", "backend"], "show backend", "list the backends"),
        theirs(User, &["show", "cli", "level"], "show cli level", "tell the level of this session"),
        theirs(User, &["show", "cli", "sockets"], "show cli sockets", "list the runtime sockets"),
        ours(Operator, &["show", "config"], "show config", "print the running configuration"),
        theirs(
            Operator,
            &["show", "env"],
            "show env [var]",
            "print the environment of the process",
        ),
        theirs(
            Operator,
            &["show", "errors"],
            "show errors [<px>] [request|response]",
            "list captured malformed messages",
        ),
        theirs(
            Operator,
            &["show", "fd"],
            "show fd [num]",
            "tell where file descriptors are listed",
        ),
        theirs(
            User,
            &["show", "info"],
            "show info [desc|json|typed]*",
            "print the state of the process",
        ),
        theirs(
            Operator,
            &["show", "map"],
            "show map [[@<ver>] <map>]",
            "list the maps, or the entries of one",
        ),
        theirs(
            Operator,
            &["show", "peers"],
            "show peers [section]",
            "list the peers: there are none",
        ),
        theirs(Operator, &["show", "pools"], "show pools", "tell that there are no memory pools"),
        theirs(User, &["show", "proc"], "show proc", "tell the process, its reloads and its age"),
        theirs(
            Operator,
            &["show", "resolvers"],
            "show resolvers [id]",
            "list the counters of name servers",
        ),
        theirs(
            User,
            &["show", "servers", "conn"],
            "show servers conn [<backend>]",
            "print the connections to each server",
        ),
        theirs(
            User,
            &["show", "servers", "state"],
            "show servers state [<backend>]",
            "print the state of each server",
        ),
        theirs(Operator, &["show", "sess"], "show sess [id]", "list the streams, or print one"),
        theirs(
            User,
            &["show", "startup-logs"],
            "show startup-logs",
            "print what the last start or reload said",
        ),
        theirs(
            User,
            &["show", "stat"],
            "show stat [desc|json|no-maint|typed|up]*",
            "print the counters of every proxy and server",
        ),
        theirs(
            Operator,
            &["show", "table"],
            "show table [<table>]",
            "list the stick tables: there are none",
        ),
        theirs(Operator, &["show", "threads"], "show threads", "tell the threads"),
        ours(Operator, &["show", "tunnels"], "show tunnels [<backend>]", "list the open tunnels"),
        theirs(User, &["show", "version"], "show version", "print the version"),
        theirs(
            Admin,
            &["shutdown", "frontend"],
            "shutdown frontend <frontend>",
            "stop a frontend for good",
        ),
        theirs(Admin, &["shutdown", "session"], "shutdown session <id>", "end a stream"),
        theirs(
            Admin,
            &["shutdown", "sessions", "server"],
            "shutdown sessions server <bk>/<srv>",
            "end every stream on a server",
        ),
        theirs(
            Operator,
            &["unpublish", "backend"],
            "unpublish backend <backend>",
            "keep content switching away from a backend",
        ),
        theirs(User, &["user"], "user", "give up the operator level for this session"),
        theirs(User, &["wait"], "wait <delay>", "do nothing for a time"),
        theirs(User, &["help"], "help [<command>]", "list these commands, or those that match"),
        theirs(User, &["prompt"], "prompt", "switch the prompt on or off"),
        theirs(User, &["quit"], "quit", "end the session"),
    ]
};

/// The last three, which every listing ends with.
const ALWAYS: usize = 3;

/// Every command, sorted but for the three of the session, which come last.
#[must_use]
pub fn all_commands() -> &'static [CommandHelp] {
    COMMANDS
}

/// The command that these words begin with, and how many of them it takes.
pub(crate) fn find(words: &[&str], place: Place) -> Option<&'static CommandHelp> {
    COMMANDS.iter().filter(|command| is_at(command, place)).find(|command| {
        command.words.len() <= words.len() && command.words.iter().zip(words).all(|(a, b)| a == b)
    })
}

/// Whether a process has a command: `show proc` is the master's alone.
fn is_at(command: &CommandHelp, place: Place) -> bool {
    match place {
        Place::Master => master::COMMANDS.contains(&command.words),
        Place::Worker => command.words != ["show", "proc"],
    }
}

/// The answer to `help`, and to `help` with the beginning of a command.
pub(crate) fn help(words: &[&str], level: Level, place: Place) -> Reply {
    let listing = list(&matching(words, place), level);
    let text = format!("The following commands are valid at this level:\n{listing}");
    Reply::Message(Severity::Info, text)
}

/// The answer to words that are no command.
pub(crate) fn unknown(words: &[&str], level: Level, place: Place) -> Reply {
    let found = matching(words, place);
    let title = if words.is_empty() {
        "Unknown command. Please enter one of the following commands only:"
    } else {
        "Unknown command, but maybe one of the following ones is a better match:"
    };
    Reply::Message(Severity::Info, format!("{title}\n{}", list(&found, level)))
}

/// Commands that share the most words with `words`, or whose first differing word is alike.
fn matching(words: &[&str], place: Place) -> Vec<&'static CommandHelp> {
    let regular = COMMANDS.get(..COMMANDS.len() - ALWAYS).unwrap_or_default();
    let prefixes = if place == Place::Master { master::PREFIXES } else { &[] };
    let regular: Vec<_> =
        prefixes.iter().chain(regular.iter().filter(|command| is_at(command, place))).collect();
    let shared =
        |command: &CommandHelp| command.words.iter().zip(words).take_while(|(a, b)| a == b).count();
    let most = regular.iter().map(|command| shared(command)).max().unwrap_or(0);
    let family: Vec<_> = regular.into_iter().filter(|command| shared(command) == most).collect();
    let Some(odd) = words.get(most) else { return family };
    let alike: Vec<_> = family
        .iter()
        .copied()
        .filter(|command| command.words.get(most).is_some_and(|word| are_alike(word, odd)))
        .collect();
    // A known beginning keeps its whole family: better too many to read than none.
    if alike.is_empty() && most > 0 { family } else { alike }
}

/// Alike enough to be a slip: one begins with the other, or at most a third of the letters differ.
fn are_alike(word: &str, typed: &str) -> bool {
    let typed = typed.to_ascii_lowercase();
    let common = word.len().min(typed.len());
    if common >= 2 && (word.starts_with(&typed) || typed.starts_with(word)) {
        return true;
    }
    strsim::damerau_levenshtein(word, &typed) * 3 <= word.len()
}

fn list(commands: &[&CommandHelp], level: Level) -> String {
    let always = COMMANDS.get(COMMANDS.len() - ALWAYS..).unwrap_or_default();
    let mut out = String::new();
    for command in commands.iter().copied().chain(always) {
        if command.level <= level {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "  {:<40}: {}", command.usage, command.about);
        }
    }
    out
}
