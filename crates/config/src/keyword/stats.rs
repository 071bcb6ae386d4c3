//! `stats` lines of a proxy: the statistics page (manual 4.2). They are kept as words.

use config_parse::condition;
use config_parse::log_format::{LogFormat, Piece};
use config_parse::tree::Word;
use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places};
use crate::lower::{Directive, Draft};
use crate::model::{Action, Reply, Rule};

pub(super) const KEYWORDS: &[Keyword<Draft>] = &[Keyword::new(
    "stats",
    Places::ANY,
    "enable|uri|realm|auth|scope|refresh|admin|http-request|hide-version|show-* [arguments]",
    "4.2",
    "the statistics page",
    stats,
)];

const WORDS: &[&str] = &[
    "admin",
    "auth",
    "enable",
    "hide-version",
    "http-request",
    "realm",
    "refresh",
    "scope",
    "show-desc",
    "show-legends",
    "show-modules",
    "show-node",
    "show-version",
    "uri",
];

fn stats(line: &mut Directive<'_>, draft: &mut Draft) {
    let Some(word) = line.arg("what to set, such as `enable` or `uri`") else { return };
    line.mark_head();
    let name = word.text.as_ref();
    if matches!(name, "admin" | "http-request") && line.place.is_defaults() {
        let message = format!("`stats {name}` cannot stand in a `defaults` section");
        line.error(codes::E0203, word.span, message);
        return;
    }
    let mut words = vec![name.to_owned()];
    match name {
        "admin" => {
            words.extend(line.words_left());
            let Some(condition) = line.condition_required() else { return };
            draft.proxy.stats_admin.push(condition);
        }
        "http-request" => {
            words.extend(line.words_left());
            let Some(rule) = http_request(line) else { return };
            draft.proxy.stats_rules.push(rule);
        }
        "uri" | "realm" | "auth" | "scope" | "refresh" => {
            let Some(value) = line.arg("a value") else { return };
            if name == "refresh" {
                line.back();
                let seconds = config_parse::quantity::Unit::Second;
                if line.duration("a time", seconds).is_none() {
                    return;
                }
            }
            words.push(value.text.to_string());
        }
        "show-node" => {
            let word = line.peek();
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if let Some(word) = word.filter(|word| !word.text.chars().all(fits)) {
                let message = format!("`{}` is no name of a machine", word.text);
                return line.error(codes::E0307, word.span, message);
            }
            words.extend(line.words_left());
        }
        _ if WORDS.contains(&name) => words.extend(line.words_left()),
        _ => {
            line.not_one_of(word, "a `stats` setting", WORDS);
            return;
        }
    }
    clash(line, draft, word);
    draft.proxy.stats.push(Spanned::new(words, line.span()));
}

/// Rules and `auth` or `realm` exclude each other in one section.
fn clash(line: &mut Directive<'_>, draft: &Draft, word: &Word<'_>) {
    let others: &[&str] = match word.text.as_ref() {
        "auth" | "realm" => &["http-request"],
        "http-request" => &["auth", "realm"],
        _ => return,
    };
    let section = draft.proxy.span;
    let is_other = |said: &&Spanned<Vec<String>>| {
        let is_here = (said.span.file, said.span.start) > (section.file, section.start);
        is_here && said.value.first().is_some_and(|first| others.contains(&first.as_str()))
    };
    if let Some(other) = draft.proxy.stats.iter().find(is_other) {
        let message = "`stats http-request` and `stats auth` or `realm` exclude each other";
        let finding = Diagnostic::new(codes::E0310, word.span, message);
        line.report(finding.related(other.span, "the other stands here"));
    }
}

/// `allow`, `deny` or `auth [realm R]` and a condition.
fn http_request(line: &mut Directive<'_>) -> Option<Rule> {
    let actions = ["allow", "deny", "auth"].map(|name| (name, name));
    let name = line.choice("`allow`, `deny` or `auth`", &actions)?;
    let action = match name.value {
        "allow" => Action::Allow,
        "deny" => Action::Deny(Reply::default()),
        _ if line.take("realm") => {
            let realm = line.value("a text")?;
            let pieces = vec![Piece::Text(realm.text.to_string())];
            Action::Auth { realm: Some(LogFormat { pieces, span: realm.span }) }
        }
        _ => Action::Auth { realm: None },
    };
    if line.peek().is_some_and(|word| !condition::is_condition(&word.text)) {
        let (phrase, at) = (line.phrase(), line.keyword_span());
        line.report(Diagnostic::new(codes::E0601, at, format!("`{phrase}` cannot be read")));
        return None;
    }
    let condition = line.condition()?;
    Some(Rule { action: Spanned::new(action, name.span), condition, span: line.span() })
}
