//! `userlist` sections (manual 12.2).

use std::collections::HashSet;

use diag::{Diagnostic, Spanned, codes};

use super::{Keyword, Places, Table};
use crate::lower::{Directive, spanned};
use crate::model::{Secret, User, Userlist};

/// The lines of a `userlist`.
pub(crate) static USERLIST: Table<Userlist> = Table {
    noun: "keyword",
    keywords: &[&[
        Keyword::new(
            "user",
            Places::INSIDE,
            "<name> [password|insecure-password <text>] [groups <a,b>]",
            "12.2",
            "a user",
            user,
        ),
        Keyword::new("group", Places::INSIDE, "<name> [users <a,b>]", "12.2", "a group", group),
    ]],
    missing: &[],
};

fn user(line: &mut Directive<'_>, list: &mut Userlist) {
    line.mark_head();
    let Some(name) = line.text("a name") else { return };
    let (mut secret, mut groups) = (None, Vec::new());
    while let Some(word) = line.word() {
        match word.text.as_ref() {
            "password" => {
                let Some(text) = line.value("a hash that crypt(3) reads") else { return };
                secret = Some(Secret::Crypt(text.text.to_string()));
            }
            "insecure-password" => {
                let Some(text) = line.value("a password") else { return };
                secret = Some(Secret::Plain(text.text.to_string()));
            }
            "groups" => {
                // Quirk: nothing is no group.
                groups = line.word().map_or_else(Vec::new, |names| split(&names.text));
            }
            _ => {
                let allowed = ["password", "insecure-password", "groups"];
                line.not_one_of(word, "an argument of `user`", &allowed);
                return;
            }
        }
    }
    // A user without a password matches nobody: an empty crypt(3) string is no hash.
    let secret = secret.unwrap_or(Secret::Crypt(String::new()));
    list.users.push(User { name, secret, groups });
}

/// HAProxy warns of a user that is there already and keeps the first.
pub(crate) fn forget_repeated(list: &mut Userlist, findings: &mut Vec<Diagnostic>) {
    let mut known = HashSet::new();
    list.users.retain(|user| {
        let is_new = known.insert(user.name.value.clone());
        if !is_new {
            let message = format!("the user `{}` is in this list already", user.name.value);
            findings.push(Diagnostic::new(codes::W0414, user.name.span, message));
        }
        is_new
    });
}

fn group(line: &mut Directive<'_>, list: &mut Userlist) {
    line.mark_head();
    let Some(name) = line.arg("a name").map(spanned) else { return };
    let mut users = Vec::new();
    if line.take("users") {
        // Quirk: nothing is nobody.
        users = line.word().map_or_else(Vec::new, |names| split(&names.text));
    }
    line.end();
    list.groups.push((Spanned::new(name.value, name.span), users));
}

fn split(names: &str) -> Vec<String> {
    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
