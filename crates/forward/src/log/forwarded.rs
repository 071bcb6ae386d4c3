//! A message of another program on its way through a `log-forward` section: read, and written anew (manual 12.6).
//!
//! What a message lacks is filled in where the outgoing format wants it; what it has is kept as it came.

use std::borrow::Cow;
use std::net::IpAddr;

use super::header::{Format, write_bsd_date, write_iso_date, year};

/// The parts of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Facility times 8 plus level, whatever number it was.
    pub(crate) priority: Option<u32>,
    time: Time<'a>,
    host: Option<&'a [u8]>,
    tag: Option<&'a [u8]>,
    pid: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    data: Option<&'a [u8]>,
    text: &'a [u8],
    /// It came as RFC 5424 says.
    modern: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Time<'a> {
    #[default]
    Missing,
    /// `Nov 23 12:00:00`.
    Bsd(&'a [u8]),
    /// `2026-11-23T12:00:00Z`.
    Iso(&'a [u8]),
}

/// `option host`: what becomes of the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum HostWay {
    Replace,
    #[default]
    Fill,
    Keep,
    Append,
}

impl HostWay {
    pub(crate) fn named(name: Option<&str>) -> HostWay {
        match name {
            Some("replace") => HostWay::Replace,
            Some("keep") => HostWay::Keep,
            Some("append") => HostWay::Append,
            _ => HostWay::Fill,
        }
    }
}

/// What a message is completed with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filling {
    pub(crate) facility: u8,
    pub(crate) least_level: u8,
    /// Who sent it.
    pub(crate) source: Option<IpAddr>,
    pub(crate) host: HostWay,
    pub(crate) micros: i64,
}

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

