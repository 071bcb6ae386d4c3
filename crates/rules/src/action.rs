//! Compiled rules and their actions.

pub(crate) mod address;
pub(crate) mod edit;
pub(crate) mod header;
pub(crate) mod hint;
pub(crate) mod limit;
pub(crate) mod list;
pub(crate) mod normalize;
pub(crate) mod redirect;
pub(crate) mod reply;
pub(crate) mod room;
pub(crate) mod target;
pub(crate) mod variable;

use std::time::Duration;

use acl::Condition;
use config::model::ListChange;
use diag::Span;
use sample::{Bound, Compiled, CompiledFormat, SetIf, VarId};

use crate::RuleFamily;
use address::AddressPart;
use edit::Edit;
use normalize::Normalizer;
use redirect::Redirect;
use reply::Reply;

/// An action and when it is taken.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) family: RuleFamily,
    pub(crate) span: Span,
    pub(crate) condition: Option<Condition>,
    pub(crate) action: Action,
    /// Which part asks for the unique id: it is made then, of the request as it is by then.
    pub(crate) asks_id: AsksId,
}

/// Which part of a rule asks for the unique id.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AsksId {
    pub(crate) condition: bool,
    pub(crate) action: bool,
}

/// What a rule does.
#[derive(Debug)]
pub(crate) enum Action {
    /// Ends its list; the stream goes on.
    Allow,
    Deny(Reply),
    Tarpit(Reply),
    Return(Reply),
    /// Closes without a word.
    Reject,
    SilentDrop,
    /// `switch-mode http`; where HTTP is spoken already, it ends the rules.
    SwitchMode,
    /// `close` of `tcp-response content`: what the server sent passes, and its connection ends.
    CloseServer,
    Auth {
        realm: Option<CompiledFormat>,
    },
    Redirect(Box<Redirect>),
    /// `use-service prometheus-exporter`.
    Service,
    WaitForBody {
        time: Duration,
        at_least: u64,
    },
    Edit(Edit),
    Normalize(Normalizer),
    SetVar {
        id: VarId,
        conditions: Vec<SetIf>,
        value: Compiled,
    },
    SetVarFormat {
        id: VarId,
        conditions: Vec<SetIf>,
        value: CompiledFormat,
    },
    UnsetVar(VarId),
    /// `set-map` and its kin; the file is one that the configuration uses elsewhere, or nothing happens.
    ChangeList {
        change: ListChange,
        file: Box<str>,
        key: CompiledFormat,
        value: Option<CompiledFormat>,
    },
    Setting(Setting),
    SetTimeout {
        which: Bound,
        value: TimeoutValue,
    },
    /// TOS or mark of packets to the client or to the server.
    SetMark {
        to_server: bool,
        tos: bool,
        value: Number,
    },
    /// A field of a 103 response, which `ends` with it.
    EarlyHint {
        name: Box<[u8]>,
        value: CompiledFormat,
        ends: bool,
    },
    SetRetries(Number),
    SetPriority {
        offset: bool,
        value: Compiled,
    },
    SetAddress {
        part: AddressPart,
        value: Compiled,
    },
    Capture {
        response: bool,
        slot: u32,
        value: Compiled,
    },
    /// `strict-mode`: whether a rewrite that finds no room is an error.
    StrictMode(bool),
    /// Nothing more happens for a while.
    Pause(TimeoutValue),
    /// A name is looked up; its address goes into a variable.
    Resolve {
        id: VarId,
        resolvers: Box<str>,
        v4: bool,
        value: Compiled,
    },
    /// `do-log`, with the number of its profile.
    DoLog {
        profile: Option<u32>,
    },
    /// Known, and without an effect on what is decided (`set-nice`, ...).
    Nothing,
}

/// A setting of the stream with a value that is known when the program is compiled.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Setting {
    LogLevel(Option<u8>),
    NoL7Retry,
    ExpectProxy,
}

/// What `set-timeout` sets it to.
#[derive(Debug)]
pub(crate) enum TimeoutValue {
    Literal(Duration),
    Millis(Compiled),
}

/// A number that is known when the program is compiled, or one that the stream gives.
#[derive(Debug)]
pub(crate) enum Number {
    Literal(u32),
    Sample(Compiled),
}
