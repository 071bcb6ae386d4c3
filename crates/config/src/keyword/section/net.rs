//! `peers`, `resolvers`, `mailers` and `namespace_list` (manual 11.2, 5.3.2, 12.3).

use std::time::Duration;

use config_parse::address::{Address, AddressKind};
use config_parse::quantity::Unit;
use diag::{Diagnostic, Spanned, codes};

use super::super::{BIND_OPTIONS, SERVER_OPTIONS, Table, log, stick};
use super::{Other, one_value, table, word};
use crate::lower::{AddressUse, Directive, leading_number, names};
use crate::model::{Bind, Holds, Nameserver};

pub(super) static PEERS: Table<Other> = table(&[&[
    word("bind", "[<address>] [options]", "11.2", "where other peers connect to", |line, _| {
        let Some(address) = line.word() else { return };
        line.bind_addresses(address);
        bind_options(line);
    }),
    word("default-bind", "[options]", "11.2", "options of the `bind` line", |line, _| {
        bind_options(line);
    }),
    word("default-server", "[options]", "11.2", "options of the peers below", |line, to| {
        line.options(&SERVER_OPTIONS, &mut to.default_server);
    }),
    word("disabled", "", "11.2", "switches the section off", |line, _| line.skip_rest()),
    word("enabled", "", "11.2", "switches the section on", |line, _| line.skip_rest()),
    word("log", "<target> <facility>", "11.2", "where its lines go", |line, _| {
        log::log(line, &mut Vec::new());
    }),
    word("peer", "<name> [<address>] [options]", "11.2", "another peer, or this one", peer),
    word("server", "<name> [<address>] [options]", "11.2", "another peer, or this one", peer),
    word("shards", "<n>", "11.2", "over how many peers updates are spread", |line, _| {
        if line.target.is_2_6() {
            // 2.6 knows it by a later patch only.
            let at = line.keyword_span();
            line.error(codes::E0202, at, "`shards` is not known to HAProxy 2.6");
            return;
        }
        line.number("a number of shards", 1..=i64::from(i32::MAX));
    }),
    word("table", "<name> type <type> size <size> [...]", "11.2", "a stick table", |line, to| {
        line.mark_head();
        let Some(name) = line.text("a name") else { return };
        let full = Spanned::new(format!("{}/{}", to.name.value, name.value), name.span);
        let (kind, store) = match stick::table(line) {
            Some(read) => (read.kind, read.store),
            None => Default::default(),
        };
        to.declared.tables.push(crate::model::Table { name: full, kind, store });
    }),
]]);

fn bind_options(line: &mut Directive<'_>) {
    let mut bind = Bind::new(line.span());
    line.options(&BIND_OPTIONS, &mut bind);
}

fn peer(line: &mut Directive<'_>, to: &mut Other) {
    line.mark_head();
    let Some(name) = line.text("a name") else { return };
    if !line.target.is_2_6() {
        to.once(line, &name, "peer");
    }
    let Some(address) = line.word() else { return };
    line.address(address, AddressUse::Dispatch);
    line.options(&SERVER_OPTIONS, &mut to.default_server.clone());
}

pub(super) static RESOLVERS: Table<Other> = table(&[&[
    word("accepted_payload_size", "<n>", "5.3.2", "the largest answer", |line, to| {
        if let Some(size) = line.lenient("a size in bytes", 12..=65535) {
            to.resolvers.payload = u16::try_from(size.value).unwrap_or(u16::MAX);
        }
    }),
    word("hold", "<status> <time>", "5.3.2", "how long an answer counts", |line, to| {
        line.mark_head();
        type Of = fn(&mut Holds) -> &mut Duration;
        let statuses: [(&str, Of); 6] = [
            ("nx", |hold| &mut hold.nx),
            ("timeout", |hold| &mut hold.timeout),
            ("refused", |hold| &mut hold.refused),
            ("other", |hold| &mut hold.other),
            ("valid", |hold| &mut hold.valid),
            ("obsolete", |hold| &mut hold.obsolete),
        ];
        if let Some(of) = line.choice("the status of an answer", &statuses)
            && let Some(time) = line.duration("a time", Unit::Millisecond)
        {
            *(of.value)(&mut to.resolvers.hold) = time.value;
        }
    }),
    word("nameserver", "<name> <address>:<port>", "5.3.2", "a server of names", |line, to| {
        line.mark_head();
        let Some(name) = line.text("a name and an address") else { return };
        to.once(line, &name, "name server");
        names::check(line, &name, "a name server");
        let Some(address) = line.arg("an address") else { return };
        // Quirk: words behind the address are not looked at.
        let stream = address.text.starts_with("tcp");
        if let Some(address) = literal_address(line, address) {
            to.resolvers.nameservers.push(Nameserver::One { name, address, stream });
        }
    }),
    word("parse-resolv-conf", "", "5.3.2", "the servers that the system uses", |line, to| {
        line.skip_rest();
        to.resolvers.nameservers.push(Nameserver::System(line.span()));
    }),
    word("resolve_retries", "<n>", "5.3.2", "how often a question is asked", |line, to| {
        line.mark_head();
        let count = line.arg("a number of questions").map_or(0, |word| leading_number(&word.text));
        line.skip_rest();
        to.resolvers.retries = u32::try_from(count).unwrap_or(0);
    }),
    word("timeout", "resolve|retry <time>", "5.3.2", "the times of questions", |line, to| {
        line.mark_head();
        let events = [("resolve", true), ("retry", false)];
        if let Some(resolve) = line.choice("`resolve` or `retry`", &events)
            && let Some(time) = line.duration("a time", Unit::Millisecond)
        {
            match resolve.value {
                true => to.resolvers.resolve = time.value,
                false => to.resolvers.retry = time.value,
            }
        }
    }),
]]);

/// An address with a port that needs no resolving.
fn literal_address(
    line: &mut Directive<'_>,
    word: &config_parse::tree::Word<'_>,
) -> Option<Address> {
    use config_parse::address::{AddressKind, Host};

    let address = line.address(word, AddressUse::Nameserver)?;
    if let AddressKind::Inet { host: Host::Name(name), .. } = &address.kind {
        let message = format!("`{name}` is no address: a name server cannot be asked for itself");
        line.report(Diagnostic::new(codes::E0305, word.span, message));
        return None;
    }
    Some(address)
}

pub(super) static MAILERS: Table<Other> = table(&[&[
    word("mailer", "<name> <address>:<port>", "12.3", "a mail server", |line, _| {
        line.mark_head();
        if line.arg("a name and an address").is_none() {
            return;
        }
        let Some(address) = line.arg("an address and a port") else { return };
        let Some(read) = line.address(address, AddressUse::Dispatch) else { return };
        if !matches!(read.kind, AddressKind::Inet { .. }) {
            let message = "a mail server has an address and a port";
            line.error(codes::E0305, address.span, message);
        }
    }),
    word("timeout", "mail <time>", "12.3", "how long a mail may take", |line, _| {
        line.mark_head();
        if line.choice("`mail`", &[("mail", ())]).is_some() {
            line.duration("a time", Unit::Millisecond);
        }
    }),
]]);

pub(super) static NAMESPACES: Table<Other> =
    table(&[&[word("namespace", "<name>", "5.1", "a network namespace", |line, _| {
        one_value(line, "a name")
    })]]);
