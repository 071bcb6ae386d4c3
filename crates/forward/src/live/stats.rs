//! What is counted of a frontend, a listener, a backend and a server: the columns of `show stat`.

use std::time::Duration;

use crate::counters::{Counter, PerThread, Rate};

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// One thread's counters of one object (management 9.1). Not every object uses every one.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[doc = $doc])* pub $name: Counter,)*
            /// Sessions a second (`rate`).
            pub session_rate: Rate,
            /// Requests a second (`req_rate`).
            pub request_rate: Rate,
            /// Connections a second (`conn_rate`).
            pub connection_rate: Rate,
            /// Sliding sums behind the average times.
            pub times: TimeSums,
        }

        impl Counters {
            /// `clear counters all`; rates run on.
            pub(crate) fn clear(&self) {
                $(self.$name.clear();)*
                self.times.clear();
            }
        }
    };
}

counters! {
    /// `stot`: sessions, or streams of a backend and server.
    sessions,
    /// `conn_tot`: connections.
    connections,
    /// `bin`: bytes from clients.
    bytes_in,
    /// `bout`: bytes to clients.
    bytes_out,
    /// `dreq`: requests denied.
    denied_requests,
    /// `dresp`: responses denied.
    denied_responses,
    /// `ereq`: request errors.
    request_errors,
    /// `econ`: failed connections.
    connect_errors,
    /// `hanafail`: errors in a row that `observe` took note of.
    analysed_failures,
    /// `eresp`: response errors.
    response_errors,
    /// `wretr`: retries.
    retries,
    /// `wredis`: redispatches.
    redispatches,
    /// `lbtot`: times the balancer chose it.
    chosen,
    /// `req_tot`: HTTP requests.
    requests,
    /// `hrsp_1xx`.
    responses_1xx,
    /// `hrsp_2xx`.
    responses_2xx,
    /// `hrsp_3xx`.
    responses_3xx,
    /// `hrsp_4xx`.
    responses_4xx,
    /// `hrsp_5xx`.
    responses_5xx,
    /// `hrsp_other`.
    responses_other,
    /// `cli_abrt`: transfers the client gave up.
    client_aborts,
    /// `srv_abrt`: transfers the server gave up.
    server_aborts,
    /// `dcon`: connections denied.
    denied_connections,
    /// `dses`: sessions denied.
    denied_sessions,
    /// `connect`: connections opened to a server.
    opened,
    /// `reuse`: streams that took an idle connection.
    reused,
    /// `intercepted`: answered here.
    intercepted,
    /// `wrew`: rewrites that failed.
    failed_rewrites,
    /// Upgraded streams.
    tunnels,
}

impl Counters {
    /// Counts a response by the class of its status.
    pub(crate) fn response(&self, status: u16) {
        let class = match status / 100 {
            1 => &self.responses_1xx,
            2 => &self.responses_2xx,
            3 => &self.responses_3xx,
            4 => &self.responses_4xx,
            5 => &self.responses_5xx,
            _ => &self.responses_other,
        };
        class.add(1);
    }
}

/// How many streams the averages look back on.
const WINDOW: u64 = 1024;

/// Sliding sums of the times of the last 1024 streams: `qtime`, `ctime`, `rtime`, `ttime`.
#[derive(Debug, Default)]
pub struct TimeSums {
    streams: Counter,
    sums: [Counter; 4],
}

impl TimeSums {
    /// Counts one stream's queue, connect, response and total time.
    pub(crate) fn add(&self, times: [Option<Duration>; 4]) {
        self.streams.add(1);
        for (sum, time) in self.sums.iter().zip(times) {
            let micros = u64::try_from(time.unwrap_or_default().as_micros()).unwrap_or(u64::MAX);
            let faded = sum.read() / WINDOW;
            let old = if self.streams.read() > WINDOW { faded } else { 0 };
            sum.add(micros.wrapping_sub(old));
        }
    }

    fn clear(&self) {
        self.streams.clear();
        self.sums.iter().for_each(Counter::clear);
    }
}

impl PerThread<Counters> {
    /// The average queue, connect, response and total time in milliseconds.
    pub fn average_times(&self) -> [u64; 4] {
        let streams: u64 = self.all().map(|each| each.times.streams.read().min(WINDOW)).sum();
        std::array::from_fn(|which| {
            let sum: u64 = self.all().map(|each| each.times.sums[which].read()).sum();
            sum / streams.max(1) / 1000
        })
    }

    /// The sum of a rate over all threads, at a wall clock time in microseconds.
    pub fn rate(&self, micros: i64, rate: impl Fn(&Counters) -> &Rate) -> u32 {
        self.all().map(|each| rate(each).read(micros)).fold(0, u32::saturating_add)
    }

    /// The highest rate; threads may have reached theirs in different seconds, so it is an upper
    /// bound.
    pub fn rate_max(&self, rate: impl Fn(&Counters) -> &Rate) -> u32 {
        self.all().map(|each| rate(each).max()).fold(0, u32::saturating_add)
    }

    /// `clear counters all`.
    pub fn clear(&self) {
        self.all().for_each(Counters::clear);
    }
}
