//! Arguments as written into arguments of the kinds that a signature names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use config_parse::expr::Call;
use config_parse::stray;
use diag::{Code, Diagnostic, Spanned, codes};

use super::{CompileEnv, with_nearest};
use crate::Type;
use crate::arg::{Arg, ArgKind, Args};
use crate::lists::Columns;
use crate::number::strict_int;

/// Compiles the arguments of a call; `None` when one of them was refused.
pub(super) fn compile(
    call: &Call,
    kinds: &[ArgKind],
    required: usize,
    env: &mut CompileEnv<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Args> {
    let before = findings.len();
    let written: &[Spanned<String>] = call.args.as_deref().unwrap_or_default();
    let empty = [Spanned::new(String::new(), call.span)];
    let written = match written {
        // `str()` has one argument, the empty text.
        [] if call.args.is_some() && required > 0 && kinds.first() == Some(&ArgKind::Str) => {
            empty.as_slice()
        }
        // `path()` is `path`: one empty argument is none.
        [only] if only.value.is_empty() && required == 0 => &[],
        written => written,
    };
    if let Some(extra) = written.get(kinds.len()) {
        findings.push(too_many(call, kinds, extra));
        return None;
    }
    let mut args = Vec::with_capacity(kinds.len());
    for (index, kind) in kinds.iter().enumerate() {
        let given = written.get(index).filter(|arg| !arg.value.is_empty() || *kind == ArgKind::Str);
        let fallback_of = match (index, kinds.first()) {
            (1, Some(ArgKind::Map(_, out))) => Some(*out),
            _ => None,
        };
        let arg = match given {
            Some(arg) if fallback_of.is_some_and(|of| !is_value_of(&arg.value, of)) => {
                let message = format!("`{}` is no value of this map's type", arg.value);
                Err(Diagnostic::new(codes::E0503, arg.span, message))
            }
            Some(arg) => one(arg, *kind, written, env).map_err(|finding| *finding),
            None => {
                // Quirk: a table that may be left out must be there where parentheses leave a place for it.
                let place = call.args.as_ref().is_some_and(|args| index < args.len().max(1));
                let required = index < required || (*kind == ArgKind::Table && place);
                omitted(call, *kind, required, env)
            }
        };
        match arg {
            Ok(arg) => args.push(arg),
            Err(finding) => findings.push(finding),
        }
    }
    (findings.len() == before).then_some(Args(args))
}

/// Whether a map whose values have this type can give the text for a key that it has not.
fn is_value_of(text: &str, of: Type) -> bool {
    match of {
        Type::Int => text.is_empty() || strict_int(text.as_bytes()).is_some(),
        Type::Addr | Type::Ipv4 | Type::Ipv6 => text.parse::<IpAddr>().is_ok(),
        _ => true,
    }
}

fn too_many(call: &Call, kinds: &[ArgKind], extra: &Spanned<String>) -> Diagnostic {
    let name = &call.name.value;
    let message = match kinds.len() {
        0 => format!("`{name}` takes no argument"),
        1 => format!("`{name}` takes one argument only"),
        most => format!("`{name}` takes at most {most} arguments"),
    };
    Diagnostic::new(codes::E0503, extra.span, message)
}

fn omitted(
    call: &Call,
    kind: ArgKind,
    required: bool,
    env: &CompileEnv<'_>,
) -> Result<Arg, Diagnostic> {
    if kind == ArgKind::Table && required {
        // What is left out is the table of the own proxy.
        let none = format!("`{}` needs a table: this proxy has no `stick-table`", call.name.value);
        return match env.names.has_table(None) {
            true => Ok(Arg::None),
            false => Err(Diagnostic::new(codes::E0420, call.span, none)
                .help("name the proxy that has one in parentheses")),
        };
    }
    let own = match kind {
        ArgKind::Frontend => env.names.own_frontend().map(Arg::Frontend),
        ArgKind::Backend => env.names.own_backend().map(Arg::Backend),
        _ => None,
    };
    match own {
        Some(arg) => Ok(arg),
        None if required => Err(Diagnostic::new(
            codes::E0503,
            call.span,
            format!("`{}` needs an argument: {}", call.name.value, kind.describe()),
        )),
        None => Ok(Arg::None),
    }
}

fn one(
    arg: &Spanned<String>,
    kind: ArgKind,
    all: &[Spanned<String>],
    env: &mut CompileEnv<'_>,
) -> Result<Arg, Box<Diagnostic>> {
    let text = arg.value.as_str();
    let wrong = || refuse(arg, codes::E0503, format!("`{text}` is no {}", kind.describe()));
    match kind {
        ArgKind::Str => Ok(Arg::Str(stray::bytes(text).into_owned())),
        ArgKind::Int => strict_int(text.as_bytes()).map(Arg::Int).ok_or_else(wrong),
        ArgKind::Operand => match strict_int(text.as_bytes()) {
            Some(number) => Ok(Arg::Int(number)),
            None => env.vars.intern(text).map(Arg::Var).map_err(|_| wrong()),
        },
        ArgKind::StrOrVar => Ok(match env.vars.intern(text) {
            Ok(id) => Arg::Var(id),
            Err(_) => Arg::Str(stray::bytes(text).into_owned()),
        }),
        ArgKind::Var => env.vars.intern(text).map(Arg::Var).map_err(|_| no_variable(arg)),
        ArgKind::Ipv4 => text.parse().map(|ip: Ipv4Addr| Arg::Ip(ip.into())).map_err(|_| wrong()),
        ArgKind::Ipv6 => text.parse().map(|ip: Ipv6Addr| Arg::Ip(ip.into())).map_err(|_| wrong()),
        ArgKind::Mask4 => mask4(text).map(|ip| Arg::Ip(ip.into())).ok_or_else(wrong),
        ArgKind::Mask6 => mask6(text).map(|ip| Arg::Ip(ip.into())).ok_or_else(wrong),
        ArgKind::Frontend => {
            env.names.frontend(text).map(Arg::Frontend).ok_or_else(|| no_proxy(arg, kind, env))
        }
        ArgKind::Backend => {
            env.names.backend(text).map(Arg::Backend).ok_or_else(|| no_proxy(arg, kind, env))
        }
        ArgKind::Server => {
            let (proxy, server) = match text.rsplit_once('/') {
                Some((proxy, server)) => (Some(proxy), server),
                None => (None, text),
            };
            let found = env.names.server(proxy, server).map(Arg::Server);
            found.ok_or_else(|| refuse(arg, codes::E0406, format!("no server is named `{text}`")))
        }
        ArgKind::Userlist => env
            .names
            .userlist(text)
            .map(Arg::Userlist)
            .ok_or_else(|| refuse(arg, codes::E0407, format!("no userlist is named `{text}`"))),
        ArgKind::Table if env.names.has_table(Some(text)) => Ok(Arg::Str(text.as_bytes().to_vec())),
        ArgKind::Table => {
            Err(refuse(arg, codes::E0420, format!("no stick table is named `{text}`")))
        }
        ArgKind::FieldNumber => {
            let parts = text.split('.').all(|part| part.parse::<u32>().is_ok_and(|part| part > 0));
            parts.then(|| Arg::Str(text.as_bytes().to_vec())).ok_or_else(wrong)
        }
        ArgKind::Regex => regex(arg, all),
        ArgKind::Map(method, out) => {
            let list = env.lists.open(text, Columns::Two, env.files).map_err(|why| {
                refuse(arg, codes::E0701, format!("`{text}` cannot be read: {why}"))
            })?;
            env.maps.build(method, out, &list, arg.span).map(Arg::Map).map_err(|(line, why)| {
                refuse(arg, codes::E0507, format!("`{text}`, line {line}: {why}"))
            })
        }
    }
}

fn refuse(arg: &Spanned<String>, code: Code, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(code, arg.span, message))
}

