//! What a scenario came to: samples, medians, ratios with their spread; on the terminal and as json.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::contender::{Contender, Kind};
use super::machine;
use super::scenario::{Bar, Limit, Metric, Scenario};
use crate::shell::Failure;

/// The figures of one turn.
pub(crate) type Sample = BTreeMap<String, f64>;

/// A scenario's result.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    version: u32,
    /// The scenario's name.
    pub(crate) scenario: String,
    /// What it measures.
    pub(crate) about: String,
    /// What CPU time is divided by.
    pub(crate) unit: String,
    /// Processor, kernel, date.
    pub(crate) machine: String,
    /// The machine's load average when it ended: above 2 or so, others were at work.
    pub(crate) load_average: f64,
    /// Turns of each contender.
    pub(crate) rounds: u32,
    /// Seconds of load of a turn.
    pub(crate) seconds: f64,
    /// The names of the figures, the one that matters most first, with their headings.
    pub(crate) metrics: Vec<(String, String)>,
    /// The contenders in the order of their turns.
    pub(crate) contenders: Vec<Entry>,
    /// Ratios of the first contender to every other, of each figure.
    pub(crate) ratios: Vec<Ratio>,
    /// What proxyd must reach.
    pub(crate) bars: Vec<Judged>,
}

/// A contender's part.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// One sample a round.
    pub(crate) samples: Vec<Sample>,
    /// The median of each figure.
    pub(crate) medians: Sample,
    /// Why it has none.
    pub(crate) left_out: Option<String>,
}

/// One contender's figure over another's, made within each round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ratio {
    /// The figure.
    pub(crate) metric: String,
    /// The contender above the line.
    pub(crate) of: String,
    /// The contender below it.
    pub(crate) to: String,
    /// The median of the rounds.
    pub(crate) median: f64,
    /// The lowest of a round.
    pub(crate) low: f64,
    /// The highest of a round.
    pub(crate) high: f64,
}

/// A bar and where proxyd stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Judged {
    /// The figure.
    pub(crate) metric: String,
    /// What it must reach.
    pub(crate) limit: Limit,
    /// The median of the figure, or of its ratio; `None` when it was not measured.
    pub(crate) reached: Option<f64>,
}

impl Entry {
    /// A contender before its first turn.
    pub(crate) fn new(contender: &Contender) -> Entry {
        Entry {
            name: contender.kind.name().to_owned(),
            version: contender.version.clone(),
            samples: Vec::new(),
            medians: Sample::new(),
            left_out: None,
        }
    }

    fn values(&self, metric: &str) -> Vec<f64> {
        self.samples.iter().filter_map(|sample| sample.get(metric).copied()).collect()
    }
}

impl Report {
    /// Sums up the samples of a scenario.
    pub(crate) fn new(
        scenario: &Scenario,
        rounds: u32,
        seconds: f64,
        mut contenders: Vec<Entry>,
    ) -> Report {
        for entry in &mut contenders {
            entry.medians = medians(&entry.samples);
        }
        let ratios = ratios(scenario, &contenders);
        let judge = |bar: &Bar| Judged {
            metric: bar.metric.to_owned(),
            limit: bar.limit,
            reached: reached(bar, &contenders, &ratios),
        };
        let bars = scenario.bars.iter().map(judge).collect();
        let metrics = scenario.metrics().iter();
        Report {
            version: 1,
            scenario: scenario.name.to_owned(),
            about: scenario.about.to_owned(),
            unit: scenario.unit().to_owned(),
            machine: machine::describe(),
            load_average: machine::load_average(),
            rounds,
            seconds,
            metrics: metrics.map(|m| (m.key.to_owned(), m.label.to_owned())).collect(),
            contenders,
            ratios,
            bars,
        }
    }

    /// The ratio of a contender's figure to another's.
    pub(crate) fn ratio(&self, metric: &str, of: &str, to: &str) -> Option<&Ratio> {
        find(&self.ratios, metric, of, to)
    }

    /// The figures that any contender has, with their headings.
    pub(crate) fn columns(&self) -> Vec<&(String, String)> {
        let seen = |key: &str| self.contenders.iter().any(|e| e.medians.contains_key(key));
        self.metrics.iter().filter(|(key, _)| seen(key)).collect()
    }

    /// Shows medians, the spread of the first figure, and ratios.
    pub(crate) fn print(&self) {
        let columns = self.columns();
        let headings: Vec<_> = columns.iter().map(|(_, label)| format!("{label:>12}")).collect();
        println!("  medians per {}:\n  {:10}{}", self.unit, "", headings.join(" "));
        for entry in &self.contenders {
            if let Some(why) = &entry.left_out {
                println!("  {:10}left out: {why}", entry.name);
                continue;
            }
            let cell = |key: &str| entry.medians.get(key).map_or("-".into(), |v| number(*v));
            let cells: Vec<_> =
                columns.iter().map(|(key, _)| format!("{:>12}", cell(key))).collect();
            println!("  {:10}{}", entry.name, cells.join(" "));
        }
        let Some((first, label)) = self.metrics.first() else { return };
        for ratio in self.ratios.iter().filter(|ratio| ratio.metric == *first) {
            println!(
                "  {label}: {} is {:.2}x {} ({:.2} to {:.2})",
                ratio.of, ratio.median, ratio.to, ratio.low, ratio.high
            );
        }
        for bar in &self.bars {
            println!("  bar: {}", bar.words());
        }
    }

