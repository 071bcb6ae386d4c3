//! Timeouts, retries and places in queues, as the lines and as rules have them (manual 7.3.2, 7.3.3).

use crate::arg::Args;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Bound, Context, Fact, Sample, Type};

use super::fact;

/// A fetch of one fact.
macro_rules! entry {
    ($name:literal, $places:expr, $fact:expr, $doc:literal) => {{
        fn read<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
            fact(ctx, $fact)
        }
        FetchEntry::new($name, Type::Int, $places, read, $doc)
    }};
}

const FRONTEND: Places = Places::FRONTEND;
const BACKEND: Places = Places::BACKEND;
const RUNNING: Places = Places::RUNNING;

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.2",
    entries: &[
        entry!("be_connect_timeout", BACKEND, Fact::BackendTimeout(Bound::Connect), "milliseconds"),
        entry!("be_max_retries", BACKEND, Fact::BackendRetries, "`retries`"),
        entry!("be_queue_timeout", BACKEND, Fact::BackendTimeout(Bound::Queue), "milliseconds"),
        entry!("be_server_timeout", BACKEND, Fact::BackendTimeout(Bound::Server), "milliseconds"),
        entry!("be_tarpit_timeout", BACKEND, Fact::BackendTimeout(Bound::Tarpit), "milliseconds"),
        entry!("be_tunnel_timeout", BACKEND, Fact::BackendTimeout(Bound::Tunnel), "milliseconds"),
        entry!("cur_client_timeout", FRONTEND, Fact::CurrentTimeout(Bound::Client), "in force"),
        entry!("cur_connect_timeout", BACKEND, Fact::CurrentTimeout(Bound::Connect), "in force"),
        entry!("cur_max_retries", BACKEND, Fact::CurrentRetries, "in force"),
        entry!("cur_queue_timeout", BACKEND, Fact::CurrentTimeout(Bound::Queue), "in force"),
        entry!("cur_server_timeout", BACKEND, Fact::CurrentTimeout(Bound::Server), "in force"),
        entry!(
            "cur_tarpit_timeout",
            Places::CLIENT,
            Fact::CurrentTimeout(Bound::Tarpit),
            "in force"
        ),
        entry!("cur_tunnel_timeout", BACKEND, Fact::CurrentTimeout(Bound::Tunnel), "in force"),
        entry!("dst_conn", FRONTEND, Fact::ListenerConnections, "connections to this address"),
        entry!("fe_client_timeout", FRONTEND, Fact::FrontendTimeout(Bound::Client), "milliseconds"),
        entry!("fe_tarpit_timeout", FRONTEND, Fact::FrontendTimeout(Bound::Tarpit), "milliseconds"),
        entry!("last_rule_line", RUNNING, Fact::LastRuleLine, "of the rule that ended its list"),
        entry!("prio_class", RUNNING, Fact::PriorityClass, "its class in the queue"),
        entry!("prio_offset", RUNNING, Fact::PriorityOffset, "its offset in the queue"),
        FetchEntry::new("last_rule_file", Type::Str, RUNNING, file, "its file"),
    ],
};

fn file<'a>(_: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    fact(ctx, Fact::LastRuleFile)
}