fn no_variable(arg: &Spanned<String>) -> Box<Diagnostic> {
    let message = format!("`{}` is no name of a variable", arg.value);
    Box::new(
        Diagnostic::new(codes::E0503, arg.span, message)
            .help("begin it with a scope: `proc.`, `sess.`, `txn.`, `req.`, `res.` or `check.`"),
    )
}

fn no_proxy(arg: &Spanned<String>, kind: ArgKind, env: &CompileEnv<'_>) -> Box<Diagnostic> {
    let message = format!("no {} is named `{}`", kind.describe(), arg.value);
    let finding = Diagnostic::new(codes::E0401, arg.span, message);
    Box::new(with_nearest(finding, &arg.value, env.names.proxies().iter()))
}

fn mask4(text: &str) -> Option<Ipv4Addr> {
    if let Ok(bits) = text.parse::<u32>() {
        let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
        return Some(Ipv4Addr::from(mask));
    }
    text.parse().ok()
}

fn mask6(text: &str) -> Option<Ipv6Addr> {
    if let Ok(bits) = text.parse::<u32>() {
        let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
        return Some(Ipv6Addr::from(mask));
    }
    match text.parse::<IpAddr>().ok()? {
        IpAddr::V6(mask) => Some(mask),
        IpAddr::V4(_) => None,
    }
}

/// `regsub(regex,subst,flags)`: `i` in the flags ignores case.
fn regex(arg: &Spanned<String>, all: &[Spanned<String>]) -> Result<Arg, Box<Diagnostic>> {
    let ignore_case = all.get(2).is_some_and(|flags| flags.value.contains('i'));
    crate::regex::compile(&arg.value, ignore_case)
        .map(|regex| Arg::Regex(Arc::new(regex)))
        .map_err(|why| refuse(arg, codes::E0508, why))
}
