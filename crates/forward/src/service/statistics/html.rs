//! The page itself: one table for each proxy, readable without scripts, in light and dark.

use std::fmt::Write as _;

use admin::StatRow;
use rules::StatsRequest;

use super::{Options, Shown};

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884;--head:#8882}
body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem}
h1{font-size:1.4rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:1.6rem 0 .3rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{border:1px solid var(--line);padding:.15rem .45rem;text-align:right;white-space:nowrap}
th{background:var(--head);font-weight:600}td:first-child,td.state{text-align:left}
tr.up td.state{background:#3a53}tr.down td.state{background:#d335}tr.going td.state{background:#da34}
tr.maint td.state{background:#a636}tr.drain td.state{background:#48d4}tr.total td{font-weight:600}
nav a{margin-right:1rem}p.note{padding:.3rem .6rem;border:1px solid var(--line);display:inline-block}
.scroll{overflow-x:auto}
";

/// Above the columns: how many of them belong together.
const GROUPS: &[(&str, u8)] = &[
    ("", 1),
    ("Queue", 3),
    ("Session rate", 3),
    ("Sessions", 5),
    ("Bytes", 2),
    ("Denied", 2),
    ("Errors", 3),
    ("Warnings", 2),
    ("Server", 8),
];

const COLUMNS: &[&str] = &[
    "", "Cur", "Max", "Limit", "Cur", "Max", "Limit", "Cur", "Max", "Limit", "Total", "LbTot",
    "In", "Out", "Req", "Resp", "Req", "Conn", "Resp", "Retr", "Redis", "Status", "LastChk",
    "Wght", "Act", "Bck", "Chk", "Dwn", "Dwntme",
];

/// The whole document.
pub(super) fn page(
    asked: &StatsRequest,
    options: &Options,
    rows: &[StatRow],
    shown: &Shown<'_>,
) -> String {
    let mut out = String::with_capacity(2048 + rows.len() * 640);
    let settings = shown.process.settings();
    let node = asked.page.node.as_ref().map(|name| name.as_deref().unwrap_or(&settings.hostname));
    let title = format!(
        "Statistics of proxyd{}",
        node.map(|node| format!(" on {node}")).unwrap_or_default()
    );
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style></head>\n<body><h1>{0}</h1>\n",
        escaped(&title)
    );
    about(&mut out, asked, shown);
    links(&mut out, &asked.page.uri, options);
    if let Some(word) = &options.outcome {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", outcome(word));
    }
    for proxy in rows.chunk_by(|a, b| a.pxname == b.pxname) {
        table(&mut out, asked, proxy);
    }
    if asked.page.legends {
        out.push_str("<p>Frontends are OPEN. Servers are UP, DOWN, on their way (such as DOWN 1/2), in MAINT or in DRAIN; without a check they say so.</p>\n");
    }
    out.push_str("</body></html>\n");
    out
}

fn about(out: &mut String, asked: &StatsRequest, shown: &Shown<'_>) {
    let process = shown.process;
    let settings = process.settings();
    let version =
        if asked.page.hides_version { "" } else { concat!(" version ", env!("CARGO_PKG_VERSION")) };
    let description = asked.page.description.as_ref();
    let global = shown.generation.program.config().global.description.as_ref();
    let text =
        description.and_then(|own| own.as_deref().or(global.map(|known| known.value.as_str())));
    if let Some(text) = text {
        let _ = writeln!(out, "<p>{}</p>", escaped(text));
    }
    let _ = writeln!(
        out,
        "<p>Weir{version}, process {}, {} threads, {} connections now (limit {}), {} streams so far.</p>",
        settings.pid,
        settings.threads,
        process.connections.now(),
        process.maxconn(),
        process.streams(),
    );
}

fn links(out: &mut String, uri: &str, options: &Options) {
    let uri = escaped(uri);
    let up = if options.up { "" } else { ";up" };
    let words = if options.up { "Show all servers" } else { "Hide servers that are down" };
    let _ = writeln!(
        out,
        "<nav><a href=\"{uri}{up}\">{words}</a><a href=\"{uri};norefresh\">Without refresh</a><a href=\"{uri}\">Refresh now</a><a href=\"{uri};csv\">CSV</a><a href=\"{uri};json\">JSON</a></nav>"
    );
}

fn outcome(word: &str) -> &'static str {
    match word {
        "DONE" => "The action was carried out.",
        "PART" => "The action was carried out for some of the servers; the others are not known.",
        "NONE" => "Nothing was chosen, so nothing was done.",
        "ERRP" => "The form could not be read, so nothing was done.",
        "DENY" => "Changes are not allowed here (stats admin).",
        _ => "The last action ended in a way that is not known.",
    }
}

fn table(out: &mut String, asked: &StatsRequest, rows: &[StatRow]) {
    let Some(first) = rows.first() else { return };
    let name = escaped(first.pxname.as_deref().unwrap_or(""));
    let servers = rows.iter().any(|row| row.kind_number == Some(2));
    let form = asked.admin && servers;
    let _ = write!(out, "<h2 id=\"{name}\">{name}</h2>\n<div class=\"scroll\">");
    if form {
        let _ = write!(out, "<form method=\"post\" action=\"{}\">", escaped(&asked.page.uri));
    }
    out.push_str("<table><thead><tr>");
    if form {
        out.push_str("<th rowspan=\"2\"></th>");
    }
    for (group, width) in GROUPS {
        let _ = write!(out, "<th colspan=\"{width}\">{group}</th>");
    }
    out.push_str("</tr><tr>");
    for column in COLUMNS {
        let _ = write!(out, "<th>{column}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        line(out, row, form);
    }
    out.push_str("</tbody></table>");
    if form {
        let backend = first.iid.unwrap_or(0);
        let _ = write!(
            out,
            "<p>Chosen servers: <select name=\"action\"><option value=\"\"></option>{}</select><input type=\"hidden\" name=\"b\" value=\"#{backend}\"> <button>Apply</button></p></form>",
            ACTIONS
                .iter()
                .map(|(value, words)| format!("<option value=\"{value}\">{words}</option>"))
                .collect::<String>()
        );
    }
    out.push_str("</div>\n");
}

const ACTIONS: &[(&str, &str)] = &[
    ("ready", "Set state to READY"),
    ("drain", "Set state to DRAIN"),
    ("maint", "Set state to MAINT"),
    ("dhlth", "Health: disable checks"),
    ("ehlth", "Health: enable checks"),
    ("hrunn", "Health: force UP"),
    ("hnolb", "Health: force NOLB"),
    ("hdown", "Health: force DOWN"),
    ("shutdown", "Kill sessions"),
];

fn line(out: &mut String, row: &StatRow, form: bool) {
    let status = row.status.as_deref().unwrap_or("");
    let _ = write!(out, "<tr class=\"{}\">", class(row, status));
    let name = escaped(row.svname.as_deref().unwrap_or(""));
    if form {
        let server = row.kind_number == Some(2);
        let mark =
            format!("<input type=\"checkbox\" name=\"s\" value=\"{name}\" aria-label=\"{name}\">");
        let _ = write!(out, "<td>{}</td>", if server { mark.as_str() } else { "" });
    }
    let shown = match row.kind_number {
        Some(0) => "Frontend",
        Some(1) => "Backend",
        _ => &name,
    };
    let _ = write!(out, "<td>{shown}</td>");
    let small = [
        row.qcur,
        row.qmax,
        row.qlimit,
        row.rate,
        row.rate_max,
        row.rate_lim,
        row.scur,
        row.smax,
        row.slim,
    ];
    small.iter().for_each(|number| cell(out, number.map(u64::from)));
    let large = [
        row.stot, row.lbtot, row.bin, row.bout, row.dreq, row.dresp, row.ereq, row.econ, row.eresp,
        row.wretr, row.wredis,
    ];
    large.iter().for_each(|number| cell(out, *number));
    let since = row.lastchg.map(|seconds| format!("{} ", span(seconds))).unwrap_or_default();
    let _ = write!(out, "<td class=\"state\">{since}{}</td>", escaped(status));
    let check = row.check_status.as_deref().unwrap_or("");
    let code = row.check_code.map(|code| format!("/{code}")).unwrap_or_default();
    let took = row.check_duration.map(|millis| format!(" in {millis} ms")).unwrap_or_default();
    let _ = write!(
        out,
        "<td title=\"{}\">{check}{code}{took}</td>",
        escaped(row.last_chk.as_deref().unwrap_or(""))
    );
    [row.weight, row.act, row.bck].iter().for_each(|number| cell(out, number.map(u64::from)));
    [row.chkfail, row.chkdown].iter().for_each(|number| cell(out, *number));
    let _ = writeln!(out, "<td>{}</td></tr>", row.downtime.map(span).unwrap_or_default());
}

fn cell(out: &mut String, number: Option<u64>) {
    let _ = match number {
        Some(number) => write!(out, "<td>{number}</td>"),
        None => write!(out, "<td></td>"),
    };
}

fn class(row: &StatRow, status: &str) -> &'static str {
    match (row.kind_number, status) {
        (Some(1), _) => "total",
        (_, status) if status.contains("MAINT") => "maint",
        (_, status) if status.contains("DRAIN") || status.contains("NOLB") => "drain",
        (_, status) if status.contains('/') => "going",
        (_, status) if status.starts_with("DOWN") => "down",
        (_, status) if status.starts_with("UP") || status == "OPEN" => "up",
        _ => "",
    }
}

/// `3d4h`, `2m10s`, `7s`: the two largest units.
fn span(seconds: u32) -> String {
    let units = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)];
    let first = units.iter().position(|(_, size)| seconds >= *size).unwrap_or(3);
    let mut rest = seconds;
    let parts = units.iter().skip(first).take(2).map(|(name, size)| {
        let count = rest / size;
        rest %= size;
        format!("{count}{name}")
    });
    parts.collect()
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_their_two_largest_units() {
        assert_eq!([span(0), span(7), span(130), span(90061)], ["0s", "7s", "2m10s", "1d1h"]);
    }

    #[test]
    fn names_are_text_and_not_markup() {
        assert_eq!(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }

    #[test]
    fn the_groups_stand_over_all_columns() {
        assert_eq!(
            GROUPS.iter().map(|(_, width)| usize::from(*width)).sum::<usize>(),
            COLUMNS.len()
        );
    }
}
