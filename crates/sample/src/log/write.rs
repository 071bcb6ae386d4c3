//! Writing a compiled format.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::alias::Alias;
use super::encode::{Encoding, Shown};
use super::escape::{Dress, Encode, push_encoded, push_header, push_text};
use crate::date::Civil;
use crate::{Compiled, Context, Fact, FactValue, LogRecord, Sample, Type, Value, cast, hex};

/// How a value that is not safe where it goes is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Log lines: expressions as they are, with the quotes and backslashes that flags ask for.
    Log,
    /// Header values, payloads, locations: `%XX` for what a header may not hold.
    Header,
    /// As it is: keys, variables.
    None,
}

/// A log format, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct CompiledFormat {
    pub(crate) items: Vec<Item>,
    /// Separators merge, and the whole is a line.
    pub(crate) is_log: bool,
    /// The named items are an object in this encoding, and nothing else is written.
    pub(crate) object: Encoding,
    /// CBOR as bytes.
    pub(crate) binary: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Text(Vec<u8>),
    /// One space, unless a space is there already.
    Separator,
    /// With its name in an object.
    Alias(Alias, Dress, Option<Box<str>>),
    Expr(Box<Compiled>, Dress, Named),
}

/// `%(name:type)[...]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Named {
    pub(crate) name: Option<Box<str>>,
    pub(crate) kind: Option<Type>,
}

impl CompiledFormat {
    /// Appends a log line, without a line end.
    pub fn write(&self, ctx: &Context<'_>, out: &mut Vec<u8>) {
        self.write_as(Escape::Log, ctx, out);
    }

    /// Appends the value of a header, a payload, a location: `%XX` for what a header may not hold.
    pub fn write_header_value(&self, ctx: &Context<'_>, out: &mut Vec<u8>) {
        self.write_as(Escape::Header, ctx, out);
    }

    /// Appends the format, escaped as asked for.
    pub fn write_as(&self, escape: Escape, ctx: &Context<'_>, out: &mut Vec<u8>) {
        let nothing;
        let record = match ctx.log {
            Some(record) => record,
            None => {
                nothing = LogRecord::default();
                &nothing
            }
        };
        if self.object != Encoding::Plain {
            return self.write_object(ctx, record, out);
        }
        // A line begins as if a separator had just been written.
        let mut spaced = self.is_log;
        for item in &self.items {
            let before = out.len();
            match item {
                // Most are one byte: a call would cost more than the copy.
                Item::Text(text) => match text.as_slice() {
                    [byte] => out.push(*byte),
                    text => out.extend_from_slice(text),
                },
                Item::Separator => {
                    if !spaced {
                        out.push(b' ');
                        spaced = true;
                    }
                    continue;
                }
                Item::Alias(alias, dress, _) if dress.encoding == Encoding::Plain => {
                    Line { ctx, record, dress: *dress, out }.alias(*alias);
                }
                Item::Expr(expr, dress, named) if dress.encoding == Encoding::Plain => {
                    push_expr(expr, *dress, named.kind, escape, ctx, out);
                }
                Item::Alias(_, dress, _) | Item::Expr(_, dress, _) => {
                    if let Some(shown) = shown(item, ctx, record) {
                        dress.encoding.value(&shown, self.binary, out);
                    }
                }
            }
            // Only captures that nobody declares are nothing at all; other items end a run of spaces
            // even when they print nothing.
            let absent = |alias: Alias| captures(alias, ctx).is_some_and(<[_]>::is_empty);
            spaced = spaced
                && out.len() == before
                && matches!(item, Item::Alias(alias, ..) if absent(*alias));
        }
    }

    fn write_object(&self, ctx: &Context<'_>, record: &LogRecord, out: &mut Vec<u8>) {
        let named = self.items.iter().filter_map(|item| {
            let name = match item {
                Item::Alias(_, _, name) => name.as_deref()?,
                Item::Expr(_, _, named) => named.name.as_deref()?,
                Item::Text(_) | Item::Separator => return None,
            };
            Some((name, shown(item, ctx, record)?))
        });
        self.object.object(named, self.binary, out);
    }

