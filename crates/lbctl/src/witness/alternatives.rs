//! Conditions as alternatives of tests that must hold.

use config::model::Proxy;
use config_parse::condition::{AclExpr, Condition, Test};

use super::choices::{Touch, choices};

/// Alternatives that are followed of one condition.
const MOST: usize = 32;

/// Tests that shall hold together: for each, the ways to make it hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Goal {
    pub(super) tests: Vec<Vec<Touch>>,
}

impl Goal {
    /// Both goals at once.
    pub(crate) fn and(&self, other: &Goal) -> Goal {
        Goal { tests: self.tests.iter().chain(&other.tests).cloned().collect() }
    }
}

/// The goals of a condition, any of which makes it hold; tests that must fail are left to the search.
pub(crate) fn goals(proxy: &Proxy, condition: Option<&Condition>) -> Vec<Goal> {
    let Some(condition) = condition else { return vec![Goal::default()] };
    let ways = |test: &Test, negated: bool| {
        if negated { Vec::new() } else { ways(proxy, test) }
    };
    if !condition.unless {
        let any = condition.any.iter().take(MOST).map(|all| {
            let tests = all.iter().map(|term| ways(&term.test, term.negated));
            Goal { tests: tests.filter(|ways| !ways.is_empty()).collect() }
        });
        return any.collect();
    }
    // None of the alternatives: of each, one term fails.
    let mut goals = vec![Goal::default()];
    for all in &condition.any {
        let mut next = Vec::new();
        for goal in &goals {
            for term in all {
                let ways = ways(&term.test, !term.negated);
                let mut goal = goal.clone();
                goal.tests.extend(Some(ways).filter(|ways| !ways.is_empty()));
                next.push(goal);
            }
        }
        next.truncate(MOST);
        goals = next;
    }
    goals
}

/// The ways to make a test hold; empty when none is known.
fn ways(proxy: &Proxy, test: &Test) -> Vec<Touch> {
    match test {
        Test::Anonymous(line) => choices(line),
        Test::Named(name) => {
            let same = proxy.acls.iter().filter(|acl| acl.name.value == name.value);
            let lines: Vec<&AclExpr> = same.filter_map(|acl| acl.expr.as_ref()).collect();
            if lines.is_empty() {
                let method = name.value.strip_prefix("METH_");
                return method.map(|method| Touch::Method(method.to_owned())).into_iter().collect();
            }
            lines.into_iter().take(6).flat_map(choices).collect()
        }
    }
}
