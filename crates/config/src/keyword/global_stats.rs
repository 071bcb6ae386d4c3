//! `global`: the runtime socket (manual 3.1, `stats`).

use config_parse::quantity::Unit;
use diag::{Spanned, codes};

use super::{BIND_OPTIONS, Keyword, Places, Shape, global_process};
use crate::lower::{AddressUse, Directive};
use crate::model::{Bind, Global, StatsSocket};

pub(super) const KEYWORDS: &[Keyword<Global>] = &[Keyword::new(
    "stats",
    Places::GLOBAL,
    "socket <address> [options] | timeout <time> | maxconn <n>",
    "3.1",
    "the runtime socket",
    stats,
)];

fn stats(line: &mut Directive<'_>, to: &mut Global) {
    let Some(word) = line.arg("`socket`, `timeout` or `maxconn`") else { return };
    line.mark_head();
    match word.text.as_ref() {
        "socket" => to.stats_sockets.extend(socket(line)),
        "timeout" => {
            let time = line.duration("a time, such as `30s`", Unit::Millisecond);
            // Quirk: HAProxy does not look at what follows.
            line.skip_rest();
            let Some(time) = time else { return };
            if time.value.is_zero() {
                line.error(codes::E0302, time.span, "the timeout is at least 1ms");
                return;
            }
            to.stats_timeout = Some(Spanned::new(time.value, line.span()));
        }
        "maxconn" => {
            let start = line.mark();
            Shape::Number(1, i32::MAX).read(line);
            line.reset(start);
            global_process::count(line, &mut to.stats_maxconn);
        }
        "bind-process" => line.skip_rest(),
        _ => line.not_one_of(
            word,
            "a `stats` setting of `global`",
            &["socket", "timeout", "maxconn"],
        ),
    }
}

fn socket(line: &mut Directive<'_>) -> Option<StatsSocket> {
    let word = line.arg("a path or an address")?;
    let address = line.address(word, AddressUse::StatsSocket);
    let mut bind = Bind::new(line.span());
    line.options(&BIND_OPTIONS, &mut bind);
    Some(StatsSocket {
        address: address?,
        level: bind.level.unwrap_or_default(),
        mode: bind.mode,
        user: bind.user,
        group: bind.group,
        expose_fd: bind.expose_fd,
        severity: bind.severity,
        span: line.span(),
    })
}
