//! Names of sections and of stick tables that lines mention.

use std::collections::HashMap;

use diag::{Diagnostic, Spanned, codes};

use crate::keyword;
use crate::model::{Config, Noun};
use crate::target::Target;

pub(super) fn config(config: &Config, target: Target, findings: &mut Vec<Diagnostic>) {
    twice(config, findings);
    sections(config, target, findings);
    tables(config, findings);
    resolvers(config, findings);
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

fn sections(config: &Config, target: Target, findings: &mut Vec<Diagnostic>) {
    let declared = &config.declared;
    for mention in &declared.mentions {
        let names = declared.sections.iter().filter(|(noun, _)| *noun == mention.noun);
        let mut names = names.map(|(_, name)| name.value.as_str());
        let name = &mention.name;
        if mention.noun == Noun::Script {
            if config.global.scripts.is_none() {
                let message = format!("`{}` is registered by no script", name.value);
                let finding = Diagnostic::new(codes::E0602, name.span, message);
                findings.push(finding.help("load the script that registers it: `lua-load FILE`"));
            }
            continue;
        }
        // Made by itself when no section has the name.
        let made = mention.noun == Noun::Resolvers && name.value == "default";
        if !made && !names.clone().any(|known| known == name.value) {
            let message = format!("no {} is named `{}`", section(mention.noun), name.value);
            // Quirk: HAProxy does not look for it, and writes the lines that it would without one.
            let unseen = mention.noun == Noun::LogProfile && !target.is_proxyd();
            let code = if unseen { codes::W0423 } else { codes::E0421 };
            let finding = Diagnostic::new(code, name.span, message);
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
        Noun::Script => "script",
    }
}

/// Who resolves the names of servers.
fn resolvers(config: &Config, findings: &mut Vec<Diagnostic>) {
    let known = |name: &str| {
        // Made when no section of this name is there.
        let sections = config.declared.sections.iter();
        name == "default"
            || sections.clone().any(|(noun, known)| *noun == Noun::Resolvers && known.value == name)
    };
    for proxy in &config.proxies {
        let mut said: Vec<&str> = Vec::new();
        for server in &proxy.servers {
            let Some(name) = &server.settings.resolvers else { continue };
            if known(&name.value) || said.contains(&name.value.as_str()) {
                continue;
            }
            said.push(&name.value);
            let message = format!("no `resolvers` section is named `{}`", name.value);
            findings.push(Diagnostic::new(codes::E0421, name.span, message));
        }
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
