//! What differs between two runs, once times and ports are made equal.

use super::case::Case;
use super::client::Answer;
use super::side::Wire;

/// Every difference, in words.
pub(crate) fn differences(case: &Case, theirs: &Wire, ours: &Wire) -> Vec<String> {
    let mut found = Vec::new();
    for (request, (a, b)) in case.requests.iter().zip(theirs.answers.iter().zip(&ours.answers)) {
        let (a, b) = (normal(a), normal(b));
        if a != b {
            found.push(format!("    {}\n{}", request.line, side_by_side(&a, &b)));
        }
    }
    let (a, b) = (log_text(&theirs.log), log_text(&ours.log));
    if a != b {
        let changed: Vec<String> = side_by_side(&a, &b)
            .lines()
            .filter(|line| !line.starts_with("        "))
            .map(|line| format!("{line}\n"))
            .collect();
        found.push(format!("    the log\n{}", changed.concat()));
    }
    found
}

/// Prints what a daemon did.
pub(crate) fn show(case: &Case, wire: &Wire) {
    println!("== {}", case.name);
    for (request, answer) in case.requests.iter().zip(&wire.answers) {
        println!("> {}\n{}", request.line, normal(answer));
    }
    println!("log:\n{}", log_text(&wire.log));
}

pub(crate) fn normal(answer: &Answer) -> String {
    let mut text = [&answer.interim, &answer.head, &answer.body, &answer.tunnel]
        .map(String::as_str)
        .concat()
        .replace('\r', "");
    if answer.closed {
        text.push_str("\n(closed)");
    }
    text.lines().map(|line| format!("{}\n", undate(line))).collect()
}

/// A generated date or a cookie's expiry would differ from second to second.
fn undate(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    if lower.starts_with("date: ") || lower.starts_with("expires: ") {
        "(a date)".into()
    } else {
        line.into()
    }
}

fn log_text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{}\n", normal_log(line))).collect()
}

/// `<134>Nov 23 12:00:00 haproxy[1]: 127.0.0.1:4711 [date] fe be/s 0/0/0/1/1 200 ...` without times and ports.
pub(crate) fn normal_log(line: &str) -> String {
    // A raw line has no priority.
    let (priority, line) =
        line.split_once('>').filter(|_| line.starts_with('<')).unwrap_or(("", line));
    let (tag, message) = match line.split_once("]: ") {
        Some((header, message)) => (tag(header), message),
        None => (String::new(), line),
    };
    let mut timers = true;
    let mut counts = true;
    let mut early = false;
    let mut words: Vec<String> = message
        .split(' ')
        .map(|word| {
            if word.starts_with('[') && word.ends_with(']') && word.contains(':') {
                return "[T]".into();
            }
            // RFC 5424 has its time as a word of the message.
            if word.len() > 18 && word.starts_with("20") && word.contains('T') {
                return "T".into();
            }
            if let Some((address, _)) = word.rsplit_once(':').filter(|(a, p)| is_endpoint(a, p)) {
                return format!("{address}:#");
            }
            let parts: Vec<&str> = word.split('/').collect();
            let number = |part: &str| part.trim_start_matches(['+', '-']).parse::<i64>().is_ok();
            if parts.len() < 3 || !parts.iter().all(|part| number(part)) {
                return word.into();
            }
            if timers {
                timers = false;
                early = parts.last().is_some_and(|total| total.starts_with('+'));
                return parts.iter().map(|part| mask_timer(part)).collect::<Vec<_>>().join("/");
            }
            if counts && parts.len() == 5 {
                counts = false;
                // The process's and the frontend's connections race with the client's close.
                // A line of `logasap` may be written before or after the server is let go.
                let server = if early { "#" } else { parts[3] };
                return format!("#/#/{}/{server}/{}", parts[2], parts[4]);
            }
            word.into()
        })
        .collect();
    mask_rfc5424(&mut words);
    mask_clf(&mut words);
    format!("{priority}>{tag} {}", words.join(" "))
}

