//! What stands before the text of a log line: the formats of `log ... format` (manual 3.1, `log`).

use std::cell::RefCell;
use std::io::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `format` of a `log` line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Rfc3164,
    Rfc5424,
    Local,
    Priority,
    Short,
    Timed,
    Iso,
    Raw,
}

impl Format {
    /// The format of this name; what is not one is the default, rfc3164.
    pub(crate) fn named(name: &str) -> Format {
        match name {
            "rfc5424" => Format::Rfc5424,
            "local" => Format::Local,
            "priority" => Format::Priority,
            "short" => Format::Short,
            "timed" => Format::Timed,
            "iso" => Format::Iso,
            "raw" => Format::Raw,
            _ => Format::Rfc3164,
        }
    }
}

/// What a header tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header<'a> {
    /// Facility times 8 plus level.
    pub(crate) priority: u8,
    /// Microseconds since the epoch.
    pub(crate) micros: i64,
    pub(crate) tag: &'a str,
    pub(crate) pid: u32,
    /// `log-send-hostname`.
    pub(crate) hostname: Option<&'a str>,
    /// `log-format-sd`; empty for none.
    pub(crate) data: &'a [u8],
}

impl Header<'_> {
    /// Appends the header. Writing to a `Vec` cannot fail.
    pub(crate) fn write(&self, format: Format, out: &mut Vec<u8>) {
        let Header { priority, tag, pid, .. } = *self;
        let level = priority % 8;
        let _ = match format {
            Format::Rfc3164 => {
                // Quirk: HAProxy leaves the host out unless `log-send-hostname` asks for it.
                self.write_bsd(self.hostname, out);
                Ok(())
            }
            Format::Local => {
                self.write_bsd(None, out);
                Ok(())
            }
            Format::Rfc5424 => {
                let _ = write!(out, "<{priority}>1 ");
                self.write_iso_date(out);
                let _ = write!(out, " {} {tag} {pid} - ", self.hostname.unwrap_or("-"));
                out.extend_from_slice(if self.data.is_empty() { b"-" } else { self.data });
                write!(out, " ")
            }
            Format::Priority => write!(out, "<{priority}>"),
            Format::Short => write!(out, "<{level}>"),
            Format::Timed => {
                let _ = write!(out, "<{level}>");
                self.write_iso_date(out);
                write!(out, " ")
            }
            Format::Iso => {
                self.write_iso_date(out);
                write!(out, " ")
            }
            Format::Raw => Ok(()),
        };
    }

    /// `<134>Nov 23 12:00:00 host tag[42]: `, local time. Put together by hand: every line has it.
    fn write_bsd(&self, host: Option<&str>, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        out.push(b'<');
        out.extend_from_slice(digits.format(self.priority).as_bytes());
        out.push(b'>');
        cached(self.micros, |dates| out.extend_from_slice(dates.bsd.as_bytes()));
        for word in host.into_iter().chain([self.tag]) {
            out.push(b' ');
            out.extend_from_slice(word.as_bytes());
        }
        out.push(b'[');
        out.extend_from_slice(digits.format(self.pid).as_bytes());
        out.extend_from_slice(b"]: ");
    }

    /// `2026-11-23T12:00:00.000000+00:00`, local time.
    fn write_iso_date(&self, out: &mut Vec<u8>) {
        write_iso_date(self.micros, out);
    }
}

/// Appends the local time as BSD's syslog writes it.
pub(crate) fn write_bsd_date(micros: i64, out: &mut Vec<u8>) {
    cached(micros, |dates| out.extend_from_slice(dates.bsd.as_bytes()));
}

/// Appends the local time as RFC 5424 writes it.
pub(crate) fn write_iso_date(micros: i64, out: &mut Vec<u8>) {
    let fraction = micros.rem_euclid(1_000_000);
    cached(micros, |dates| {
        // Writing to a `Vec` cannot fail.
        let _ = write!(out, "{}.{fraction:06}{}", dates.iso, dates.offset);
    });
}

/// The year of the local time, four digits.
pub(crate) fn year(micros: i64) -> String {
    let mut year = String::new();
    cached(micros, |dates| year.push_str(dates.iso.get(..4).unwrap_or("1970")));
    year
}

/// Both dates of one second: all lines of a second share them.
#[derive(Debug, Default)]
struct Dates {
    second: i64,
    bsd: String,
    iso: String,
    offset: String,
}

fn cached(micros: i64, with: impl FnOnce(&Dates)) {
    thread_local! {
        static DATES: RefCell<Dates> = RefCell::default();
    }
    let second = micros.div_euclid(1_000_000);
    DATES.with_borrow_mut(|dates| {
        if dates.second != second || dates.bsd.is_empty() {
            *dates = Dates::of(second);
        }
        with(dates);
    });
}

impl Dates {
    fn of(second: i64) -> Dates {
        let time = Timestamp::from_second(second).unwrap_or_default();
        let local = time.to_zoned(TimeZone::system());
        Dates {
            second,
            bsd: local.strftime("%b %e %H:%M:%S").to_string(),
            iso: local.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            offset: local.strftime("%:z").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_the_header_that_haproxy_sends() {
        let header = |hostname| Header {
            priority: 134,
            micros: 1_795_608_009_066_882,
            tag: "haproxy",
            pid: 42,
            hostname,
            data: b"",
        };
        let text = |format, hostname| {
            let mut out = Vec::new();
            header(hostname).write(Format::named(format), &mut out);
            String::from_utf8(out).unwrap()
        };
        // The dates depend on the machine's zone: only their shape is looked at.
        let shape = |format, hostname: Option<&'static str>| -> String {
            text(format, hostname).replace(|c: char| c.is_ascii_digit(), "9")
        };
        assert_eq!(shape("rfc3164", Some("hh")), "<999>Nov 99 99:99:99 hh haproxy[99]: ");
        assert_eq!(shape("rfc3164", None), "<999>Nov 99 99:99:99 haproxy[99]: ");
        assert_eq!(shape("local", Some("hh")), "<999>Nov 99 99:99:99 haproxy[99]: ");
        assert!(text("rfc5424", None).starts_with("<134>1 2026-11-2"));
        assert!(text("rfc5424", None).ends_with(" - haproxy 42 - - "));
        assert_eq!(text("priority", None), "<134>");
        assert_eq!(text("short", None), "<6>");
        assert!(text("timed", None).starts_with("<6>2026-11-2"));
        assert!(text("iso", None).contains(".066882"));
        assert_eq!(text("raw", None), "");
    }
}
