//! Nanoseconds per pick, with 2, 100 and 10,000 servers whose states change meanwhile.
//!
//! A measured pick is what a request costs: the pick, and its share of the state changes. `cycle` adds the `take` and
//! `release` that keep the live counts. Time is the thread's own, so that what else runs on the machine counts only by
//! the cache it takes.

use std::hint::black_box;
use std::time::Duration;

use balance::{
    Algorithm, Balancer, HashFunction, HashMethod, HashType, Limits, NoTrace, PickInput,
    ServerSpec, Spec, State,
};
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};

/// At 100,000 requests a second: ten servers a second that go down or come back.
const PICKS_PER_CHANGE: u32 = 10_000;

/// The time that this thread ran.
struct ThreadTime;

impl ThreadTime {
    fn now() -> Duration {
        clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
    }
}

impl Measurement for ThreadTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        Self::now()
    }

    fn end(&self, start: Duration) -> Duration {
        Self::now().saturating_sub(start)
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn spec(algorithm: Algorithm, method: HashMethod, balance_factor: u32) -> Spec {
    let hash_type = HashType { method, function: HashFunction::Sdbm, avalanche: true };
    Spec { algorithm, hash_type, balance_factor, ..Spec::default() }
}

fn algorithms() -> [(&'static str, Spec); 9] {
    use HashMethod::{Consistent, MapBased};
    let random = Algorithm::Random { draws: 2 };
    [
        ("roundrobin", spec(Algorithm::RoundRobin, MapBased, 0)),
        ("static-rr", spec(Algorithm::StaticRr, MapBased, 0)),
        ("leastconn", spec(Algorithm::LeastConn, MapBased, 0)),
        ("first", spec(Algorithm::First, MapBased, 0)),
        ("random", spec(random, MapBased, 0)),
        ("map-based", spec(Algorithm::Hash, MapBased, 0)),
        ("consistent", spec(Algorithm::Hash, Consistent, 0)),
        ("consistent-no-key", spec(Algorithm::Hash, Consistent, 0)),
        ("bounded", spec(Algorithm::Hash, Consistent, 150)),
    ]
}

/// A balancer with loads on its servers, and the changes that go on while it is measured.
struct Farm {
    balancer: Balancer,
    servers: usize,
    name: &'static str,
    picks: u32,
    down: Option<usize>,
}

impl Farm {
    fn new(name: &'static str, spec: Spec, servers: usize) -> Self {
        let list = (0..servers as u32)
            .map(|number| ServerSpec::new(format!("s{number}"), number + 1).weight(1 + number % 3));
        let balancer = Balancer::new(spec, list.collect());
        for server in 0..servers {
            balancer.set_limits(server, Limits { maxconn: 100, maxqueue: 0 });
            for _ in 0..server % 7 {
                balancer.take(server);
            }
        }
        Self { balancer, servers, name, picks: 0, down: None }
    }

    fn pick(&mut self) -> Option<usize> {
        self.picks = self.picks.wrapping_add(1);
        if self.picks.is_multiple_of(PICKS_PER_CHANGE) {
            self.change();
        }
        let number = self.picks.wrapping_mul(0x9e37_79b9);
        let bytes = number.to_ne_bytes();
        let draws = [number, number.rotate_left(13)];
        let input = match self.name {
            "consistent-no-key" => PickInput::default(),
            _ => PickInput { draws: &draws, ..PickInput::key(&bytes) },
        };
        self.balancer.pick(&input, &mut NoTrace).ok().map(|pick| pick.server)
    }

    fn change(&mut self) {
        match self.down.take() {
            Some(server) => self.balancer.set_state(server, State::Up),
            None => {
                let server = (self.picks / PICKS_PER_CHANGE) as usize % self.servers;
                self.balancer.set_state(server, State::Down);
                self.down = Some(server);
            }
        }
    }
}

fn picks(criterion: &mut Criterion<ThreadTime>) {
    for (name, spec) in algorithms() {
        let mut group = criterion.benchmark_group(name);
        for servers in [2, 100, 10_000] {
            let mut farm = Farm::new(name, spec.clone(), servers);
            group.bench_function(BenchmarkId::new("pick", servers), |bench| {
                bench.iter(|| black_box(farm.pick()));
            });
            group.bench_function(BenchmarkId::new("cycle", servers), |bench| {
                bench.iter(|| {
                    if let Some(server) = farm.pick() {
                        farm.balancer.take(server);
                        farm.balancer.release(server);
                    }
                });
            });
        }
    }
}

/// What a pick takes when two threads want one at the same time: time per pick of one thread.
fn contended(criterion: &mut Criterion<ThreadTime>) {
    let mut group = criterion.benchmark_group("two-threads");
    for (name, spec) in algorithms() {
        let farm = Farm::new(name, spec, 10_000);
        group.bench_function(name, |bench| {
            bench.iter_custom(|picks| {
                std::thread::scope(|scope| {
                    let thread = || {
                        let start = ThreadTime::now();
                        for number in 0..picks as u32 {
                            let key = number.to_ne_bytes();
                            let draws = [number.wrapping_mul(0x9e37_79b9), number];
                            let input = PickInput { draws: &draws, ..PickInput::key(&key) };
                            black_box(farm.balancer.pick(&input, &mut NoTrace).ok());
                        }
                        ThreadTime::now().saturating_sub(start)
                    };
                    let other = scope.spawn(thread);
                    let mine = thread();
                    other.join().map_or(mine, |other| other.max(mine))
                })
            });
        });
    }
}

fn of_the_thread() -> Criterion<ThreadTime> {
    Criterion::default().with_measurement(ThreadTime)
}

criterion_group! {
    name = benches;
    config = of_the_thread();
    targets = picks, contended
}
criterion_main!(benches);