    /// Writes `SCENARIO.json` into a folder.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        let text = serde_json::to_string_pretty(self).map_err(|e| e.to_string())?;
        let file = folder.join(format!("{}.json", self.scenario));
        std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))
    }

    /// Reads what [`Report::save`] wrote; `None` when the scenario was not measured.
    pub(crate) fn load(folder: &Path, scenario: &str) -> Option<Report> {
        let text = std::fs::read_to_string(folder.join(format!("{scenario}.json"))).ok()?;
        serde_json::from_str(&text).ok()
    }
}

impl Judged {
    /// The bar and whether it was held, in words.
    pub(crate) fn words(&self) -> String {
        let limit = match self.limit {
            Limit::Times(most, peer) => format!("at most {most:.2}x {}", peer.name()),
            Limit::AtMost(most) => format!("at most {}", number(most)),
            Limit::AtLeast(least) => format!("at least {}", number(least)),
        };
        let held = match (self.limit, self.reached) {
            (_, None) => "not measured".to_owned(),
            (Limit::Times(most, _) | Limit::AtMost(most), Some(reached)) if reached <= most => {
                format!("held ({})", number(reached))
            }
            (Limit::AtLeast(least), Some(reached)) if reached >= least => {
                format!("held ({})", number(reached))
            }
            (_, Some(reached)) => format!("NOT held ({})", number(reached)),
        };
        format!("{} {limit}: {held}", self.metric)
    }
}

fn reached(bar: &Bar, contenders: &[Entry], ratios: &[Ratio]) -> Option<f64> {
    let ours = Kind::Proxyd.name();
    match bar.limit {
        Limit::Times(_, peer) => find(ratios, bar.metric, ours, peer.name()).map(|r| r.median),
        Limit::AtMost(_) | Limit::AtLeast(_) => {
            let entry = contenders.iter().find(|entry| entry.name == ours)?;
            entry.medians.get(bar.metric).copied()
        }
    }
}

/// Three digits that count.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn find<'a>(ratios: &'a [Ratio], metric: &str, of: &str, to: &str) -> Option<&'a Ratio> {
    ratios.iter().find(|r| r.metric == metric && r.of == of && r.to == to)
}

fn medians(samples: &[Sample]) -> Sample {
    let mut columns: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (metric, value) in samples.iter().flatten() {
        columns.entry(metric.clone()).or_default().push(*value);
    }
    columns.into_iter().filter_map(|(metric, values)| Some((metric, median(values)?))).collect()
}

/// Every contender's figures over those of each that comes after it in the order of turns.
fn ratios(scenario: &Scenario, contenders: &[Entry]) -> Vec<Ratio> {
    let mut ratios = Vec::new();
    for (at, of) in contenders.iter().enumerate() {
        for to in &contenders[at + 1..] {
            let of_metric = |m: &Metric| ratio(m.key, of, to);
            ratios.extend(scenario.metrics().iter().filter_map(of_metric));
        }
    }
    ratios
}

fn ratio(metric: &str, of: &Entry, to: &Entry) -> Option<Ratio> {
    let above = of.values(metric);
    let below = to.values(metric);
    let rounds: Vec<f64> =
        above.iter().zip(&below).filter(|(_, b)| **b > 0.0).map(|(a, b)| a / b).collect();
    Some(Ratio {
        metric: metric.to_owned(),
        of: of.name.clone(),
        to: to.name.clone(),
        low: rounds.iter().copied().reduce(f64::min)?,
        high: rounds.iter().copied().reduce(f64::max)?,
        median: median(rounds)?,
    })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some((values.get(middle - 1)? + upper) / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, values: &[f64]) -> Entry {
        Entry {
            name: name.to_owned(),
            version: String::new(),
            samples: values.iter().map(|v| Sample::from([("cpu_us".to_owned(), *v)])).collect(),
            medians: Sample::new(),
            left_out: None,
        }
    }

    #[test]
    fn a_median_is_the_middle_or_between_the_two_middles() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn a_ratio_is_made_within_each_round() {
        // The second round was disturbed; both suffered, the ratio did not.
        let made =
            ratio("cpu_us", &entry("a", &[10.0, 30.0, 11.0]), &entry("b", &[20.0, 60.0, 20.0]));
        let made = made.unwrap();
        assert_eq!((made.median, made.low, made.high), (0.5, 0.5, 0.55));
    }

    #[test]
    fn a_contender_without_figures_has_no_ratio() {
        assert!(ratio("cpu_us", &entry("a", &[]), &entry("b", &[1.0])).is_none());
        assert!(ratio("p99_us", &entry("a", &[1.0]), &entry("b", &[1.0])).is_none());
    }

    #[track_caller]
    fn check(limit: Limit, reached: Option<f64>, expect: &str) {
        assert_eq!(Judged { metric: "x".into(), limit, reached }.words(), expect);
    }

    #[test]
    fn a_bar_says_whether_it_was_held() {
        let times = Limit::Times(0.75, Kind::Nginx);
        check(times, Some(0.7), "x at most 0.75x nginx: held (0.70)");
        check(times, Some(0.8), "x at most 0.75x nginx: NOT held (0.80)");
        check(times, None, "x at most 0.75x nginx: not measured");
        check(Limit::AtMost(1536.0), Some(1537.0), "x at most 1536: NOT held (1537)");
        check(Limit::AtLeast(1.8), Some(1.9), "x at least 1.80: held (1.90)");
        check(Limit::AtLeast(1.8), Some(1.7), "x at least 1.80: NOT held (1.70)");
    }
}
