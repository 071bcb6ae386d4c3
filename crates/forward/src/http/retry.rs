//! `retry-on` (manual 4.2): a request that is here as a whole is sent again when its server failed.

use config::model::Proxy;

use crate::io::Connector;
use crate::live::Backend;
use crate::termination::{Cause, Failure, Phase};

use super::stream::HttpStream;

/// Statuses that a `retry-on` may name.
const STATUSES: [u16; 11] = [401, 403, 404, 408, 425, 429, 500, 501, 502, 503, 504];

/// What is tried again. Without a `retry-on` that is a connection that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryOn {
    pub(crate) failed_connection: bool,
    empty: bool,
    junk: bool,
    timeout: bool,
    /// A bit for each of [`STATUSES`].
    statuses: u16,
}

impl RetryOn {
    pub(crate) fn of(proxy: &Proxy) -> RetryOn {
        match &proxy.retry_on {
            Some(words) => RetryOn::read(words.value.iter().map(String::as_str)),
            None => RetryOn { failed_connection: true, ..RetryOn::read([].into_iter()) },
        }
    }

    fn read<'a>(words: impl Iterator<Item = &'a str>) -> RetryOn {
        let mut on = RetryOn {
            failed_connection: false,
            empty: false,
            junk: false,
            timeout: false,
            statuses: 0,
        };
        for word in words {
            match word {
                "conn-failure" => on.failed_connection = true,
                "empty-response" => on.empty = true,
                "junk-response" => on.junk = true,
                "response-timeout" => on.timeout = true,
                "all-retryable-errors" => {
                    let statuses = [500, 502, 503, 504].map(bit).into_iter().sum::<u16>();
                    on = RetryOn {
                        failed_connection: true,
                        empty: true,
                        junk: true,
                        timeout: true,
                        statuses: on.statuses | statuses,
                    };
                }
                status => on.statuses |= status.parse().map_or(0, bit),
            }
        }
        on
    }

    fn status(self, status: u16) -> bool {
        self.statuses & bit(status) != 0
    }

    /// Whether anything but a failed connection is tried again: then the request is kept.
    fn keeps_request(self) -> bool {
        self.empty || self.junk || self.timeout || self.statuses != 0
    }
}

fn bit(status: u16) -> u16 {
    STATUSES.iter().position(|known| *known == status).map_or(0, |at| 1 << at)
}

impl<C: Connector> HttpStream<'_, C> {
    /// Keeps what was written for the server, when it is the whole request and may be needed again.
    pub(super) fn keep_for_retry(&mut self, backend: &Backend) {
        let program = &self.ledger.bound.generation.program;
        let on = RetryOn::of(program.backend(backend.reference).proxy());
        let wanted = on.keeps_request() && !self.ledger.state.overrides.no_l7_retry;
        if wanted && self.up.is_done() {
            self.replay = Some(Box::new((on, self.work.to_server.pending().to_vec())));
        }
    }

    /// Whether a failed exchange is tried again.
    pub(super) fn retries_failure(&mut self, backend: &Backend, failure: &Failure) -> bool {
        let received = !self.work.server.is_empty();
        let on = |on: RetryOn| match (failure.termination.cause, failure.status) {
            (Cause::Server, _) => on.empty && !received,
            (Cause::Proxy, Some(502)) => on.junk,
            (Cause::ServerTimeout, _) => on.timeout,
            _ => false,
        };
        failure.termination.phase == Phase::Headers && self.retries(backend, on)
    }

    /// Whether a response of this status is thrown away for another try.
    pub(super) fn retries_status(&mut self, backend: &Backend, status: u16) -> bool {
        self.retries(backend, |on| on.status(status))
    }

    fn retries(&mut self, backend: &Backend, asked: impl Fn(RetryOn) -> bool) -> bool {
        let program = &self.ledger.bound.generation.program;
        let allowed = program.backend(backend.reference).retries();
        let ready = self.replay.as_ref().is_some_and(|replay| asked(replay.0));
        if !ready || self.ledger.retries >= allowed {
            return false;
        }
        self.ledger.retries += 1;
        self.ledger.times.connected = None;
        self.work.server.clear();
        self.work.to_server.clear();
        let index = self.connection.worker.index;
        backend.state.counters.of(index).retries.add(1);
        if let Some(known) = self.ledger.server.and_then(|server| backend.server(server)) {
            known.state.counters.of(index).retries.add(1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_retry_on_add_up() {
        let read = |text: &'static str| RetryOn::read(text.split(' '));
        let all = read("all-retryable-errors 404");
        assert!(all.failed_connection && all.empty && all.junk && all.timeout);
        assert_eq!(
            [404, 500, 503, 501].map(|status| all.status(status)),
            [true, true, true, false]
        );
        assert!(!read("none").keeps_request() && !read("none").failed_connection);
        assert!(read("404").keeps_request() && !read("404").failed_connection);
    }
}