    /// Whether an alias is in it: it is written from [`Context::log`].
    pub fn has_aliases(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Alias(..)))
    }

    /// The text when nothing but text is in it.
    pub fn as_text(&self) -> Option<&[u8]> {
        match self.items.as_slice() {
            [] => Some(b""),
            [Item::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The expressions in it, in order: for traces, and to find what a format depends on.
    pub fn expressions(&self) -> impl Iterator<Item = &Compiled> {
        self.items.iter().filter_map(|item| match item {
            Item::Expr(expr, ..) => Some(&**expr),
            _ => None,
        })
    }

    /// The first fact that is not known and that the format would need.
    pub fn unknown(&self, ctx: &Context<'_>) -> Option<Fact> {
        self.expressions().find_map(|expr| match expr.eval_now(ctx) {
            Sample::Unknown(fact) => Some(fact),
            _ => None,
        })
    }
}

/// The value of an item as encodings keep it; text is none.
fn shown(item: &Item, ctx: &Context<'_>, record: &LogRecord) -> Option<Shown> {
    match item {
        Item::Text(_) | Item::Separator => None,
        Item::Alias(alias, dress, _) => Some(shown_alias(*alias, *dress, ctx, record)),
        Item::Expr(expr, _, named) => {
            let value = expr.eval_now(ctx).known();
            let value = match named.kind {
                Some(kind) => value.and_then(|value| cast(value, kind)),
                None => value,
            };
            Some(match value {
                None => Shown::Text(Vec::new()),
                Some(Value::Bool(yes)) => Shown::Bool(yes),
                Some(Value::Int(number)) => Shown::Int(number),
                Some(Value::Bin(bytes)) => Shown::Bytes(bytes.into_owned()),
                Some(text) => Shown::Text(crate::as_text(text).into_owned()),
            })
        }
    }
}

/// The slots that an alias shows, if it shows any.
fn captures<'c>(alias: Alias, ctx: &Context<'c>) -> Option<&'c [Option<Vec<u8>>]> {
    match alias {
        Alias::RequestHeaders | Alias::RequestHeadersList => Some(ctx.captured_request),
        Alias::ResponseHeaders | Alias::ResponseHeadersList => Some(ctx.captured_response),
        _ => None,
    }
}

fn shown_alias(alias: Alias, dress: Dress, ctx: &Context<'_>, record: &LogRecord) -> Shown {
    let list = captures(alias, ctx);
    let plain = Dress { hex: dress.hex, ..Dress::default() };
    let encoded = |value: &Option<Vec<u8>>| {
        let mut out = Vec::new();
        let dress = Dress { mandatory: dress.mandatory, ..plain };
        push_text(value.as_deref().unwrap_or_default(), dress, Encode::Header, &mut out);
        out
    };
    match (alias, list) {
        (_, Some([])) => return Shown::Null,
        (Alias::RequestHeadersList | Alias::ResponseHeadersList, Some(list)) => {
            return Shown::List(list.iter().map(encoded).collect());
        }
        _ => {}
    }
    let mut text = Vec::new();
    Line { ctx, record, dress: plain, out: &mut text }.alias(alias);
    let digits = text.strip_prefix(b"+").unwrap_or(&text);
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    match number.filter(|_| alias.is_number() && !dress.hex) {
        Some(number) => Shown::Int(number),
        None => Shown::Text(text),
    }
}

fn push_expr(
    expr: &Compiled,
    dress: Dress,
    kind: Option<Type>,
    escape: Escape,
    ctx: &Context<'_>,
    out: &mut Vec<u8>,
) {
    let sample = match kind {
        // The flag keeps what stands behind a zero.
        None if dress.binary => match expr.eval_now(ctx) {
            Sample::Known(Value::Bin(bytes)) => Sample::Known(Value::Str(bytes)),
            _ => expr.eval_text(ctx),
        },
        None => expr.eval_text(ctx),
        Some(kind) => {
            let made = expr.eval_now(ctx).known().and_then(|value| cast(value, kind));
            let text = made.and_then(|value| cast(value, Type::Str));
            text.map_or(Sample::Missing, Sample::Known)
        }
    };
    let text: &[u8] = match &sample {
        Sample::Known(Value::Str(text)) => text,
        _ => b"",
    };
    match escape {
        Escape::Log => push_text(text, dress, Encode::Nothing, out),
        // Quirk: quotes are not put around expressions outside of log lines.
        Escape::Header => push_header(text, dress, out),
        Escape::None => push_encoded(text, dress, Encode::Nothing, out),
    }
}

/// A second with its offset, and its date as it is written.
type WrittenDate = ((i64, i64), [u8; b"09/Sep/2001:01:46:40".len()]);

thread_local! {
    /// The last date that was written.
    static LAST_DATE: Cell<WrittenDate> = const { Cell::new(((i64::MIN, 0), [0; 20])) };
}

