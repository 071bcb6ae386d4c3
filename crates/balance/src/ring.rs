//! `hash-type consistent`: each server has points on a ring of 2^32 positions, sixteen for each
//! unit of weight, and a hash belongs to the server of the nearest point.
//!
//! The points of a server depend only on its `id` (or address), so that a server that comes or
//! goes moves only its own keys. A server that leaves, or whose weight falls, leaves its points in
//! the array: whether point number n counts is `n < points in use`, one atomic. So most state
//! changes cost one store, and the array is made anew only when few of its points are in use.

use std::hint::select_unpredictable;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering::Relaxed};

use arc_swap::ArcSwap;

use crate::hash;
use crate::server::Server;
use crate::spec::{HashKey, ServerSpec};
use crate::weight::EffectiveWeight;

/// One group's ring: that of the active servers, or that of the backups.
#[derive(Debug)]
pub(crate) struct Ring {
    points: ArcSwap<Points>,
    /// Points in use of each server.
    in_use: Vec<AtomicU16>,
    /// The position of the last pick by round robin; [`Self::NEVER`] before the first.
    last: AtomicU64,
}

/// What the one writer of a ring knows; kept under the lock of the balancer.
#[derive(Debug, Default)]
pub(crate) struct Upkeep {
    /// Points of each server that the array holds, in use or not.
    held: Vec<u32>,
    /// The largest weight that each server ever had.
    most: Vec<u32>,
    all_held: usize,
    all_in_use: usize,
    /// Points that changed, and servers that came back, since the array was made.
    churn: usize,
    returns: usize,
}

/// Servers that may come back to a shrunken array before all points are put back.
const RETURNS: usize = 16;

impl Ring {
    const NEVER: u64 = u64::MAX;

    pub(crate) fn new(servers: &[Server], members: impl Fn(&Server) -> bool) -> (Self, Upkeep) {
        let ring = Self {
            points: ArcSwap::default(),
            in_use: servers.iter().map(|_| AtomicU16::new(0)).collect(),
            last: AtomicU64::new(Self::NEVER),
        };
        let mut upkeep = Upkeep {
            held: vec![0; servers.len()],
            most: servers.iter().map(Server::weight).collect(),
            ..Upkeep::default()
        };
        for (at, server) in servers.iter().enumerate().filter(|(_, server)| members(server)) {
            upkeep.held[at] = server.weight();
            ring.in_use[at].store(server.usable_weight() as u16, Relaxed);
            upkeep.all_in_use += server.usable_weight() as usize;
        }
        ring.make(servers, &mut upkeep);
        (ring, upkeep)
    }

    /// Sets how many points of a server are in use: its usable weight.
    pub(crate) fn set(&self, servers: &[Server], at: usize, weight: u32, upkeep: &mut Upkeep) {
        let before = u32::from(self.in_use[at].swap(weight as u16, Relaxed));
        // Quirk: a server that grows beyond the weight it ever had takes all its points out and
        // puts them in again.
        let anew = weight > upkeep.most[at];
        upkeep.most[at] = upkeep.most[at].max(weight);
        if weight < before || anew {
            self.leave_last(|point| (anew && point.server == at) || !self.counts(point));
        }
        upkeep.all_in_use = upkeep.all_in_use + weight as usize - before as usize;
        upkeep.churn += weight.abs_diff(before) as usize;
        if weight > upkeep.held[at] {
            upkeep.returns += 1;
            upkeep.held[at] = weight;
            if upkeep.returns > RETURNS {
                for (held, server) in upkeep.held.iter_mut().zip(servers) {
                    *held = if *held > 0 || self.is_member(servers, at, server) {
                        server.weight().max(*held)
                    } else {
                        0
                    };
                }
            }
            self.make(servers, upkeep);
        } else if upkeep.all_in_use * 4 < upkeep.all_held && upkeep.churn * 2 > upkeep.all_held {
            for (held, in_use) in upkeep.held.iter_mut().zip(&self.in_use) {
                *held = u32::from(in_use.load(Relaxed));
            }
            self.make(servers, upkeep);
        }
    }

