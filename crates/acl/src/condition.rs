//! Conditions: an OR of ANDs of ACLs, in HAProxy's three values and a fourth (manual 7.2).

use std::sync::Arc;

use config_parse::condition as tree;
use diag::{Diagnostic, Span, Spanned, codes};
use sample::compile::with_nearest;
use sample::{CompileEnv, Context};

use crate::seen::Seen;
use crate::{Acl, Acls, Outcome, Test, predefined};

/// A compiled condition.
#[derive(Debug, Clone)]
pub struct Condition {
    unless: bool,
    any: Vec<Vec<Term>>,
    span: Span,
}

/// One term: yes when one of the tests says yes.
#[derive(Debug, Clone)]
struct Term {
    negated: bool,
    tests: Vec<Arc<Test>>,
}

impl Condition {
    /// Compiles a condition with the ACLs of its section.
    ///
    /// # Errors
    /// Names that no ACL has, and what the anonymous ACLs find. A use of a poisoned ACL adds
    /// nothing: an empty list of findings says that the cause was reported before.
    pub fn compile(
        condition: &tree::Condition,
        acls: &Acls,
        env: &mut CompileEnv<'_>,
    ) -> Result<Condition, Vec<Diagnostic>> {
        let mut findings = Vec::new();
        let mut poisoned = false;
        let mut any = Vec::with_capacity(condition.any.len());
        for terms in &condition.any {
            let mut all = Vec::with_capacity(terms.len());
            for term in terms {
                match tests_of(&term.test, acls, env) {
                    Ok(tests) => all.push(Term { negated: term.negated, tests }),
                    Err(mut more) => {
                        poisoned = true;
                        findings.append(&mut more);
                    }
                }
            }
            any.push(all);
        }
        if poisoned {
            return Err(findings);
        }
        Ok(Condition { unless: condition.unless, any, span: condition.span })
    }

    /// Evaluates it; `unless` is already taken into account.
    pub fn eval<S: Seen>(&self, ctx: &Context<'_>, seen: &mut S) -> Outcome {
        let mut any = Outcome::No;
        for terms in &self.any {
            any = any.or(all_of(terms, ctx, seen));
            if any == Outcome::Yes {
                break;
            }
        }
        if self.unless { any.negate() } else { any }
    }

    /// Whether it was written `unless`.
    pub fn is_unless(&self) -> bool {
        self.unless
    }

    /// Where it was written.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Every alternative with its terms, for tools: whether a term is negated, and its tests.
    pub fn alternatives(&self) -> impl Iterator<Item = impl Iterator<Item = (bool, &[Arc<Test>])>> {
        self.any.iter().map(|terms| terms.iter().map(|term| (term.negated, term.tests.as_slice())))
    }
}

fn all_of<S: Seen>(terms: &[Term], ctx: &Context<'_>, seen: &mut S) -> Outcome {
    let mut all = Outcome::Yes;
    for term in terms {
        all = all.and(term.eval(ctx, seen));
        if all == Outcome::No {
            break;
        }
    }
    all
}

impl Term {
    fn eval<S: Seen>(&self, ctx: &Context<'_>, seen: &mut S) -> Outcome {
        let mut any = Outcome::No;
        for test in &self.tests {
            any = any.or(test.eval(ctx, seen));
            if any == Outcome::Yes {
                break;
            }
        }
        if self.negated { any.negate() } else { any }
    }
}

/// The lines of a named ACL that can match in this place; the others are warned of.
fn tests_here(name: &Spanned<String>, acl: &Acl, env: &mut CompileEnv<'_>) -> Vec<Arc<Test>> {
    let (here, absent): (Vec<_>, Vec<_>) =
        acl.tests.iter().cloned().partition(|test| test.expr().has_value_in(env.place));
    for test in absent {
        let (place, fetch) = (env.place.describe(), test.expr().fetch_name());
        let message = if here.is_empty() {
            format!("the ACL `{}` never matches in a {place}", name.value)
        } else {
            format!("one line of the ACL `{}` never matches in a {place}", name.value)
        };
        env.warnings.push(
            Diagnostic::new(codes::W0512, name.span, message)
                .related(test.span(), format!("`{fetch}` has no value there")),
        );
    }
    here
}

fn tests_of(
    test: &tree::Test,
    acls: &Acls,
    env: &mut CompileEnv<'_>,
) -> Result<Vec<Arc<Test>>, Vec<Diagnostic>> {
    let name = match test {
        tree::Test::Anonymous(acl) => return Ok(vec![Arc::new(Test::compile(acl, env)?)]),
        tree::Test::Named(name) => name,
    };
    if let Some(acl) = acls.find(&name.value) {
        return if acl.poisoned { Err(Vec::new()) } else { Ok(tests_here(name, acl, env)) };
    }
    if let Some(test) = predefined::test(&name.value, name.span, env) {
        return Ok(vec![Arc::new(test)]);
    }
    let finding =
        Diagnostic::new(codes::E0402, name.span, format!("no ACL is named `{}`", name.value));
    let known = acls.names().map(str::to_owned).chain(predefined::predefined().map(str::to_owned));
    Err(vec![with_nearest(finding, &name.value, known)])
}
