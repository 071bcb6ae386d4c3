//! Names of sections and of stick tables that lines mention.

use std::collections::HashMap;

use diag::{Diagnostic, Spanned, codes};

use crate::keyword;
use crate::model::{Config, Noun};

pub(super) fn config(config: &Config, findings: &mut Vec<Diagnostic>) {
    twice(config, findings);
    sections(config, findings);
    tables(config, findings);
}

/// Two sections of one kind and name.
fn twice(config: &Config, findings: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for (noun, name) in &config.declared.sections {
        let named = !name.value.is_empty();
        match seen.get(&(*noun, name.value.as_str())) {
            Some(first) if named => {
                let message = format!("a {} named `{}` exists already", section(*noun), name.value);
                let finding = Diagnostic::new(codes::E0404, name.span, message);
                findings.push(finding.related(*first, "the first is here"));
            }
            _ => drop(seen.insert((*noun, name.value.as_str()), name.span)),
        }
    }
}

fn sections(config: &Config, findings: &mut Vec<Diagnostic>) {
    let declared = &config.declared;
    for mention in &declared.mentions {
        let names = declared.sections.iter().filter(|(noun, _)| *noun == mention.noun);
        let mut names = names.map(|(_, name)| name.value.as_str());
        let name = &mention.name;
        if !names.clone().any(|known| known == name.value) {
            let message = format!("no {} is named `{}`", section(mention.noun), name.value);
            let finding = Diagnostic::new(codes::E0421, name.span, message);
            findings.push(match keyword::nearest(&name.value, &mut names) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding,
            });
        }
    }
}

/// The words for a section of a kind.
fn section(noun: Noun) -> &'static str {
    match noun {
        Noun::Peers => "`peers` section",
        Noun::Resolvers => "`resolvers` section",
        Noun::Mailers => "`mailers` section",
        Noun::Cache => "`cache` section",
        Noun::Ring => "`ring` section",
        Noun::HttpErrors => "`http-errors` section",
        Noun::LogForward => "`log-forward` section",
        Noun::LogProfile => "`log-profile` section",
        Noun::FcgiApp => "`fcgi-app` section",
        Noun::CrtStore => "`crt-store` section",
        Noun::Acme => "`acme` section",
        Noun::Program => "`program` section",
        Noun::Healthcheck => "`healthcheck` section",
    }
}

fn tables(config: &Config, findings: &mut Vec<Diagnostic>) {
    let declared = &config.declared;
    let names = || declared.tables.iter().map(|table| table.name.value.as_str());
    for (name, own, span) in &declared.table_uses {
        let wanted = name.as_ref().map_or(own, |name| &name.value);
        if names().any(|known| known == wanted) {
            continue;
        }
        let finding = match name {
            Some(Spanned { value, span }) => {
                let message = format!("no stick table is named `{value}`");
                Diagnostic::new(codes::E0420, *span, message)
            }
            None => {
                let message = format!("`{own}` has no `stick-table` of its own");
                Diagnostic::new(codes::E0420, *span, message)
            }
        };
        findings.push(match keyword::nearest(wanted, names()) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("write a `stick-table` line, or `table` and the name of one"),
        });
    }
}