/// `1 TIME HOST TAG PID ...`: the process id, and the tag where it is the program's name.
fn mask_rfc5424(words: &mut [String]) {
    let [version, time, _, tag, pid, ..] = words else { return };
    if version == "1" && time == "T" {
        *pid = "#".into();
        if ["haproxy", "proxyd"].contains(&tag.as_str()) {
            *tag = "#".into();
        }
    }
}

/// The common log format: the time, and behind `"" ""` the port, milliseconds, five timers and two counts.
fn mask_clf(words: &mut [String]) {
    if let Some(time) = words.get_mut(3).filter(|word| word.starts_with('[')) {
        *time = "[T".into();
    }
    let Some(at) = words.windows(2).position(|two| two[0] == "\"\"" && two[1] == "\"\"") else {
        return;
    };
    // Port, milliseconds; frontend, backend and server stay; TR Tw Tc Tr Ta; the flags stay; two counts.
    for place in [0, 1, 5, 6, 7, 8, 9, 11, 12] {
        if let Some(word) = words.get_mut(at + 2 + place).filter(|word| *word != "-1") {
            *word = "#".into();
        }
    }
}

/// The tag before the process id, unless it is the program's own name: those two differ and should.
fn tag(header: &str) -> String {
    let tag = header.split('[').next().unwrap_or("").rsplit(' ').next().unwrap_or("");
    if ["haproxy", "proxyd"].contains(&tag) { String::new() } else { format!(" {tag}:") }
}

fn is_endpoint(address: &str, port: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok() && port.parse::<u16>().is_ok()
}

fn mask_timer(part: &str) -> String {
    if part.contains("-1") {
        return part.into();
    }
    if part.starts_with('+') { "+#".into() } else { "#".into() }
}

pub(crate) fn side_by_side(theirs: &str, ours: &str) -> String {
    let diff = similar::TextDiff::from_lines(theirs, ours);
    let mut out = String::from("      - haproxy  + proxyd\n");
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            similar::ChangeTag::Delete => '-',
            similar::ChangeTag::Insert => '+',
            similar::ChangeTag::Equal => ' ',
        };
        out.push_str(&format!("      {sign} {}\n", change.value().trim_end_matches('\n')));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clf_line_loses_only_times_port_and_counts() {
        let line = r#"<158>Nov 23 12:00:00 haproxy[1]: 127.0.0.1 - - [23/Nov/2026:13:06:49 +0000] "GET / HTTP/1.1" 502 209 "" "" 37500 530 "fe" "be" "s1" 0 0 0 -1 4 SH-- 1 1 0 0 0 0 0 "" """#;
        assert_eq!(
            normal_log(line),
            r##"<158> 127.0.0.1 - - [T +0000] "GET / HTTP/1.1" 502 209 "" "" # # "fe" "be" "s1" # # # -1 # SH-- # # 0 0 0 0 0 "" """##
        );
    }

    #[test]
    fn an_rfc_5424_line_loses_its_time_and_process_id() {
        assert_eq!(
            normal_log("<134>1 2026-11-23T13:06:49.123456+00:00 host haproxy 123 - - text"),
            "<134> 1 T host # # - - text"
        );
    }

    #[test]
    fn a_line_before_the_end_loses_the_count_of_its_server_too() {
        assert_eq!(
            normal_log("fe be/s1 0/0/0/1/+1 200 +99 - - ---- 1/1/1/1/0 0/0"),
            "> fe be/s1 #/#/#/#/+# 200 +99 - - ---- #/#/1/#/0 0/0"
        );
    }

    #[test]
    fn a_log_line_loses_only_times_and_ports() {
        let line = r#"<134>Nov 23 12:00:00 haproxy[12]: 127.0.0.1:4711 [23/Nov/2026:12:00:00.001] fe be/s1 0/0/-1/+1/3 200 99 - - ---- 1/1/0/0/+1 0/0 "GET /a/1/2 HTTP/1.1""#;
        assert_eq!(
            normal_log(line),
            r##"<134> 127.0.0.1:# [T] fe be/s1 #/#/-1/+#/# 200 99 - - ---- #/#/0/0/+1 0/0 "GET /a/1/2 HTTP/1.1""##
        );
    }
}
