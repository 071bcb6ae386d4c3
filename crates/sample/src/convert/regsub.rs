//! `regsub`: replaces what a regular expression matches.

use crate::arg::{Arg, ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value};

use super::{bytes, str};

pub(super) static ENTRIES: &[ConvertEntry] =
    &[ConvertEntry::new("regsub", Type::Str, Type::Str, regsub, "matches replaced; `g`: all, `i`")
        .args(2, &[ArgKind::Regex, ArgKind::Str, ArgKind::Str])
        .check(check_flags)];

fn check_flags(args: &mut Args) -> Result<(), (usize, String)> {
    let unknown = args.str(2).and_then(|flags| flags.iter().find(|flag| !b"gi".contains(flag)));
    match unknown {
        Some(flag) => Err((2, format!("`{}` is no flag: `g` or `i`", char::from(*flag)))),
        None => Ok(()),
    }
}

fn regsub<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let Arg::Regex(regex) = args.at(0) else { return Sample::Missing };
    let replacement = args.str(1).unwrap_or_default();
    let all = args.str(2).is_some_and(|flags| flags.contains(&b'g'));
    let text = bytes(value);
    if !regex.is_match(&text) {
        return str(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = 0;
    for groups in regex.captures_iter(&text) {
        let Some(whole) = groups.get(0) else { break };
        out.extend_from_slice(text.get(rest..whole.start()).unwrap_or_default());
        crate::regex::expand(replacement, &groups, &mut out);
        rest = whole.end();
        if !all {
            break;
        }
    }
    out.extend_from_slice(text.get(rest..).unwrap_or_default());
    str(out)
}
