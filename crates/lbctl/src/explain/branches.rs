//! What a verdict would be for each answer to a question that nobody answered.
//!
//! The evaluator stops where an unknown fact decides. Here it is asked again with typical answers: an explanation
//! then shows where each would lead, and what it would need to be sure.

use rules::Program;
use sample::{Fact, FactValue};

use crate::exit::CouldNot;
use explanation::{Asked, Ending, Explained, World, evaluate};

/// One assumed answer and what comes of it.
pub(crate) struct Branch {
    /// The answers, in words.
    pub(crate) when: Vec<String>,
    pub(crate) explained: Explained,
}

/// As many as anyone would read.
const MOST: usize = 16;

/// Follows every typical answer of each open question.
pub(crate) fn follow(
    program: &Program,
    world: &mut dyn FnMut() -> Result<World, CouldNot>,
    asked: &Asked,
    open: Fact,
) -> Result<Vec<Branch>, CouldNot> {
    let mut done = Vec::new();
    let mut todo: Vec<Open> = expand(&[], &[], open);
    while let Some((answers, when)) = todo.pop() {
        if done.len() >= MOST {
            break;
        }
        let mut world = world()?;
        world.answers = answers.iter().cloned().collect();
        let explained = evaluate(program, &mut world, asked);
        match &explained.ending {
            Ending::Unknown(next)
                if answers.len() < 4 && !answers.iter().any(|(known, _)| known == next) =>
            {
                todo.extend(expand(&answers, &when, *next));
            }
            _ => done.push(Branch { when, explained }),
        }
    }
    Ok(done)
}

type Open = (Vec<(Fact, FactValue)>, Vec<String>);

/// Pushed in reverse, so that the first answer comes first off the stack.
fn expand(answers: &[(Fact, FactValue)], when: &[String], fact: Fact) -> Vec<Open> {
    let with = |value: FactValue, words: &str| {
        let mut answers = answers.to_vec();
        answers.push((fact, value));
        let mut when = when.to_vec();
        when.push(format!("{} is {words}", explanation::in_words(fact)));
        (answers, when)
    };
    let mut all = match fact {
        Fact::Draw(_) => vec![
            with(FactValue::Int(0), "the lowest"),
            with(FactValue::Int(i64::from(u32::MAX / 2)), "in the middle"),
            with(FactValue::Int(i64::from(u32::MAX)), "the highest"),
        ],
        Fact::SrcIsLocal
        | Fact::DstIsLocal
        | Fact::ServerUp(_)
        | Fact::Stopping
        | Fact::FirstRequest => {
            vec![with(FactValue::Bool(true), "yes"), with(FactValue::Bool(false), "no")]
        }
        Fact::Hostname | Fact::ZoneName => vec![with(FactValue::Missing, "not there")],
        _ => vec![
            with(FactValue::Int(0), "0"),
            with(FactValue::Int(1), "1"),
            with(FactValue::Int(i64::from(i32::MAX)), "large"),
        ],
    };
    all.reverse();
    all
}
