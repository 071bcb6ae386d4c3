//! `acl(name,...)`: named ACLs as a value (manual 7.3.2).

use crate::arg::{Arg, ArgKind, Args};
use crate::compile::CompileEnv;
use crate::place::Places;
use crate::registry::{FetchEntry, FetchGroup};
use crate::{Context, Sample, Type, Value};

pub(crate) static GROUP: FetchGroup = FetchGroup {
    section: "7.3.2",
    entries: &[FetchEntry::new("acl", Type::Bool, Places::ALL, holds, "whether all ACLs hold")
        .args(1, &[ArgKind::Str; 12])],
};

/// Looks the names up; a `!` in front of one negates it.
pub(super) fn read(args: &mut Args, env: &CompileEnv<'_>) -> Result<(), String> {
    let mut acls = Vec::new();
    for position in 0..args.0.len() {
        let Some(word) = args.str(position) else { continue };
        let word = String::from_utf8_lossy(word);
        let name = word.trim();
        let (negated, name) = name.strip_prefix('!').map_or((false, name), |name| (true, name));
        match env.names.acl(name.trim(), env.place) {
            Some(acl) => acls.push((negated, acl)),
            None => return Err(format!("no ACL is named `{name}` before this line")),
        }
    }
    args.0 = vec![Arg::Acls(acls)];
    Ok(())
}

/// What is open keeps the answer open, unless an ACL says no.
fn holds<'a>(args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    let Arg::Acls(acls) = args.at(0) else { return Sample::Missing };
    let mut open = None;
    for (negated, acl) in acls {
        match acl.holds(ctx) {
            Sample::Known(Value::Bool(yes)) if yes != *negated => {}
            Sample::Known(_) | Sample::Missing => return super::bool(false),
            other => open = open.or(Some(other)),
        }
    }
    open.unwrap_or(super::bool(true))
}