/// Picks a part of a request line: method, target, version.
type PartOf = for<'p> fn(&'p [u8], &'p [u8], &'p [u8]) -> &'p [u8];

/// One item of one line.
struct Line<'l, 'a> {
    ctx: &'l Context<'a>,
    record: &'l LogRecord,
    dress: Dress,
    out: &'l mut Vec<u8>,
}

impl Line<'_, '_> {
    fn alias(&mut self, alias: Alias) {
        let log = self.record;
        match alias {
            Alias::AcceptDateUtc => self.date(log.accept_micros, 0),
            Alias::AcceptDateLocal => self.date(log.accept_micros, self.offset()),
            Alias::AcceptSeconds => self.hexable(log.accept_micros.div_euclid(1_000_000), 4),
            Alias::AcceptDateMillis => self.date_millis(log.accept_micros),
            Alias::AcceptMillis => self.millis_of(log.accept_micros),
            Alias::RequestDateMillis => self.date_millis(log.request_micros),
            Alias::RequestDateUtc => self.date(log.request_micros, 0),
            Alias::RequestDateLocal => self.date(log.request_micros, self.offset()),
            Alias::Active => self.total(log.active),
            Alias::Connect => self.duration(log.connect),
            Alias::Data => self.duration(log.data),
            Alias::Handshake => self.duration(log.handshake),
            Alias::Idle => self.duration(log.idle),
            Alias::UntilRequest => self.duration(until_request(log)),
            Alias::Request => self.duration(log.request),
            Alias::Response => self.duration(log.response),
            Alias::Total => self.total(log.total),
            Alias::User => self.total(log.user),
            Alias::Queue => self.duration(log.queue),
            Alias::BytesRead => {
                self.plus();
                self.number(log.bytes_read as i64);
            }
            Alias::BytesUploaded => self.number(log.bytes_uploaded as i64),
            Alias::RequestCookie => self.text(log.request_cookie.as_deref().unwrap_or_default()),
            Alias::ResponseCookie => self.text(log.response_cookie.as_deref().unwrap_or_default()),
            Alias::Hostname => self.text_fact(Fact::Hostname),
            Alias::Method => self.request_part(|method, _, _| method),
            Alias::Uri => self.request_part(|_, target, _| target),
            Alias::UriWithoutQuery => self.request_part(|_, target, _| cut_query(target).0),
            Alias::PathOnly => self.unless_empty(|_, target, _| path_of(target)),
            Alias::Query => self.unless_empty(|_, target, _| cut_query(target).1),
            Alias::Version => self.request_part(|_, _, version| version),
            Alias::RequestLine => self.request_line(),
            Alias::UniqueId => match &log.unique_id {
                Some(id) => self.text(id),
                None => self.text_fact(Fact::UniqueId),
            },
            Alias::Status => self.number(log.status.map_or(-1, i64::from)),
            Alias::ProcessConnections => self.number(i64::from(log.actconn)),
            Alias::Backend => self.text(log.backend.as_bytes()),
            Alias::BackendConnections => self.number(i64::from(log.beconn)),
            Alias::BackendQueue => self.number(i64::from(log.backend_queue)),
            Alias::ClientIp => match log.client {
                None => self.text(b"unix"),
                client => self.ip(client),
            },
            Alias::ClientPort => match log.client {
                None => self.listener_id(),
                client => self.port(client),
            },
            Alias::SourceIp => self.ip(log.backend_source),
            Alias::SourcePort => self.port(log.backend_source),
            Alias::FrontendIp => self.ip(log.frontend_addr),
            Alias::FrontendPort => self.port(log.frontend_addr),
            Alias::ServerIp => self.ip(log.server_addr),
            Alias::ServerPort => self.port(log.server_addr),
            // `~` would follow the transport's name once there is TLS.
            Alias::Frontend | Alias::FrontendTransport => self.text(log.frontend.as_bytes()),
            Alias::FrontendConnections => self.number(i64::from(log.feconn)),
            Alias::LogCounter => self.number(log.log_counter as i64),
            Alias::RequestHeaders => self.headers(self.ctx.captured_request),
            Alias::RequestHeadersList => self.header_list(self.ctx.captured_request),
            Alias::ResponseHeaders => self.headers(self.ctx.captured_response),
            Alias::ResponseHeadersList => self.header_list(self.ctx.captured_response),
            Alias::Origin => self.text(self.record.origin.shown().as_bytes()),
            Alias::Pid => self.int_fact(Fact::Pid),
            Alias::Retries => {
                if log.redispatched {
                    self.out.push(b'+');
                }
                self.number(i64::from(log.retries));
            }
            Alias::RequestCounter => self.hexable(log.request_counter as i64 & 0xffff_ffff, 4),
            Alias::Server => self.text(log.server.as_bytes()),
            Alias::ServerConnections => self.number(i64::from(log.srv_conn)),
            Alias::ServerQueue => self.number(i64::from(log.srv_queue)),
            Alias::Cipher | Alias::Protocol => self.text(b""),
            Alias::Termination => self.flags(2),
            Alias::TerminationWithCookie => self.flags(4),
        }
    }

