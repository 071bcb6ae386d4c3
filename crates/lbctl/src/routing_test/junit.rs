//! The results as JUnit XML.

use std::collections::BTreeMap;

use super::Done;

/// A suite a file, a case a case.
pub(super) fn render(done: &[Done]) -> String {
    let mut suites: BTreeMap<&str, Vec<&Done>> = BTreeMap::new();
    for one in done {
        suites.entry(&one.file).or_default().push(one);
    }
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lbctl test\">\n",
    );
    for (file, cases) in suites {
        let failed = cases.iter().filter(|one| !one.wrong.is_empty()).count();
        let file = escape(file);
        out.push_str(&format!(
            "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">\n",
            cases.len()
        ));
        for one in cases {
            out.push_str(&format!(
                "    <testcase classname=\"{file}\" name=\"{}\"",
                escape(&one.name)
            ));
            if one.wrong.is_empty() {
                out.push_str("/>\n");
            } else {
                let why = escape(&one.wrong.join("\n"));
                out.push_str(&format!("><failure message=\"{why}\">{why}</failure></testcase>\n"));
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
