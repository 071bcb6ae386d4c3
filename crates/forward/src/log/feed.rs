//! Messages on their way to log servers behind streams: they wait while a server is slow (manual 12.5).
//!
//! Every reader gets every message. The oldest make room for new ones once all readers have them; a reader that stands
//! still makes new messages be lost.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What a ring holds without `size`.
const SIZE: usize = 16_384;
/// How long a message is at most without `maxlen`.
const LONGEST: usize = 65_535;

/// A queue of messages with readers by name.
#[derive(Debug)]
pub(crate) struct Feed {
    state: Mutex<Queue>,
    filled: Notify,
    size: AtomicUsize,
    longest: AtomicUsize,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Box<[u8]>>,
    bytes: usize,
    /// The number of the first message.
    first: u64,
    /// The number of the message that each reader gets next.
    readers: HashMap<String, u64>,
}

impl Default for Feed {
    fn default() -> Feed {
        Feed {
            state: Mutex::default(),
            filled: Notify::new(),
            size: AtomicUsize::new(SIZE),
            longest: AtomicUsize::new(LONGEST),
        }
    }
}

impl Feed {
    /// What it may hold, in all and of one message.
    pub(crate) fn limit(&self, size: Option<usize>, longest: Option<usize>) {
        self.size.store(size.unwrap_or(SIZE), Relaxed);
        self.longest.store(longest.unwrap_or(LONGEST), Relaxed);
    }

    /// Only these read from now on; new ones begin with the oldest message.
    pub(crate) fn keep_readers(&self, names: &[String]) {
        let mut queue = self.queue();
        let next = queue.first;
        queue.readers.retain(|name, _| names.contains(name));
        for name in names {
            queue.readers.entry(name.clone()).or_insert(next);
        }
    }

    /// Adds a message without its line end; `false`: there was no room for it.
    pub(crate) fn push(&self, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = &line[..line.len().min(self.longest.load(Relaxed))];
        let size = self.size.load(Relaxed);
        let mut queue = self.queue();
        while queue.bytes + line.len() > size && queue.drop_oldest() {}
        if queue.bytes + line.len() > size {
            return false;
        }
        queue.bytes += line.len();
        queue.messages.push_back(line.into());
        drop(queue);
        self.filled.notify_waiters();
        true
    }

    /// The messages that a reader has not had, up to about `most` bytes; at least one, where there is one.
    pub(crate) fn next(&self, reader: &str, most: usize) -> Vec<Box<[u8]>> {
        let queue = self.queue();
        let Some(at) = queue.readers.get(reader) else { return Vec::new() };
        let skipped = usize::try_from(at.saturating_sub(queue.first)).unwrap_or(usize::MAX);
        let (mut messages, mut bytes) = (Vec::new(), 0);
        for message in queue.messages.iter().skip(skipped) {
            bytes += message.len();
            if bytes > most && !messages.is_empty() {
                break;
            }
            messages.push(message.clone());
        }
        messages
    }

    /// A reader has so many messages more.
    pub(crate) fn had(&self, reader: &str, count: usize) {
        if let Some(next) = self.queue().readers.get_mut(reader) {
            *next += count as u64;
        }
    }

    /// Waits for a message that comes later.
    pub(crate) fn more(&self) -> tokio::sync::futures::Notified<'_> {
        self.filled.notified()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Each change is whole when it is visible.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Forgets the oldest message, unless a reader still wants it.
    fn drop_oldest(&mut self) -> bool {
        if self.readers.values().any(|next| *next <= self.first) {
            return false;
        }
        let Some(oldest) = self.messages.pop_front() else { return false };
        self.bytes -= oldest.len();
        self.first += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(feed: &Feed, reader: &str, most: usize) -> Vec<String> {
        let messages = feed.next(reader, most);
        messages.iter().map(|message| String::from_utf8_lossy(message).into_owned()).collect()
    }

    #[test]
    fn each_reader_gets_each_message_and_a_slow_one_holds_the_room() {
        let feed = Feed::default();
        feed.limit(Some(6), Some(3));
        assert!(feed.push(b"one\n"));
        feed.keep_readers(&["a".into(), "b".into()]);
        assert!(feed.push(b"two more"));
        assert_eq!(texts(&feed, "a", 100), ["one", "two"]);
        assert_eq!(texts(&feed, "a", 2), ["one"]);
        feed.had("a", 2);
        assert!(texts(&feed, "a", 100).is_empty());
        assert!(!feed.push(b"x"), "b has not had the first");
        feed.had("b", 1);
        assert!(feed.push(b"x"));
        assert_eq!(texts(&feed, "b", 100), ["two", "x"]);
        feed.keep_readers(&["a".into()]);
        assert_eq!(texts(&feed, "a", 100), ["x"]);
        assert!(texts(&feed, "b", 100).is_empty());
    }

    #[test]
    fn without_readers_the_newest_stay() {
        let feed = Feed::default();
        feed.limit(Some(4), None);
        assert!([b"ab", b"cd", b"ef"].iter().all(|line| feed.push(*line)));
        feed.keep_readers(&["late".into()]);
        assert_eq!(texts(&feed, "late", 100), ["cd", "ef"]);
        assert!(!feed.push(b"12345"));
    }
}
