//! The statistics page of a proxy (manual 4.2, `stats`): HTML for people, CSV and JSON for programs, and a form.
//!
//! What stands behind `stats uri` in the request chooses: `;csv`, `;json`, `;norefresh`, `;up`, `;no-maint`,
//! `;st=WORD` (how the last action of the form ended). `rules` has decided that the page answers and whether states
//! may be changed.

mod form;
mod html;

use admin::reply::show_stat;
use admin::{Format, ProxySelect, Reply, StatFilter, StatRow};
use http1::{RequestHead, ResponseHead};
use rules::{StatsPage, StatsRequest};

use super::Answer;
use crate::Generation;
use crate::process::Process;
use crate::stat::stat_rows;

/// What is shown, and to whom.
pub(crate) struct Shown<'a> {
    pub(crate) generation: &'a Generation,
    pub(crate) process: &'a Process,
    /// The proxy that has the page: `stats scope .`.
    pub(crate) proxy: &'a str,
    /// Microseconds since the epoch.
    pub(crate) micros: i64,
}

/// Words of the request behind `stats uri`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    csv: bool,
    json: bool,
    no_refresh: bool,
    up: bool,
    no_maint: bool,
    /// `scope=TEXT`: only proxies with this in their names.
    scope: Option<String>,
    /// How the last action of the form ended.
    outcome: Option<String>,
}

impl Options {
    fn read(rest: &[u8]) -> Options {
        let rest = String::from_utf8_lossy(rest);
        let scope = rest.split_once("scope=").map(|(_, behind)| behind);
        let scope = scope.and_then(|text| text.split([';', '&']).next());
        let scope = scope.filter(|text| !text.is_empty()).map(str::to_owned);
        let mut options = Options { scope, ..Options::default() };
        for word in rest.split(';').skip(1) {
            match word {
                "csv" => options.csv = true,
                "json" => options.json = true,
                "norefresh" => options.no_refresh = true,
                "up" => options.up = true,
                "no-maint" => options.no_maint = true,
                _ => {
                    options.outcome =
                        word.strip_prefix("st=").map(str::to_owned).or(options.outcome);
                }
            }
        }
        options
    }
}

/// The response to a request for the page. Only a page has no length in its head.
pub(crate) fn answer(
    asked: &StatsRequest,
    head: &RequestHead,
    body: &[u8],
    shown: &Shown<'_>,
) -> Answer {
    let page = &*asked.page;
    if head.method() == b"POST" {
        let word = if asked.admin { form::carry_out(body, shown.generation) } else { "DENY" };
        return elsewhere(page, word);
    }
    let rest = head.path_and_query().get(page.uri.len()..).unwrap_or_default();
    let options = Options::read(rest);
    let rows = rows(page, &options, shown);
    let (kind, body) = if options.csv {
        ("text/plain", text(show_stat(&rows, Format::Plain { descriptions: false })))
    } else if options.json {
        ("application/json", text(show_stat(&rows, Format::Json)))
    } else {
        ("text/html", html::page(asked, &options, &rows, shown))
    };
    let mut head = ResponseHead::with_status(200);
    head.fields.add(b"cache-control", b"no-cache");
    head.fields.add(b"content-type", kind.as_bytes());
    if let Some(refresh) = page.refresh.filter(|_| !options.no_refresh) {
        head.fields.add(b"refresh", refresh.as_secs().to_string().as_bytes());
    }
    Answer { head, body: body.into_bytes() }
}

/// After an action the browser gets the page anew, with a word on how it ended.
fn elsewhere(page: &StatsPage, word: &str) -> Answer {
    let mut head = ResponseHead::with_status(303);
    head.fields.add(b"cache-control", b"no-cache");
    head.fields.add(b"content-type", b"text/plain");
    head.fields.add(b"content-length", b"0");
    head.fields.add(b"location", format!("{};st={word}", page.uri).as_bytes());
    Answer { head, body: Vec::new() }
}

fn rows(page: &StatsPage, options: &Options, shown: &Shown<'_>) -> Vec<StatRow> {
    let filter = StatFilter {
        proxy: ProxySelect::All,
        only_up: options.up,
        no_maint: options.no_maint,
        ..StatFilter::default()
    };
    let mut rows = stat_rows(shown.generation, &filter, shown.micros, shown.process.maxconn());
    let scoped = |name: &str| {
        let within = |scope: &String| scope == name || (scope == "." && name == shown.proxy);
        let asked = options.scope.as_ref().is_none_or(|scope| name.contains(scope.as_str()));
        asked && (page.scope.is_empty() || page.scope.iter().any(within))
    };
    rows.retain(|row| row.pxname.as_deref().is_some_and(scoped));
    rows
}

fn text(reply: Reply) -> String {
    match reply {
        Reply::Dump(text) => text,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_behind_the_uri_choose_what_is_shown() {
        let options = Options::read(b";up;norefresh;st=DONE");
        assert_eq!(
            options,
            Options {
                up: true,
                no_refresh: true,
                outcome: Some("DONE".to_owned()),
                ..Options::default()
            }
        );
        assert!(Options::read(b";csv").csv && Options::read(b"/x;json").json);
        assert_eq!(Options::read(b"?csv"), Options::default());
        let scope = |rest: &[u8]| Options::read(rest).scope;
        assert_eq!(scope(b"?;csv;scope=b1").as_deref(), Some("b1"));
        assert_eq!(scope(b"?scope=b2&x=1").as_deref(), Some("b2"));
        assert_eq!(scope(b"?scope="), None);
    }
}