    /// When the point of the last pick by round robin is gone, the point behind it takes its place.
    // Quirk: that point then counts as picked, so its server misses a turn.
    fn leave_last(&self, gone: impl Fn(Point) -> bool) {
        let points = self.points.load();
        let last = self.last.load(Relaxed);
        let Ok(position) = u32::try_from(last) else { return };
        let from = points.at_or_behind(position);
        let now = points
            .sorted
            .get(from..)
            .unwrap_or_default()
            .iter()
            .map(|packed| Point::unpack(*packed))
            .find(|point| !gone(*point))
            .map_or(Self::NEVER, |point| u64::from(point.position));
        // A pick that moved on meanwhile is right: it already saw the change.
        let _ = self.last.compare_exchange(last, now, Relaxed, Relaxed);
    }

    fn is_member(&self, servers: &[Server], like: usize, server: &Server) -> bool {
        servers[like].backup == server.backup
    }

    fn make(&self, servers: &[Server], upkeep: &mut Upkeep) {
        let returns = upkeep.returns;
        let points = Points::new(servers, &upkeep.held);
        upkeep.all_held = points.sorted.len();
        upkeep.churn = 0;
        upkeep.returns = if returns > RETURNS { 0 } else { returns };
        self.points.store(Arc::new(points));
    }

    /// The nearest point in use, and then all others around the ring until the walk has come back
    /// to the start for the second time.
    pub(crate) fn nearest<R>(&self, hash: u32, visit: impl FnMut(Point) -> Option<R>) -> Option<R> {
        let points = self.points.load();
        let start = points.nearest(hash, |point| self.counts(point))?;
        self.walk(&points, start, visit)
    }

    /// The points in use from the one behind the last pick on, once around; the one at which the
    /// walk stops is the last pick of the next call.
    pub(crate) fn in_turn<R>(&self, mut visit: impl FnMut(Point) -> Option<R>) -> Option<R> {
        let points = self.points.load();
        let mut last = self.last.load(Relaxed);
        loop {
            let start = match u32::try_from(last) {
                Ok(position) => points.behind(position),
                Err(_) => 0,
            };
            let mut stopped = None;
            let found = self.walk(&points, start, |point| {
                stopped = Some(point.position);
                visit(point)
            });
            let now = u64::from(stopped?);
            match self.last.compare_exchange_weak(last, now, Relaxed, Relaxed) {
                Ok(_) => return found,
                Err(other) => last = other,
            }
        }
    }

    fn walk<R>(
        &self,
        points: &Points,
        start: usize,
        mut visit: impl FnMut(Point) -> Option<R>,
    ) -> Option<R> {
        let (before, from) = points.sorted.split_at(start.min(points.sorted.len()));
        from.iter()
            .chain(before)
            .map(|packed| Point::unpack(*packed))
            .filter(|point| self.counts(*point))
            .find_map(&mut visit)
    }

    /// The usable weight of a server, 0 beyond the list: as many points are in use.
    pub(crate) fn weight(&self, server: usize) -> u32 {
        self.in_use.get(server).map_or(0, |in_use| u32::from(in_use.load(Relaxed)))
    }

    fn counts(&self, point: Point) -> bool {
        point.number < self.weight(point.server)
    }

    pub(crate) fn last(&self) -> u64 {
        self.last.load(Relaxed)
    }

    pub(crate) fn set_last(&self, last: u64) {
        self.last.store(last, Relaxed);
    }
}

/// One point of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) position: u32,
    pub(crate) server: usize,
    /// The how-manieth point of its server, from 0.
    number: u32,
}

impl Point {
    const NUMBER_BITS: u32 = 12;

    /// One word that sorts by position.
    fn pack(self) -> u64 {
        u64::from(self.position) << 32
            | (self.server as u64) << Self::NUMBER_BITS
            | u64::from(self.number)
    }

    fn unpack(word: u64) -> Self {
        Self {
            position: (word >> 32) as u32,
            server: (word as u32 >> Self::NUMBER_BITS) as usize,
            number: word as u32 & ((1 << Self::NUMBER_BITS) - 1),
        }
    }
}

/// The points in order, with an index over their positions.
#[derive(Debug, Default)]
pub(crate) struct Points {
    sorted: Vec<u64>,
    /// `index[p >> shift]` is the first point at or behind the start of that stretch of the ring. A stretch holds
    /// about [`Self::STRETCH`] points, so that the index stays in the cache where the points do not.
    index: Vec<u32>,
    shift: u32,
}

