//! Which forms of address each place takes.

use std::borrow::Cow;

use config_parse::address::{self, Address, AddressKind, Host, Ports};
use config_parse::env::Environment;
use config_parse::tree::Word;
use diag::{Diagnostic, codes};

use super::Directive;

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressUse {
    Bind,
    StatsSocket,
    Server,
    Check,
    Source,
    Log,
    Dispatch,
    Nameserver,
}

impl Directive<'_> {
    /// One address. `None`: reported.
    pub(crate) fn address(&mut self, word: &Word<'_>, used: AddressUse) -> Option<Address> {
        let word = &self.expanded(word)?;
        let read = address::parse(word);
        let address = self.keep(read)?;
        self.suits(&address, word, used).then_some(address)
    }

    /// The addresses of a `bind` line. `None`: one of them was reported.
    pub(crate) fn bind_addresses(&mut self, word: &Word<'_>) -> Option<Vec<Address>> {
        let word = &self.expanded(word)?;
        let read = address::parse_list(word);
        let addresses = self.keep(read)?;
        let good = addresses.iter().filter(|one| self.suits(one, word, AddressUse::Bind)).count();
        (good == addresses.len()).then_some(addresses)
    }

    /// Quirk: in addresses variables are replaced even without quotes. `None`: reported.
    fn expanded<'w>(&mut self, word: &Word<'w>) -> Option<Word<'w>> {
        if !word.text.contains('$') {
            return Some(word.clone());
        }
        let text = expand(&word.text, self.env);
        if text.is_empty() {
            let message = format!("`{}` is replaced by nothing", word.text);
            let finding = Diagnostic::new(codes::E0305, word.span, message);
            self.report(finding.help("set the variable, or write an address"));
            return None;
        }
        Some(Word::new(Cow::Owned(text), word.span))
    }

    /// Later versions read the whole port; a name that no resolver can know is an error where it must be one.
    fn readable(&mut self, address: &Address, word: &Word<'_>, used: AddressUse) -> bool {
        let AddressKind::Inet { host, .. } = &address.kind else { return true };
        if self.target.is_from(3, 0)
            && let Some((_, port)) = word.text.rsplit_once(':')
            && !word.text.ends_with(']')
            && let Some(bad) = port.chars().find(|c| !c.is_ascii_digit() && !matches!(c, '+' | '-'))
        {
            let message = format!("`{bad}` cannot stand in a port");
            self.error(codes::E0305, address.span, message);
            return false;
        }
        if let Host::Name(name) = host
            // A server may do without (`init-addr none`).
            && used != AddressUse::Server
            && !can_resolve(name)
        {
            let message = format!("`{name}` is neither an address nor a name");
            self.error(codes::E0305, address.span, message);
            return false;
        }
        true
    }

    fn suits(&mut self, address: &Address, word: &Word<'_>, used: AddressUse) -> bool {
        use AddressUse::{Bind, Dispatch, Log, Nameserver, StatsSocket};
        let listens = matches!(used, Bind | StatsSocket);
        let problem = match &address.kind {
            AddressKind::Inet { ports, datagram, .. } => match ports {
                Ports::Unset if listens || matches!(used, Dispatch | Nameserver) => {
                    Some("a port is missing")
                }
                Ports::One(0) if listens => Some("port 0 cannot be listened on"),
                Ports::Range(0, _) if listens => Some("port 0 cannot be listened on"),
                Ports::Range(..) if !listens && used != AddressUse::Source => {
                    Some("a range of ports cannot stand here")
                }
                Ports::Offset(_) if used != AddressUse::Server => {
                    Some("a port relative to another one belongs to servers")
                }
                _ if *datagram
                    // Servers of `mode log` take them.
                    && !matches!(used, Log | Nameserver | AddressUse::Server) =>
                {
                    Some("datagrams are not taken here")
                }
                _ => None,
            },
            AddressKind::UnixDatagram(_) if used != Log => Some("datagrams are not taken here"),
            // A HAProxy without QUIC takes no such address, and most are built without.
            AddressKind::Other(_) if !self.target.is_proxyd() && word.text.contains("quic") => {
                Some("QUIC is not part of this HAProxy")
            }
            AddressKind::Other(_) if self.target.is_2_6() && word.text.starts_with("mptcp") => {
                Some("HAProxy 2.6 does not know this kind of address yet")
            }
            AddressKind::Other(_) => {
                self.refuse_as(codes::E0207, "this kind of address is not built", word);
                return true;
            }
            _ => None,
        };
        let Some(problem) = problem else { return self.readable(address, word, used) };
        let finding = Diagnostic::new(codes::E0305, address.span, problem);
        self.report(match problem {
            "a port is missing" => finding.help("write `:PORT` behind it, such as `*:80`"),
            _ => finding,
        });
        false
    }
}

/// Whether a name could be resolved somewhere: no other characters than names have, and no address that is
/// written wrongly.
pub(crate) fn can_resolve(name: &str) -> bool {
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    // Quirk: the resolver takes numbers in hexadecimal too.
    let hex = |part: &str| {
        let digits = part.strip_prefix("0x").or(part.strip_prefix("0X"));
        digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let numeric =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) || hex(part);
    let parts: Vec<&str> = name.split('.').collect();
    let Some(last) = parts.last().filter(|last| numeric(last)) else { return letters };
    // Quirk: the resolver takes `127.1` for 127.0.0.1.
    let short = parts.len() <= 4 && parts.iter().all(|part| numeric(part) && part.len() <= 10);
    let bytes = parts.iter().rev().skip(1).all(|part| hex(part) || part.parse::<u8>().is_ok());
    let most = u64::MAX.checked_shr(32 + 8 * (parts.len() as u32 - 1)).unwrap_or(0);
    let last = last.trim_start_matches("0x");
    short && bytes && last.parse::<u64>().is_ok_and(|last| last <= most)
}

/// Replaces `$NAME` and `${NAME}`; variables that are not set are empty.
fn expand(text: &str, env: &Environment) -> String {
    let name_end = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let braced = behind.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let (name, after) = match braced {
            Some(pair) => pair,
            None => behind.split_at(name_end(behind)),
        };
        out.push_str(env.vars.get(name).map_or("", String::as_str));
        rest = after;
    }
    out + rest
}
