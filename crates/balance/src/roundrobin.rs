//! `balance roundrobin`: servers in turn by weight, in HAProxy's order, while weights change.
//!
//! Time is counted in picks. A server of weight w in a group of total weight t wants a seat every
//! t / w picks, and the pick goes to the seat that comes first. Three queues keep that:
//!
//! - `fresh`: servers that have not had a seat in this round, heaviest first;
//! - `seated`: servers with their next seat in this round, by seat;
//! - `later`: servers whose next seat is in the next round.
//!
//! A pick takes the first seat that is due, else a fresh server, else the next seat early. When
//! `fresh` and `seated` are empty a round ends: `later` becomes `fresh`, and changes of the total
//! weight take effect.
//!
//! A schedule fixed in advance would not do: where a server lands that comes back, and what a
//! weight change moves, depend on the seats at that moment.

use crate::calendar::Calendar;
use crate::fifo::Fifo;
use crate::pick::{Step, Trace, WhyNot, passed};
use crate::server::Server;
use crate::weight::EffectiveWeight;

/// Keys for each seat: servers with the same seat are ordered by weight.
const PER_SEAT: u64 = EffectiveWeight::MAX_USER as u64;

/// One group's turns.
#[derive(Debug, Clone)]
pub(crate) struct RoundRobin {
    /// The pick that comes next.
    now: u64,
    /// Length of this round, and of the next one: the total weight in sixteenths.
    round: u64,
    next_round: u64,
    fresh: Fifo,
    seated: Calendar,
    later: Fifo,
    seats: Vec<Seat>,
}

/// What is known of a server's seats.
#[derive(Debug, Clone, Copy, Default)]
struct Seat {
    weight: u64,
    /// The next seat, and the one before it. 0 is no seat yet.
    next: u64,
    last: u64,
    /// The part of a pick that whole seats left over, in `weight`ths.
    rest: u64,
    queue: Queue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Queue {
    #[default]
    None,
    Fresh,
    Seated,
    Later,
}

impl RoundRobin {
    /// A group whose members are the servers with a weight that is not 0.
    pub(crate) fn new(weights: &[u32]) -> Self {
        let total = weights.iter().map(|weight| u64::from(*weight)).sum();
        let count = weights.len();
        let mut group = Self {
            now: total,
            round: total,
            next_round: total,
            fresh: Fifo::new(count),
            seated: Calendar::new(count, total * PER_SEAT, total * PER_SEAT),
            later: Fifo::new(count),
            seats: vec![Seat::default(); count],
        };
        for (at, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            group.seats[at].weight = u64::from(*weight);
            group.put(at, Queue::Fresh);
        }
        group
    }

    /// Sets a server's usable weight: it joins, leaves, or changes its share.
    pub(crate) fn set(&mut self, at: usize, weight: u32) {
        let (before, weight) = (self.seats[at].weight, u64::from(weight));
        self.next_round = self.next_round + weight - before;
        match (before, weight) {
            (0, 0) => {}
            (0, _) => self.join(at, weight),
            (_, 0) => self.leave(at),
            _ => self.reweigh(at, weight),
        }
    }

    fn join(&mut self, at: usize, weight: u64) {
        let ahead = (self.next_round + self.round).saturating_sub(self.now) / weight;
        let seat = &mut self.seats[at];
        seat.weight = weight;
        seat.next = self.now + ahead;
        self.seat(at);
    }

    fn leave(&mut self, at: usize) {
        self.take_out(at);
        self.seats[at].weight = 0;
    }

    fn reweigh(&mut self, at: usize, weight: u64) {
        let step = self.next_round / weight;
        self.seats[at].weight = weight;
        match self.seats[at].queue {
            Queue::Fresh => self.put(at, Queue::Fresh),
            queue => {
                self.enter_round(at, queue);
                let seat = &mut self.seats[at];
                // A change never delays the seat that the server was promised.
                seat.next = (seat.last + step).min(seat.next);
                seat.rest = 0;
                if seat.next < self.now + 2 {
                    seat.next = self.now + step;
                }
                self.seat(at);
            }
        }
    }

