//! Addresses in networks: `ip`. The longest mask wins.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::hasher::Table;

/// A pattern: an address and which of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    V4 { bits: u32, mask: u32 },
    V6 { bits: u128, mask: u128 },
}

/// Networks by the length of their mask.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    /// Longest masks first.
    v4: Vec<(u32, Table<u32>)>,
    v6: Vec<(u128, Table<u128>)>,
    /// Masks with holes, which only IPv4 can have.
    holes: Vec<(u32, u32, u32)>,
}

impl Networks {
    pub(crate) fn new(entries: &[(u32, Network)]) -> Networks {
        let mut networks = Networks::default();
        for (id, network) in entries {
            match *network {
                Network::V4 { bits, mask } if mask.leading_ones() + mask.trailing_zeros() == 32 => {
                    insert(&mut networks.v4, mask, bits & mask, *id);
                }
                Network::V4 { bits, mask } => networks.holes.push((*id, bits & mask, mask)),
                Network::V6 { bits, mask } => insert(&mut networks.v6, mask, bits & mask, *id),
            }
        }
        networks
    }

    /// An IPv4 address is also looked for as `::ffff:a.b.c.d`, and an IPv6 address that holds an IPv4
    /// one also as that one (manual 7.1.6).
    pub(crate) fn find(&self, ip: IpAddr) -> Option<u32> {
        match ip {
            IpAddr::V4(ip) => self.find_v4(ip).or_else(|| self.find_v6(ip.to_ipv6_mapped())),
            IpAddr::V6(ip) => self
                .find_v6(ip)
                .or_else(|| sample::embedded_v4(ip).and_then(|inside| self.find_v4(inside))),
        }
    }

    fn find_v4(&self, ip: Ipv4Addr) -> Option<u32> {
        let bits = ip.to_bits();
        let found = self.v4.iter().find_map(|(mask, table)| table.get(&(bits & mask)).copied());
        found.or_else(|| {
            let mut holes = self.holes.iter();
            holes.find(|(_, network, mask)| bits & mask == *network).map(|(id, ..)| *id)
        })
    }

    fn find_v6(&self, ip: Ipv6Addr) -> Option<u32> {
        let bits = ip.to_bits();
        self.v6.iter().find_map(|(mask, table)| table.get(&(bits & mask)).copied())
    }
}

fn insert<T: Copy + Ord + Eq + std::hash::Hash>(
    tables: &mut Vec<(T, Table<T>)>,
    mask: T,
    network: T,
    id: u32,
) {
    // Longer masks are greater numbers.
    let at = match tables.binary_search_by(|(known, _)| mask.cmp(known)) {
        Ok(at) => at,
        Err(at) => {
            tables.insert(at, (mask, Table::default()));
            at
        }
    };
    if let Some((_, table)) = tables.get_mut(at) {
        table.entry(network).or_insert(id);
    }
}
