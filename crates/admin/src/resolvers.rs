//! `show resolvers`: what was counted of each name server (management, `show resolvers`).

use std::fmt::Write as _;

use crate::Reply;

/// A `resolvers` section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResolversRow {
    /// Its name.
    pub name: String,
    /// Its name servers in order.
    pub nameservers: Vec<NameserverRow>,
}

/// A name server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameserverRow {
    /// Its name.
    pub name: String,
    /// Counters with their names, in order.
    pub counters: Vec<(&'static str, u64)>,
}

/// The answer to `show resolvers`.
#[must_use]
pub fn show_resolvers<'a>(sections: impl IntoIterator<Item = &'a ResolversRow>) -> Reply {
    let mut out = String::new();
    for section in sections {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "Resolvers section {}", section.name);
        for server in &section.nameservers {
            let _ = writeln!(out, " nameserver {}:", server.name);
            for (name, count) in &server.counters {
                let _ = writeln!(out, "  {:<12} {count}", format!("{name}:"));
            }
        }
    }
    Reply::Dump(out)
}

/// A server has another name from now on.
#[must_use]
pub fn name_set(server: &str, before: &str, after: &str) -> Reply {
    Reply::Dump(format!(
        "{server} changed its FQDN from {before} to {after} by 'stats socket command'\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_stand_in_columns() {
        let counters = vec![("sent", 219), ("cname_error", 0)];
        let nameservers = vec![NameserverRow { name: "n1".into(), counters }];
        let section = ResolversRow { name: "d".into(), nameservers };
        let expected =
            "Resolvers section d\n nameserver n1:\n  sent:        219\n  cname_error: 0\n";
        assert_eq!(show_resolvers([&section]), Reply::Dump(expected.into()));
    }
}