impl<'a> Message<'a> {
    /// A message that is sent on as it came.
    pub(crate) fn opaque(bytes: &'a [u8]) -> Message<'a> {
        Message { text: trimmed(bytes), ..Message::default() }
    }

    /// Reads a message: what is not understood is its text.
    pub(crate) fn read(bytes: &'a [u8]) -> Message<'a> {
        let bytes = trimmed(bytes);
        let Some((priority, rest)) = priority(bytes) else {
            return Message { text: bytes, ..Message::default() };
        };
        let message = modern(rest).or_else(|| bsd(rest));
        let plain = || Message { text: rest, ..Message::default() };
        Message { priority: Some(priority), ..message.unwrap_or_else(plain) }
    }

    /// Its level; one without a priority is the most severe.
    pub(crate) fn level(&self) -> u8 {
        self.priority.map_or(0, |priority| (priority % 8) as u8)
    }

    /// Appends it in a format, `None` for the one it came in. Tells how long the header is.
    pub(crate) fn write(
        &self,
        format: Option<Format>,
        filling: &Filling,
        out: &mut Vec<u8>,
    ) -> usize {
        let start = out.len();
        let came = if self.modern { Format::Rfc5424 } else { Format::Rfc3164 };
        let format = format.unwrap_or(came);
        let priority = match self.priority {
            Some(priority) => priority - priority % 8,
            None => u32::from(filling.facility) * 8,
        };
        let level = self.level().max(filling.least_level);
        let priority = priority + u32::from(level);
        match format {
            Format::Rfc3164 | Format::Local => {
                number(priority, out);
                self.bsd_date(filling.micros, out);
                if format == Format::Rfc3164 {
                    out.push(b' ');
                    out.extend_from_slice(
                        &self.host(filling).unwrap_or(Cow::Borrowed(b"localhost")),
                    );
                }
                out.push(b' ');
                self.tagged(out);
            }
            Format::Rfc5424 => {
                number(priority, out);
                out.extend_from_slice(b"1 ");
                self.iso_date(filling.micros, out);
                let host = self.host(filling);
                let fields = [host.as_deref(), self.tag, self.pid, self.id, self.data];
                for field in fields {
                    out.push(b' ');
                    out.extend_from_slice(field.unwrap_or(b"-"));
                }
                out.push(b' ');
            }
            Format::Priority => number(priority, out),
            Format::Short => number(level.into(), out),
            Format::Timed => {
                number(level.into(), out);
                self.iso_date(filling.micros, out);
                out.push(b' ');
            }
            Format::Iso => {
                self.iso_date(filling.micros, out);
                out.push(b' ');
            }
            Format::Raw => {}
        }
        let header = out.len() - start;
        out.extend_from_slice(self.text);
        header
    }

    /// `tag[pid]: `.
    fn tagged(&self, out: &mut Vec<u8>) {
        let Some(tag) = self.tag else { return };
        out.extend_from_slice(tag);
        if let Some(pid) = self.pid {
            out.push(b'[');
            out.extend_from_slice(pid);
            out.push(b']');
        }
        out.extend_from_slice(b": ");
    }

    fn host(&self, filling: &Filling) -> Option<Cow<'a, [u8]>> {
        let own = self.host.map(Cow::Borrowed);
        let Some(source) = filling.source else { return own };
        let source = || Cow::Owned(source.to_canonical().to_string().into_bytes());
        match (filling.host, own) {
            (HostWay::Replace, _) | (HostWay::Fill | HostWay::Append, None) => Some(source()),
            (HostWay::Append, Some(own)) => Some(Cow::Owned([&own, &b","[..], &source()].concat())),
            (_, own) => own,
        }
    }

    fn bsd_date(&self, micros: i64, out: &mut Vec<u8>) {
        match self.time {
            Time::Bsd(date) => out.extend_from_slice(date),
            Time::Missing => write_bsd_date(micros, out),
            Time::Iso(date) => {
                let part = |range| std::str::from_utf8(date.get(range).unwrap_or_default());
                let month = part(5..7).ok().and_then(|month| month.parse::<usize>().ok());
                let month = month.and_then(|month| MONTHS.get(month.checked_sub(1)?).copied());
                out.extend_from_slice(month.unwrap_or(b"Jan"));
                let day = part(8..10).unwrap_or("01");
                let day =
                    day.strip_prefix('0').map_or_else(|| day.to_owned(), |day| format!(" {day}"));
                out.extend_from_slice(format!(" {day} ").as_bytes());
                out.extend_from_slice(date.get(11..19).unwrap_or(b"00:00:00"));
            }
        }
    }

    fn iso_date(&self, micros: i64, out: &mut Vec<u8>) {
        match self.time {
            Time::Iso(date) => out.extend_from_slice(date),
            Time::Missing => write_iso_date(micros, out),
            Time::Bsd(date) => {
                let month =
                    MONTHS.iter().position(|month| date.starts_with(month)).unwrap_or(0) + 1;
                let day =
                    String::from_utf8_lossy(date.get(4..6).unwrap_or_default()).replace(' ', "0");
                let time = String::from_utf8_lossy(date.get(7..15).unwrap_or_default());
                // The message does not say its zone.
                let date = format!("{}-{month:02}-{day}T{time}-00:00", year(micros));
                out.extend_from_slice(date.as_bytes());
            }
        }
    }
}

fn number(number: u32, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    out.push(b'>');
}

/// Without the line end.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0));
    end.map_or(&[], |last| &bytes[..=last])
}

/// `<134>` and what follows.
fn priority(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let inside = bytes.strip_prefix(b"<")?;
    let end = inside.iter().take(5).position(|byte| *byte == b'>')?;
    let number = std::str::from_utf8(&inside[..end]).ok()?.parse().ok()?;
    Some((number, &inside[end + 1..]))
}

/// The next word, and what stands behind the blank.
fn word(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b' ')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn given(word: &[u8]) -> Option<&[u8]> {
    (word != b"-" && !word.is_empty()).then_some(word)
}

/// RFC 5424.
fn modern(bytes: &[u8]) -> Option<Message<'_>> {
    let rest = bytes.strip_prefix(b"1 ")?;
    let (time, rest) = word(rest)?;
    let (host, rest) = word(rest)?;
    let (tag, rest) = word(rest)?;
    let (pid, rest) = word(rest)?;
    let (id, rest) = word(rest)?;
    let (data, text) = structured(rest)?;
    Some(Message {
        time: given(time).map_or(Time::Missing, Time::Iso),
        host: given(host),
        tag: given(tag),
        pid: given(pid),
        id: given(id),
        data,
        text,
        modern: true,
        ..Message::default()
    })
}

/// The structured data, which has blanks of its own, and the text behind it.
fn structured(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    if let Some(rest) = bytes.strip_prefix(b"-") {
        return Some((None, rest.strip_prefix(b" ").unwrap_or(rest)));
    }
    let (mut quoted, mut inside, mut escaped) = (false, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if std::mem::take(&mut escaped) => {}
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' if !quoted => inside = true,
            b']' if !quoted => inside = false,
            b' ' if !inside => return Some((Some(&bytes[..at]), &bytes[at + 1..])),
            _ => {}
        }
    }
    (!inside).then_some((Some(bytes), &[]))
}