    fn text(&mut self, text: &[u8]) {
        push_text(text, self.dress, Encode::Nothing, self.out);
    }

    fn number(&mut self, number: i64) {
        // Most counts and times of a line.
        if let digit @ 0..=9 = number {
            return self.out.push(b'0' + digit as u8);
        }
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn hexable(&mut self, number: i64, digits: usize) {
        if self.dress.hex {
            self.out.extend_from_slice(format!("{number:0digits$X}").as_bytes());
        } else {
            self.number(number);
        }
    }

    /// Never known is -1.
    fn duration(&mut self, duration: Option<Duration>) {
        let millis = duration.map_or(-1, |it| {
            let seconds = i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
            seconds.saturating_mul(1000).saturating_add(i64::from(it.subsec_millis()))
        });
        self.number(millis);
    }

    /// A time that runs on behind the line.
    fn total(&mut self, duration: Duration) {
        self.plus();
        self.duration(Some(duration));
    }

    fn plus(&mut self) {
        if self.record.early {
            self.out.push(b'+');
        }
    }

    fn text_fact(&mut self, fact: Fact) {
        match self.ctx.facts.read(fact) {
            Some(FactValue::Text(text)) => self.text(text.as_bytes()),
            _ => self.text(b""),
        }
    }

    fn int_fact(&mut self, fact: Fact) {
        match self.ctx.facts.read(fact) {
            Some(FactValue::Int(number)) => self.hexable(number, 4),
            _ => self.text(b""),
        }
    }

    /// The client of a unix socket has the listener's id for its port.
    fn listener_id(&mut self) {
        match self.ctx.facts.read(Fact::ListenerId) {
            Some(FactValue::Int(id)) => self.number(id),
            _ => self.number(0),
        }
    }

    fn ip(&mut self, addr: Option<SocketAddr>) {
        match addr.map(|addr| addr.ip()) {
            None => self.text(b""),
            Some(IpAddr::V4(ip)) if self.dress.hex => hex::push_upper(&ip.octets(), self.out),
            Some(IpAddr::V6(ip)) if self.dress.hex => hex::push_upper(&ip.octets(), self.out),
            Some(IpAddr::V4(ip)) if self.dress == Dress::default() => {
                crate::cast::push_ipv4(ip, self.out);
            }
            Some(ip) => self.text(crate::cast::ip_text(ip).as_bytes()),
        }
    }

    fn port(&mut self, addr: Option<SocketAddr>) {
        match addr {
            None => self.text(b""),
            Some(addr) => self.hexable(i64::from(addr.port()), 4),
        }
    }

    /// Milliseconds east of UTC.
    fn offset(&self) -> i64 {
        match self.ctx.facts.read(Fact::UtcOffset) {
            Some(FactValue::Int(offset)) => offset,
            _ => 0,
        }
    }

    /// `09/Sep/2001:01:46:40 +0000`.
    fn date(&mut self, micros: i64, offset: i64) {
        let date = Civil::new(micros.div_euclid(1_000_000), offset);
        self.push_date(&date);
        self.out.push(b' ');
        self.out.extend_from_slice(date.zone().as_bytes());
    }

    /// `09/Sep/2001:01:46:40.123`, local.
    fn date_millis(&mut self, micros: i64) {
        let (second, offset) = (micros.div_euclid(1_000_000), self.offset());
        // The lines of one second differ in what follows.
        let (known, text) = LAST_DATE.get();
        if known == (second, offset) {
            self.out.extend_from_slice(&text);
        } else {
            let start = self.out.len();
            self.push_date(&Civil::new(second, offset));
            if let Some(text) = self.out.get(start..).and_then(|text| text.try_into().ok()) {
                LAST_DATE.set(((second, offset), text));
            }
        }
        let millis = micros.rem_euclid(1_000_000) as u32 / 1000;
        let digit = |number: u32| b'0' + (number % 10) as u8;
        self.out.extend_from_slice(&[b'.', digit(millis / 100), digit(millis / 10), digit(millis)]);
    }

    fn push_date(&mut self, date: &Civil) {
        self.padded(date.day, 2);
        self.out.push(b'/');
        self.out.extend_from_slice(date.month_name().as_bytes());
        self.out.push(b'/');
        self.padded(u32::try_from(date.year).unwrap_or(0), 4);
        for part in [date.hour, date.minute, date.second] {
            self.out.push(b':');
            self.padded(part, 2);
        }
    }

    fn padded(&mut self, number: u32, width: usize) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(number).as_bytes();
        self.out.extend(std::iter::repeat_n(b'0', width.saturating_sub(digits.len())));
        self.out.extend_from_slice(digits);
    }

