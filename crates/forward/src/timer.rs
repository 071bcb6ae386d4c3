//! One lazy timer for a stream: activity only stores a time.
//!
//! A timer wheel entry is touched when a deadline comes *nearer*, or when the entry fires and the
//! deadline has moved away meanwhile. A keep-alive connection at a thousand requests a second
//! touches the wheel once per timeout, not once per request.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that can be set as often as one likes.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    due: Option<Instant>,
}

impl Timer {
    /// When it fires next; `None` is never.
    pub(crate) fn set(&mut self, due: Option<Instant>) {
        self.due = due;
    }

    /// Ready when the time has come; stays so until it is set again.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = self.due else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if due < sleep.deadline() {
            sleep.as_mut().reset(due);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_may_move_either_way_before_it_fires() {
        let start = Instant::now();
        let at = |seconds| Some(start + Duration::from_secs(seconds));
        let mut timer = Timer::default();
        // (set to, and at once to, fires at)
        for (first, then, fires) in [(5, 9, 9), (20, 12, 12), (30, 30, 30)] {
            timer.set(at(first));
            let _ = std::future::poll_fn(|cx| Poll::Ready(timer.poll(cx))).await;
            timer.set(at(then));
            std::future::poll_fn(|cx| timer.poll(cx)).await;
            assert_eq!(start.elapsed(), Duration::from_secs(fires));
        }
    }
}