impl Points {
    /// Points of a stretch: a cache line of them.
    const STRETCH: usize = 8;

    fn new(servers: &[Server], held: &[u32]) -> Self {
        let mut sorted: Vec<u64> = Vec::with_capacity(held.iter().map(|n| *n as usize).sum());
        for (at, (server, held)) in servers.iter().zip(held).enumerate().take(1 << 20) {
            let base = base(&server.spec);
            let point = |number| Point { position: position(base, number), server: at, number };
            sorted.extend((0..*held).map(|number| point(number).pack()));
        }
        sorted.sort_unstable();
        let bits = (sorted.len() / Self::STRETCH).max(2).ilog2();
        let shift = 32 - bits;
        let mut index = Vec::with_capacity((1 << bits) + 1);
        for (at, packed) in (0_u32..).zip(&sorted) {
            while index.len() <= (packed >> 32 >> shift) as usize {
                index.push(at);
            }
        }
        index.resize((1 << bits) + 1, sorted.len() as u32);
        Self { sorted, index, shift }
    }

    /// The first point at `position` or behind it, as an index that may be one past the end.
    fn at_or_behind(&self, position: u32) -> usize {
        let goes_before = |packed: &u64| ((packed >> 32) as u32) < position;
        let from = self.about(position).saturating_sub(Self::STRETCH / 2);
        let Some(near) = self.sorted.get(from..from + Self::STRETCH) else {
            return self.sorted.partition_point(goes_before);
        };
        // All are counted: where a search would end is chance, so its branches would be guessed wrong.
        let before: usize = near.iter().map(|packed| usize::from(goes_before(packed))).sum();
        let is_first = from == 0 || before > 0;
        if is_first && before < Self::STRETCH {
            return from + before;
        }
        self.sorted.partition_point(goes_before)
    }

    /// An index near `position`. Positions are hashes: how far into the stretch says how far into its points.
    fn about(&self, position: u32) -> usize {
        let stretch = (position >> self.shift) as usize;
        let Some([start, end]) = self.index.get(stretch..stretch + 2) else { return 0 };
        let far = u64::from(position & !(u32::MAX << self.shift));
        let points = (u64::from(end - start) * far) >> self.shift;
        (*start as usize + points as usize).min(self.sorted.len())
    }

    /// The first point behind `position`, as an index that may be one past the end.
    fn behind(&self, position: u32) -> usize {
        position.checked_add(1).map_or(self.sorted.len(), |next| self.at_or_behind(next))
    }

    /// Of the points that count, the one nearest to `hash`: the one before it when both are
    /// equally far.
    fn nearest(&self, hash: u32, counts: impl Fn(Point) -> bool) -> Option<usize> {
        let found = |at: &usize| counts(Point::unpack(self.sorted[*at]));
        let split = self.at_or_behind(hash);
        let after = (split..self.sorted.len()).chain(0..split).find(found)?;
        let before = (0..split).rev().chain((split..self.sorted.len()).rev()).find(found)?;
        let position = |at: usize| (self.sorted[at] >> 32) as u32;
        let back = hash.wrapping_sub(position(before));
        let forth = position(after).wrapping_sub(hash);
        Some(select_unpredictable(back <= forth, before, after))
    }
}

/// Where the points of a server start, before they are scattered.
fn base(spec: &ServerSpec) -> u32 {
    let by_id = spec.id.wrapping_mul(EffectiveWeight::MAX);
    match (spec.hash_key, spec.address) {
        (HashKey::Id, _) | (_, None) => by_id,
        (HashKey::Addr, Some(address)) => of_address(address, None),
        (HashKey::AddrPort, Some(address)) => of_address(address, Some(address.port())),
    }
}

// No 3.x binary was at hand to compare these with: equal addresses give equal points in every
// process of ours, which is what the keyword is for, but not those of HAProxy 3.x.
fn of_address(address: SocketAddr, port: Option<u16>) -> u32 {
    let mut bytes = match address {
        SocketAddr::V4(v4) => v4.ip().octets().to_vec(),
        SocketAddr::V6(v6) => v6.ip().octets().to_vec(),
    };
    bytes.extend(port.into_iter().flat_map(u16::to_be_bytes));
    hash::of_address(&bytes)
}

fn position(base: u32, number: u32) -> u32 {
    hash::avalanche(base.wrapping_add(number))
}
