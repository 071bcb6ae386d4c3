//! Names of servers while the process runs: `resolvers` (manual 5.3).
//!
//! In: the sections of a program, and the servers that name them. Out: addresses, ports and weights of servers, their
//! maintenance while a name has no address, and the log lines of both. One task a section; it lives as long as its
//! generation is the one that is checked. Start with [`tasks`]: it asks (`resolver.rs`, `message.rs`) and gives
//! servers what was found (`assign.rs`).

mod assign;
mod message;
mod resolver;
mod subject;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::generation::Generation;

use assign::Answered;
pub(crate) use message::Kind;
use message::{Record, Refusal};
use resolver::{Found, hold_of};
pub use resolver::{Nameserver, NameserverCounters, Resolver, system_nameservers};
use subject::Subject;

/// A name and what is asked of it first.
type Question = (String, Kind);

/// What is known of a name.
struct Resolution {
    /// When it is asked for again.
    due: Instant,
    asking: bool,
    last_valid: Option<Instant>,
    /// Each with the time of the last answer that had it.
    records: Vec<(Record, Instant)>,
}

/// One task for each section that servers name.
pub(crate) fn tasks(generation: &Arc<Generation>) -> Vec<impl Future<Output = ()> + use<>> {
    let sections = generation.live.resolvers.iter();
    sections
        .filter(|resolver| !resolver.nameservers.is_empty())
        .map(|resolver| (Arc::clone(resolver), subject::of(generation, resolver.name())))
        .filter(|(_, subjects)| !subjects.is_empty())
        .map(|(resolver, subjects)| run(resolver, subjects))
        .collect()
}

/// Longer than any configuration is in force.
const NEVER: Duration = Duration::from_secs(86_400 * 365);

async fn run(resolver: Arc<Resolver>, subjects: Vec<Subject>) {
    let mut known: HashMap<Question, Resolution> = HashMap::new();
    let mut asking: JoinSet<(Question, Instant, Result<Found, Refusal>)> = JoinSet::new();
    loop {
        let wanted = wanted(&subjects);
        known.retain(|question, _| wanted.contains_key(question));
        let now = Instant::now();
        for question in wanted.keys() {
            let resolution = known.entry(question.clone()).or_insert_with(|| Resolution {
                due: now,
                asking: false,
                last_valid: None,
                records: Vec::new(),
            });
            if resolution.asking || resolution.due > now {
                continue;
            }
            resolution.asking = true;
            let (resolver, question) = (Arc::clone(&resolver), question.clone());
            asking.spawn_local(async move {
                let (asked, answer) = resolver.ask(&question.0, question.1).await;
                (question, asked, answer)
            });
        }
        let resting = known.values().filter(|resolution| !resolution.asking);
        let next = resting.map(|resolution| resolution.due).min().unwrap_or(now + NEVER);
        tokio::select! {
            Some(Ok((question, asked, answer))) = asking.join_next(), if !asking.is_empty() => {
                let Some(resolution) = known.get_mut(&question) else { continue };
                let Some(who) = wanted.get(&question) else { continue };
                let who: Vec<&Subject> = who.iter().map(|at| &subjects[*at]).collect();
                resolution.asking = false;
                resolution.due = asked + resolver.settings.resolve.max(Duration::from_millis(1));
                resolution.take(&resolver, &who, answer);
            }
            () = sleep_until(next) => {}
            () = resolver.renamed.notified() => {}
        }
    }
}

/// Every question that servers have now, with the places of those servers.
fn wanted(subjects: &[Subject]) -> HashMap<Question, Vec<usize>> {
    let mut wanted: HashMap<Question, Vec<usize>> = HashMap::new();
    for (at, subject) in subjects.iter().enumerate() {
        for question in subject.questions() {
            wanted.entry(question).or_default().push(at);
        }
    }
    wanted
}

impl Resolution {
    /// Takes an answer for the servers that wait for it.
    fn take(&mut self, resolver: &Resolver, who: &[&Subject], answer: Result<Found, Refusal>) {
        let now = Instant::now();
        match answer {
            Ok(found) => {
                self.last_valid = Some(now);
                self.merge(found.records, now, resolver.settings.hold.obsolete);
                let records: Vec<&Record> = self.records.iter().map(|(record, _)| record).collect();
                assign::give(who, &records, &Answered { resolver, by: found.by });
            }
            Err(refusal) => {
                let hold = hold_of(&resolver.settings, refusal);
                if self.last_valid.is_none_or(|valid| now - valid > hold) {
                    self.records.clear();
                    assign::take_away(who, refusal);
                }
            }
        }
    }

    /// What an answer lacks stays for `hold obsolete`.
    fn merge(&mut self, found: Vec<Record>, now: Instant, obsolete: Duration) {
        for record in found {
            match self.records.iter_mut().find(|(known, _)| known.is_same(&record)) {
                Some(known) => *known = (record, now),
                None => self.records.push((record, now)),
            }
        }
        self.records.retain(|(_, seen)| *seen == now || now - *seen <= obsolete);
    }
}