    fn millis_of(&mut self, micros: i64) {
        let millis = micros.rem_euclid(1_000_000) / 1000;
        if self.dress.hex { self.hexable(millis, 2) } else { self.padded(millis as u32, 3) }
    }

    /// A part of the request line, encoded; a request that could not be read is `<BADREQ>`.
    /// A target without a query shows nothing, not the mark of what is missing.
    /// A part that some targets have not: then it is nothing, and not the sign of what is missing.
    fn unless_empty(&mut self, part: PartOf) {
        let line = self.record.request_line.as_ref();
        let none = line.is_some_and(|(method, target, version)| {
            part(method, target, version.as_bytes()).is_empty()
        });
        if self.dress.quote || !none {
            self.request_part(part);
        }
    }

    fn request_part(&mut self, part: PartOf) {
        let text = match &self.record.request_line {
            Some((method, target, version)) => part(method, target, version.as_bytes()),
            None => b"<BADREQ>",
        };
        push_text(text, self.dress, Encode::Uri, self.out);
    }

    fn request_line(&mut self) {
        let Some((method, target, version)) = &self.record.request_line else {
            return push_text(b"<BADREQ>", self.dress, Encode::Uri, self.out);
        };
        let quote = self.dress.quote;
        self.out.extend(quote.then_some(b'"'));
        push_encoded(method, self.dress, Encode::Uri, self.out);
        self.out.push(b' ');
        push_encoded(target, self.dress, Encode::Uri, self.out);
        self.out.push(b' ');
        push_encoded(version.as_bytes(), self.dress, Encode::Uri, self.out);
        self.out.extend(quote.then_some(b'"'));
    }

    /// `{a|b}`; nothing when no capture is declared.
    fn headers(&mut self, captured: &[Option<Vec<u8>>]) {
        if captured.is_empty() {
            return;
        }
        let quote = self.dress.quote;
        self.out.extend(quote.then_some(b'"'));
        self.out.push(b'{');
        for (index, value) in captured.iter().enumerate() {
            if index > 0 {
                self.out.push(b'|');
            }
            let value = value.as_deref().unwrap_or_default();
            push_encoded(value, self.dress, Encode::Header, self.out);
        }
        self.out.push(b'}');
        self.out.extend(quote.then_some(b'"'));
    }

    /// Each capture by itself, nothing as `-` or `""`.
    fn header_list(&mut self, captured: &[Option<Vec<u8>>]) {
        for (index, value) in captured.iter().enumerate() {
            if index > 0 {
                self.out.push(b' ');
            }
            // A field that was there and empty is no missing one.
            if self.dress.quote || value.as_ref().is_none_or(|value| !value.is_empty()) {
                let value = value.as_deref().unwrap_or_default();
                push_text(value, self.dress, Encode::Header, self.out);
            }
        }
    }

    fn flags(&mut self, count: usize) {
        let flags = self.record.termination.map(|flag| if flag == 0 { b'-' } else { flag });
        self.out.extend_from_slice(flags.get(..count).unwrap_or_default());
    }
}

fn until_request(log: &LogRecord) -> Option<Duration> {
    let before = log.handshake.unwrap_or_default() + log.idle.unwrap_or_default();
    log.request.map(|request| before + request)
}

/// The target before the `?`, and from it on.
fn cut_query(target: &[u8]) -> (&[u8], &[u8]) {
    target.split_at(memchr::memchr(b'?', target).unwrap_or(target.len()))
}

/// The path without scheme, host and query.
fn path_of(target: &[u8]) -> &[u8] {
    http1::Target::new(target).path()
}
