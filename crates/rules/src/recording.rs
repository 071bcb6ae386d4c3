//! Facts that are written down as they are read, and facts out of such a record.

use std::cell::RefCell;
use std::collections::HashMap;

use sample::{Fact, FactValue, Facts};

use crate::Event;

/// Stands between an evaluation and its facts and keeps each answer.
pub struct Recorder<'f> {
    inner: &'f dyn Facts,
    reads: RefCell<Vec<(Fact, Option<FactValue>)>>,
}

impl<'f> Recorder<'f> {
    /// Records what is read from `inner`.
    pub fn new(inner: &'f dyn Facts) -> Self {
        Self { inner, reads: RefCell::default() }
    }

    /// The reads since the last call, oldest first, as events.
    pub fn take(&self) -> Vec<Event> {
        let reads = self.reads.take();
        reads.into_iter().map(|(fact, value)| Event::Fact { fact, value }).collect()
    }

    /// The first question since the last [`Recorder::take`] that had no answer.
    pub fn unanswered(&self) -> Option<Fact> {
        let reads = self.reads.borrow();
        reads.iter().find(|(_, value)| value.is_none()).map(|(fact, _)| *fact)
    }
}

impl Facts for Recorder<'_> {
    fn read(&self, fact: Fact) -> Option<FactValue> {
        let value = self.inner.read(fact);
        self.reads.borrow_mut().push((fact, value.clone()));
        value
    }
}

/// The facts of a recorded trace: the same questions get the same answers in the same order.
#[derive(Debug, Default)]
pub struct Replay {
    answers: HashMap<Fact, Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    values: Vec<Option<FactValue>>,
    next: std::cell::Cell<usize>,
}

impl Replay {
    /// The facts that these events hold.
    pub fn new(events: &[Event]) -> Self {
        let mut replay = Self::default();
        for event in events {
            if let Event::Fact { fact, value } = event {
                replay.answers.entry(*fact).or_default().values.push(value.clone());
            }
        }
        replay
    }
}

impl Facts for Replay {
    /// The n-th answer for the n-th question; after the last one, the last one again.
    fn read(&self, fact: Fact) -> Option<FactValue> {
        let answers = self.answers.get(&fact)?;
        let at = answers.next.get();
        answers.next.set(at + 1);
        answers.values.get(at).or(answers.values.last())?.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(std::cell::Cell<i64>);

    impl Facts for Counter {
        fn read(&self, fact: Fact) -> Option<FactValue> {
            self.0.set(self.0.get() + 1);
            (fact == Fact::Now).then(|| FactValue::Int(self.0.get()))
        }
    }

    #[test]
    fn a_record_gives_the_same_answers_in_the_same_order() {
        let counter = Counter(0.into());
        let recorder = Recorder::new(&counter);
        let asked = [Fact::Now, Fact::Pid, Fact::Now];
        let first: Vec<_> = asked.map(|fact| recorder.read(fact)).into();
        assert_eq!(recorder.unanswered(), Some(Fact::Pid));
        let replay = Replay::new(&recorder.take());
        let second: Vec<_> = asked.map(|fact| replay.read(fact)).into();
        assert_eq!(first, second);
        assert_eq!(replay.read(Fact::Now), Some(FactValue::Int(3)));
        assert_eq!(replay.read(Fact::Src), None);
    }
}
