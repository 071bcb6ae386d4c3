//! The text of a case, and how what happened is compared with it.

use std::collections::BTreeMap;

use diag::Sources;
use rules::Program;
use serde::Deserialize;
use serde_json::Value;

use crate::explain::json;
use explanation::{Ending, Explained};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suite {
    /// The configuration, from the file's own folder.
    pub(super) files: Vec<String>,
    /// What the configuration calls by the name is read from the path, from the file's own folder.
    #[serde(default)]
    pub(super) maps: BTreeMap<String, String>,
    #[serde(default, rename = "case")]
    pub(super) cases: Vec<Case>,
}

/// A named request and what should become of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    /// `[METHOD] URL`.
    #[serde(default)]
    pub(super) request: String,
    #[serde(default)]
    pub(super) headers: Vec<String>,
    #[serde(default)]
    pub(super) facts: Vec<String>,
    #[serde(default)]
    pub(super) ws: bool,
    pub(super) curl: Option<String>,
    pub(super) src: Option<String>,
    pub(super) dst: Option<String>,
    pub(super) listener: Option<String>,
    pub(super) sni: Option<String>,
    pub(super) cookie: Option<String>,
    pub(super) body: Option<String>,
    pub(super) at: Option<String>,
    pub(super) seed: Option<u64>,
    /// What the server is assumed to answer.
    pub(super) server_status: Option<u16>,
    pub(super) expect: Expect,
}

/// What should be so; what is not named is not compared.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// `backend`, `deny`, `redirect`, `return`, `no-backend`, ...
    verdict: Option<String>,
    backend: Option<String>,
    server: Option<String>,
    status: Option<u16>,
    /// The target of a redirect.
    location: Option<String>,
    /// The line of the rule that decided.
    line: Option<u32>,
    /// Fields that the server sees; an empty value: none of this name.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Timeouts in force by phase, `tunnel = "1h"`.
    #[serde(default)]
    timeouts: BTreeMap<String, String>,
}

impl Expect {
    /// What is not as expected, in words.
    pub(super) fn compare(
        &self,
        program: &Program,
        sources: &Sources,
        explained: &Explained,
    ) -> Vec<String> {
        let got = json::render(program, sources, explained);
        let mut wrong = Vec::new();
        let mut equal = |what: &str, wanted: Option<String>, got: &Value| {
            let got = match got {
                Value::String(text) => text.clone(),
                Value::Null => "none".to_owned(),
                other => other.to_string(),
            };
            if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
                wrong.push(format!("{what} is {got}, expected {wanted}"));
            }
        };
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        equal("the verdict", self.verdict.clone(), &got["verdict"]["kind"]);
        equal("the backend", self.backend.clone(), &got["verdict"]["backend"]);
        equal("the server", self.server.clone(), &got["server"]["name"]);
        equal("the status", number(self.status.map(u32::from)), &got["verdict"]["status"]);
        equal("the line", number(self.line), &got["verdict"]["rule"]["line"]);
        equal("the location", self.location.clone(), &location(explained));
        for (name, wanted) in &self.headers {
            let seen = header(&got, name);
            let shown = seen.clone().map_or(Value::String(String::new()), Value::String);
            equal(&format!("the field `{name}`"), Some(wanted.clone()), &shown);
        }
        for (phase, wanted) in &self.timeouts {
            let name = phase.replace('-', "_");
            let wanted = match millis(wanted) {
                Some(wanted) => wanted.to_string(),
                None => format!("`{wanted}`, which is no duration"),
            };
            equal(&format!("`timeout {phase}` in ms"), Some(wanted), &got["timeouts"][name]["ms"]);
        }
        wrong
    }
}

fn location(explained: &Explained) -> Value {
    let Ending::Reply(reply) = &explained.ending else { return Value::Null };
    let found = reply.head.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"location"));
    found.map_or(Value::Null, |(_, value)| String::from_utf8_lossy(value).into_owned().into())
}

fn header(got: &Value, name: &str) -> Option<String> {
    let fields = got["request"]["headers"].as_array()?;
    let own = fields
        .iter()
        .filter(|field| field[0].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)));
    let values: Vec<&str> = own.filter_map(|field| field[1].as_str()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// A duration as configurations spell it, in milliseconds when it has no unit.
fn millis(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)? {
        "" | "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit)
}