    /// The next server that has room; the excluded one only if no other has.
    pub(crate) fn pick<T: Trace>(
        &mut self,
        servers: &[Server],
        exclude: Option<usize>,
        trace: &mut T,
    ) -> Option<usize> {
        let mut round_ended = false;
        let mut avoided = None;
        let mut skipped = Vec::new();
        if self.round == 0 {
            self.begin_round();
        }
        let chosen = loop {
            let Some(at) = self.due() else {
                if round_ended {
                    break avoided;
                }
                round_ended = true;
                self.end_round();
                continue;
            };
            self.advance(at);
            self.now += 1;
            if servers[at].is_full() {
                passed(trace, at, || servers[at].fullness());
            } else if exclude == Some(at) && avoided.is_none() {
                passed(trace, at, || WhyNot::Excluded);
                avoided = Some(at);
            } else {
                break Some(at);
            }
            skipped.push(at);
        };
        if T::ENABLED && chosen.is_some() && chosen == avoided {
            trace.step(Step::ExcludedAnyway);
        }
        if let Some(chosen) = chosen {
            self.seat(chosen);
        }
        // Last passed over, first back in the queue: equal keys keep that order.
        for at in skipped.into_iter().rev().filter(|at| Some(*at) != chosen) {
            if round_ended {
                self.put(at, Queue::Fresh);
            } else {
                self.seat(at);
            }
        }
        chosen
    }

    /// The server for this pick: a seat that is due, else a fresh server, else the next seat.
    fn due(&mut self) -> Option<usize> {
        let seated = self.seated.first();
        if let Some(at) = seated.filter(|at| self.seats[*at].next <= self.now) {
            return Some(at);
        }
        if let Some(at) = self.fresh.first() {
            (self.seats[at].next, self.seats[at].rest) = (0, 0);
            return Some(at);
        }
        seated
    }

    /// Takes a server out of its queue and works out its seat after this one.
    fn advance(&mut self, at: usize) {
        self.take_out(at);
        let (now, round) = (self.now, self.next_round);
        let seat = &mut self.seats[at];
        seat.last = if seat.next == 0 { now } else { seat.next };
        seat.next = seat.last + round / seat.weight;
        seat.rest += round % seat.weight;
        if seat.rest >= seat.weight {
            seat.rest -= seat.weight;
            seat.next += 1;
        }
    }

    /// Queues a server by its next seat.
    fn seat(&mut self, at: usize) {
        let ends = self.round + self.round.min(self.next_round);
        if self.seats[at].next >= ends {
            self.seats[at].next -= self.round;
            self.put(at, Queue::Later);
        } else {
            self.put(at, Queue::Seated);
        }
    }

    fn end_round(&mut self) {
        std::mem::swap(&mut self.fresh, &mut self.later);
        for at in std::iter::successors(self.fresh.first(), |at| self.fresh.after(*at)) {
            self.seats[at].queue = Queue::Fresh;
        }
        self.begin_round();
    }

    /// Seats of a round are those from its length to twice its length.
    fn begin_round(&mut self) {
        self.round = self.next_round;
        self.now = self.round;
        self.seated.begin(self.round * PER_SEAT, self.round * PER_SEAT);
    }

    /// A seat counted from the start of the next round, recounted in this one.
    fn enter_round(&mut self, at: usize, queue: Queue) {
        if queue == Queue::Later {
            let seat = &mut self.seats[at];
            seat.next = (self.round + seat.next).saturating_sub(self.now);
        }
    }

    fn put(&mut self, at: usize, queue: Queue) {
        self.take_out(at);
        let seat = &mut self.seats[at];
        seat.queue = queue;
        let lightness = u64::from(EffectiveWeight::MAX) - seat.weight;
        match queue {
            Queue::None => {}
            Queue::Fresh => self.fresh.push(at, lightness),
            Queue::Later => self.later.push(at, lightness),
            Queue::Seated => {
                // Of servers with the same seat the heavier comes first.
                let order = (lightness + seat.rest) / u64::from(EffectiveWeight::SCALE);
                self.seated.push(at, seat.next * PER_SEAT + order);
            }
        }
    }

    fn take_out(&mut self, at: usize) {
        match std::mem::take(&mut self.seats[at].queue) {
            Queue::None => false,
            Queue::Fresh => self.fresh.remove(at),
            Queue::Seated => self.seated.remove(at),
            Queue::Later => self.later.remove(at),
        };
    }
}
