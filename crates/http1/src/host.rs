//! One host for a request: `Host` fields and the target's authority must agree.

use crate::bytes::decimal;
use crate::error::HeadError;
use crate::request::RequestHead;
use crate::target::TargetForm;

/// Refuses contradicting hosts and leaves at most one `Host` field, as HAProxy does before any rule.
///
/// Where target and `Host` agree but for a default port, that port goes from both.
///
/// With `lax` a target may contradict `Host`, and a CONNECT may name no port.
pub(crate) fn settle(head: &mut RequestHead, lax: bool) -> Result<(), HeadError> {
    let at = one_host_field(head)?;
    let connect = head.method() == b"CONNECT";
    let parts = head.target_parts();
    if !connect && matches!(parts.form(), TargetForm::Origin | TargetForm::Asterisk) {
        return Ok(());
    }
    let authority = bare_authority(head.target(), parts.scheme());
    if connect && !lax && port(authority).is_none_or(|port| decimal(port).is_none()) {
        return Err(HeadError::Target { at: head.target.start() });
    }
    if authority.is_empty() {
        return Ok(());
    }
    let default = DefaultPorts { scheme: parts.scheme(), connect };
    let short = default.without(authority);
    let named = |host| default.left_out_of(host);
    if let Some(host) = head.fields.get(b"host")
        && !host.eq_ignore_ascii_case(authority)
        && !named(host).eq_ignore_ascii_case(short)
    {
        if lax {
            return Ok(());
        }
        return Err(HeadError::Host { at: at.unwrap_or(0) });
    }
    // A CONNECT's `Host` that ends in a colon is left as it is.
    let open = connect && head.fields.get(b"host").is_some_and(|host| host.ends_with(b":"));
    if short.len() < authority.len() && !open {
        let (long, short) = (authority.len(), short.to_vec());
        drop_default_port(head, long, &short, connect);
    }
    Ok(())
}

/// Removes repeated equal `Host` fields; returns where the first one's value stands.
fn one_host_field(head: &mut RequestHead) -> Result<Option<usize>, HeadError> {
    let fields = &mut head.fields;
    let Some(first) = fields.position(b"host") else { return Ok(None) };
    let at = fields.list.get(first).map(|field| field.value.start());
    let mut index = first + 1;
    while let (Some((_, host)), Some((name, value))) = (fields.at(first), fields.at(index)) {
        if name != b"host" {
            index += 1;
        } else if host.eq_ignore_ascii_case(value) {
            fields.remove_at(index);
        } else {
            return Err(HeadError::Host { at: fields.list[index].value.start() });
        }
    }
    Ok(at)
}

/// Host and port of a target of any form but origin: up to the slash, without `user@`.
fn bare_authority<'a>(target: &'a [u8], scheme: Option<&[u8]>) -> &'a [u8] {
    let skip = scheme.map_or(0, |scheme| scheme.len() + b"://".len());
    let text = target.get(skip..).unwrap_or_default();
    let text = &text[..memchr::memchr(b'/', text).unwrap_or(text.len())];
    text.get(memchr::memrchr(b'@', text).map_or(0, |at| at + 1)..).unwrap_or_default()
}

/// The digits after the last colon, perhaps none; `None` without a port.
fn port(authority: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memrchr(b':', authority)?;
    authority.get(colon + 1..).filter(|port| port.iter().all(u8::is_ascii_digit))
}

/// Which ports say nothing: 80 for http, 443 for https, both for `CONNECT`.
struct DefaultPorts<'a> {
    scheme: Option<&'a [u8]>,
    connect: bool,
}

impl DefaultPorts<'_> {
    /// The authority without a default port, or without a colon that no port follows.
    fn without<'a>(&self, authority: &'a [u8]) -> &'a [u8] {
        let is = |name: &[u8]| {
            self.connect || self.scheme.is_some_and(|it| it.eq_ignore_ascii_case(name))
        };
        let default = match port(authority) {
            Some(b"") => is(b"http") || is(b"https"),
            Some(b"80") => is(b"http"),
            Some(b"443") => is(b"https"),
            _ => false,
        };
        let end = memchr::memrchr(b':', authority).filter(|_| default).unwrap_or(authority.len());
        authority.get(..end).unwrap_or_default()
    }
}

impl DefaultPorts<'_> {
    /// A `Host` without what may be left out. That of a CONNECT may lack a default port, with or
    /// without the colon, but not name the other one.
    fn left_out_of<'a>(&self, host: &'a [u8]) -> &'a [u8] {
        match self.connect {
            true => host.strip_suffix(b":").unwrap_or(host),
            false => self.without(host),
        }
    }
}

/// Writes the authority without its default port to `Host`, and into the target unless it is that
/// of a `CONNECT`, which needs its port.
fn drop_default_port(head: &mut RequestHead, long: usize, short: &[u8], connect: bool) {
    if let Some(index) = head.fields.position(b"host") {
        head.fields.replace_at(index, short);
    }
    if !connect {
        let scheme = head.target_parts().scheme().map_or(0, |scheme| scheme.len() + b"://".len());
        let rest = head.target().get(scheme..).unwrap_or_default();
        let end = scheme + memchr::memchr(b'/', rest).unwrap_or(rest.len());
        head.splice_target(end - long, end, &[short]);
    }
}

impl RequestHead {
    /// Replaces the target and, when the new one has an authority, `Host` too
    /// (`http-request set-uri`).
    pub fn set_uri(&mut self, uri: &[u8]) {
        self.set_target(uri);
        let Some(authority) = self.authority().map(<[u8]>::to_vec) else { return };
        match self.fields.position(b"host") {
            Some(index) => {
                self.fields.replace_at(index, &authority);
            }
            None => self.fields.add(b"host", &authority),
        }
    }

    /// Writes the `Host` field's value into an absolute target: after a rule changed `host`.
    pub fn update_authority(&mut self) {
        let Some(host) = self.fields.get(b"host").map(<[u8]>::to_vec) else { return };
        let parts = self.target_parts();
        if parts.form() != TargetForm::Absolute {
            return;
        }
        let start = parts.scheme().map_or(0, |scheme| scheme.len() + b"://".len());
        let end = start + parts.authority().map_or(0, <[u8]>::len);
        self.splice_target(start, end, &[&host]);
    }
}