/// BSD's form (RFC 3164): a date, a host, and perhaps `tag[pid]:`.
///
/// Quirk: the first word behind the date is the host, also where it looks like a tag.
fn bsd(bytes: &[u8]) -> Option<Message<'_>> {
    let (date, rest) = bytes.split_at_checked(15)?;
    let is_date = MONTHS.iter().any(|month| date.starts_with(month))
        && date[3] == b' '
        && date[6] == b' '
        && date[9] == b':'
        && date[12] == b':';
    let rest = rest.strip_prefix(b" ").filter(|_| is_date)?;
    let time = Time::Bsd(date);
    let Some((host, rest)) = word(rest) else {
        return Some(Message { time, text: rest, ..Message::default() });
    };
    let message = Message { time, host: given(host), text: rest, ..Message::default() };
    let Some((tag, text)) = word(rest) else { return Some(message) };
    let Some(tag) = tag.strip_suffix(b":") else { return Some(message) };
    let numbered = tag.strip_suffix(b"]").and_then(|tag| {
        let open = tag.iter().position(|byte| *byte == b'[')?;
        Some((&tag[..open], &tag[open + 1..]))
    });
    let (tag, pid) = numbered.map_or((tag, None), |(tag, pid)| (tag, given(pid)));
    Some(Message { tag: given(tag), pid, text, ..message })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message in each format that has no time of our own.
    fn forwarded(message: &str) -> Vec<String> {
        let filling = Filling {
            facility: 19,
            least_level: 0,
            source: Some([192, 0, 2, 1].into()),
            host: HostWay::Fill,
            micros: 1_795_608_009_066_882,
        };
        let formats = [None, Some(Format::Rfc3164), Some(Format::Rfc5424), Some(Format::Raw)];
        let written = formats.map(|format| {
            let mut out = Vec::new();
            Message::read(message.as_bytes()).write(format, &filling, &mut out);
            String::from_utf8(out).unwrap()
        });
        written.to_vec()
    }

    #[test]
    fn a_message_keeps_what_it_has_in_each_format() {
        assert_eq!(
            forwarded("<134>Nov 23 12:00:00 myhost haproxy[42]: hello\n"),
            [
                "<134>Nov 23 12:00:00 myhost haproxy[42]: hello",
                "<134>Nov 23 12:00:00 myhost haproxy[42]: hello",
                "<134>1 2026-11-23T12:00:00-00:00 myhost haproxy 42 - - hello",
                "hello",
            ]
        );
        assert_eq!(
            forwarded("<29>1 2026-11-03T12:00:00.5+00:00 hh app 77 mid [sd@1 a=\"b ]\"] text here"),
            [
                "<29>1 2026-11-03T12:00:00.5+00:00 hh app 77 mid [sd@1 a=\"b ]\"] text here",
                "<29>Nov  3 12:00:00 hh app[77]: text here",
                "<29>1 2026-11-03T12:00:00.5+00:00 hh app 77 mid [sd@1 a=\"b ]\"] text here",
                "text here",
            ]
        );
    }

    #[test]
    fn the_first_word_behind_a_date_is_the_host_and_a_missing_one_is_the_sender() {
        assert_eq!(
            forwarded("<13>Nov  3 01:02:03 tag: msg")[2],
            "<13>1 2026-11-03T01:02:03-00:00 tag: - - - - msg"
        );
        assert_eq!(
            forwarded("<29>1 2026-11-23T12:00:00Z - - - - - text")[..2],
            [
                "<29>1 2026-11-23T12:00:00Z 192.0.2.1 - - - - text",
                "<29>Nov 23 12:00:00 192.0.2.1 text",
            ]
        );
    }

    #[test]
    fn what_is_no_message_is_text_of_our_own_facility() {
        let written = forwarded("just text");
        assert!(
            written[0].starts_with("<152>Nov 2") && written[0].ends_with(" 192.0.2.1 just text")
        );
        assert_eq!(written[3], "just text");
        assert!(forwarded("<13>")[3].is_empty() && forwarded("")[3].is_empty());
    }
}
