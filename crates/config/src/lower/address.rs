//! Which forms of address each place takes.

use config_parse::address::{self, Address, AddressKind, Ports};
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
}

impl Directive<'_> {
    /// One address. `None`: reported.
    pub(crate) fn address(&mut self, word: &Word<'_>, used: AddressUse) -> Option<Address> {
        let read = address::parse(word);
        let address = self.keep(read)?;
        self.suits(&address, word, used).then_some(address)
    }

    /// The addresses of a `bind` line. `None`: one of them was reported.
    pub(crate) fn bind_addresses(&mut self, word: &Word<'_>) -> Option<Vec<Address>> {
        let read = address::parse_list(word);
        let addresses = self.keep(read)?;
        let good = addresses.iter().filter(|one| self.suits(one, word, AddressUse::Bind)).count();
        (good == addresses.len()).then_some(addresses)
    }

    fn suits(&mut self, address: &Address, word: &Word<'_>, used: AddressUse) -> bool {
        use AddressUse::{Bind, Dispatch, StatsSocket};
        let listens = matches!(used, Bind | StatsSocket);
        let problem = match &address.kind {
            AddressKind::Inet { ports, datagram, .. } => match ports {
                Ports::Unset if listens || used == Dispatch => Some("a port is missing"),
                Ports::One(0) if listens => Some("port 0 cannot be listened on"),
                Ports::Range(0, _) if listens => Some("port 0 cannot be listened on"),
                Ports::Range(..) if !listens && used != AddressUse::Source => {
                    Some("a range of ports cannot stand here")
                }
                Ports::Offset(_) if used != AddressUse::Server => {
                    Some("a port relative to another one belongs to servers")
                }
                _ if *datagram && used != AddressUse::Log => Some("datagrams are not taken here"),
                _ => None,
            },
            AddressKind::UnixDatagram(_) if used != AddressUse::Log => {
                Some("datagrams are not taken here")
            }
            AddressKind::Other(_) => {
                self.refuse_as(codes::E0207, "this kind of address is not built", word);
                return true;
            }
            _ => None,
        };
        let Some(problem) = problem else { return true };
        let finding = Diagnostic::new(codes::E0305, address.span, problem);
        self.report(match problem {
            "a port is missing" => finding.help("write `:PORT` behind it, such as `*:80`"),
            _ => finding,
        });
        false
    }
}
