//! A thread's log lines that wait to be sent.
//!
//! The lines of one turn of the event loop are sent together by a task of the same thread: no lock,
//! no thread to wake, and the stream that wrote a line has already gone on when the kernel is asked.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use rules::LogTo;
use tokio::sync::Notify;

use super::batch::Batch;
use super::{LineText, ProxyLog};

/// Bytes that may wait; a line more is dropped and counted.
const LIMIT: usize = 1 << 20;

/// So many turns of the event loop at most a line waits for others.
const TURNS: usize = 4;
/// So many lines are a batch: a reader's socket has room for a few hundred.
const ENOUGH: usize = 48;

/// The log lines of one thread.
#[derive(Debug, Default)]
pub struct LogRing {
    lines: RefCell<Waiting>,
    batch: RefCell<Batch>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Line>,
    /// The texts of all lines, end to end.
    text: Vec<u8>,
}

#[derive(Debug)]
struct Line {
    log: Arc<ProxyLog>,
    level: u8,
    micros: i64,
    to: LogTo,
    end: usize,
    data: Box<[u8]>,
}

/// Where the parts of a line are written.
pub(crate) struct Parts<'a> {
    /// The text, behind that of earlier lines.
    pub(crate) text: &'a mut Vec<u8>,
    /// Structured data, for targets in RFC 5424's form.
    pub(crate) data: Vec<u8>,
    /// Whether there is such a target.
    pub(crate) wants_data: bool,
}

impl LogRing {
    /// Appends a line for all or some targets, whose parts `write` writes.
    pub(crate) fn push(
        &self,
        log: &Arc<ProxyLog>,
        to: LogTo,
        level: u8,
        micros: i64,
        write: impl FnOnce(&mut Parts<'_>),
    ) {
        if log.is_empty() {
            return;
        }
        let mut waiting = self.lines.borrow_mut();
        if waiting.text.len() > LIMIT {
            log.process.logs_dropped(1);
            return;
        }
        let wants_data = log.takes_data();
        let mut parts = Parts { text: &mut waiting.text, data: Vec::new(), wants_data };
        write(&mut parts);
        let data = parts.data.into_boxed_slice();
        let end = waiting.text.len();
        waiting.lines.push_back(Line { log: Arc::clone(log), level, micros, to, end, data });
        if waiting.lines.len() == 1 {
            self.filled.notify_one();
        }
    }

    /// Sends what waits. Returns how many lines there were.
    pub fn flush(&self) -> usize {
        let mut sending = self.lines.take();
        let count = sending.lines.len();
        let mut start = 0;
        let mut batch = self.batch.borrow_mut();
        for line in &sending.lines {
            let text = sending.text.get(start..line.end).unwrap_or_default();
            let &Line { level, micros, to, .. } = line;
            line.log.append(&LineText { level, micros, text, data: &line.data, to }, &mut batch);
            start = line.end;
        }
        let lost = batch.send(LIMIT / 8);
        if let Some(line) = sending.lines.front() {
            line.log.process.logs_dropped(lost);
        }
        // The buffers go back, unless a burst made them large.
        sending.lines.clear();
        sending.text.clear();
        let mut waiting = self.lines.borrow_mut();
        if waiting.lines.is_empty() && sending.text.capacity() <= LIMIT / 8 {
            *waiting = sending;
        }
        count
    }

    /// Appends the lines that rules made.
    pub(crate) fn push_made(
        &self,
        log: &Arc<ProxyLog>,
        level: u8,
        micros: i64,
        made: &mut Vec<rules::LogLine>,
    ) {
        for line in made.drain(..) {
            self.push(log, line.to, level, micros, |parts| {
                parts.text.extend_from_slice(&line.text);
                parts.data = line.data;
            });
        }
    }

    fn waiting(&self) -> usize {
        self.lines.borrow().lines.len()
    }

    /// Sends lines as they come, for ever.
    pub async fn run(self: Rc<Self>) {
        loop {
            self.filled.notified().await;
            // Behind every task that is ready now: their lines go out in the same batch. On a busy
            // thread the next turns bring more, which wait for each other.
            let mut known = 0;
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
                let waiting = self.waiting();
                if waiting < known + 2 || waiting >= ENOUGH {
                    break;
                }
                known = waiting;
            }
            self.flush();
        }
    }
}
