//! What an action does to knowledge: whether it ends its list, and what it rewrites.

use config::model::{Action, NameMatch};

use super::atom::Reads;

/// How an action that is taken ends things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// The next rule follows.
    Nothing,
    /// Its own list.
    List,
    /// The request.
    Request,
}

pub(super) fn ends(action: &Action) -> Ends {
    match action {
        Action::Allow => Ends::List,
        Action::Deny(_)
        | Action::Tarpit(_)
        | Action::Return(_)
        | Action::Reject
        | Action::SilentDrop
        | Action::Auth { .. } => Ends::Request,
        // With an empty target that is ignored, the rules go on.
        Action::Redirect(redirect) if !redirect.ignore_empty => Ends::Request,
        _ => Ends::Nothing,
    }
}

/// Whether a value that was read before may be another one after the action.
pub(super) fn touches(action: &Action, reads: &Reads) -> bool {
    let header = |name: &str| match reads {
        Reads::Header(read) => read.eq_ignore_ascii_case(name),
        Reads::Base => name.eq_ignore_ascii_case("host"),
        Reads::Target | Reads::Method | Reads::Addresses => false,
    };
    match action {
        Action::AddHeader { name, .. }
        | Action::SetHeader { name, .. }
        | Action::ReplaceHeader { name, .. }
        | Action::ReplaceValue { name, .. }
        | Action::DelHeader { name, method: NameMatch::Str } => header(name),
        Action::DelHeader { .. } => matches!(reads, Reads::Header(_) | Reads::Base),
        Action::SetMethod(_) => *reads == Reads::Method,
        // An absolute URI brings a host along.
        Action::SetPath { .. }
        | Action::SetQuery(_)
        | Action::SetUri(_)
        | Action::ReplacePath { .. }
        | Action::ReplaceUri { .. }
        | Action::NormalizeUri { .. } => match reads {
            Reads::Header(name) => name == "host",
            Reads::Target | Reads::Base => true,
            Reads::Method | Reads::Addresses => false,
        },
        Action::SetAddress { .. } => *reads == Reads::Addresses,
        Action::Allow
        | Action::Deny(_)
        | Action::Tarpit(_)
        | Action::Return(_)
        | Action::Reject
        | Action::SilentDrop
        | Action::Auth { .. }
        | Action::Redirect(_)
        | Action::ChangeList { .. }
        | Action::SetVar { .. }
        | Action::SetVarFmt { .. }
        | Action::DoResolve { .. }
        | Action::UnsetVar { .. }
        | Action::SetLogLevel(_)
        | Action::SetTimeout { .. }
        | Action::Capture { .. }
        | Action::WaitForBody { .. } => false,
        // What it does is not known here.
        _ => true,
    }
}
