//! One ACL line, or what stands between braces: an expression, a method and patterns.

use std::ops::ControlFlow;

use config_parse::condition::{AclExpr, MatchMethod};
use diag::{Diagnostic, Span, codes};
use sample::{CompileEnv, Compiled, Context, Misplaced, Value, Walk};

use crate::keyword::{default_method, keyword};
use crate::matcher::Matcher;
use crate::seen::{Observation, Seen};
use crate::{Outcome, pattern};

/// A compiled test.
#[derive(Debug)]
pub struct Test {
    expr: Compiled,
    matcher: Matcher,
    method: MatchMethod,
    name: Option<Box<str>>,
    span: Span,
}

impl Test {
    /// Compiles a criterion with its patterns.
    ///
    /// # Errors
    /// Every finding that refuses it: the expression's, an unknown or unsuitable method, patterns
    /// that cannot be read, files that cannot be loaded.
    pub fn compile(acl: &AclExpr, env: &mut CompileEnv<'_>) -> Result<Test, Vec<Diagnostic>> {
        Test::compile_where(acl, env, Misplaced::Warn)
    }

    /// As [`Test::compile`], for a line that has a name: whether its fetch has a value is a
    /// matter of each use.
    pub(crate) fn compile_named(
        name: &str,
        acl: &AclExpr,
        env: &mut CompileEnv<'_>,
    ) -> Result<Test, Vec<Diagnostic>> {
        let test = Test::compile_where(acl, env, Misplaced::Later)?;
        Ok(Test { name: Some(name.into()), ..test })
    }

    fn compile_where(
        acl: &AclExpr,
        env: &mut CompileEnv<'_>,
        misplaced: Misplaced,
    ) -> Result<Test, Vec<Diagnostic>> {
        let named = keyword(&acl.expr.fetch.name.value);
        let mut expr = acl.expr.clone();
        if let Some((fetch, _)) = named {
            expr.fetch.name.value = fetch.to_owned();
        }
        let expr = sample::compile::expr_where(&expr, env, misplaced)?;
        let method = method_of(acl, named.map(|(_, method)| method), &expr)?;
        let patterns = pattern::read(acl, method, env)?;
        let matcher = Matcher::compile(method, patterns)?;
        Ok(Test { expr, matcher, method, name: None, span: acl.span })
    }

    /// Evaluates the test: yes as soon as one value matches one pattern.
    pub fn eval<S: Seen>(&self, ctx: &Context<'_>, seen: &mut S) -> Outcome {
        let mut last = None;
        let mut hit = None;
        let walk = self.expr.each(ctx, &mut |value| {
            let found = self.matcher.find(&value);
            let flow =
                if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            hit = found;
            if S::ON {
                last = Some(value);
            }
            flow
        });
        let outcome = self.outcome(hit.is_some(), walk, ctx);
        if S::ON {
            let pattern = hit.and_then(|index| self.matcher.pattern(index));
            seen.test(Observation { test: self, outcome, value: last, pattern });
        }
        outcome
    }

    fn outcome(&self, matched: bool, walk: Walk, ctx: &Context<'_>) -> Outcome {
        match walk {
            _ if matched => Outcome::Yes,
            Walk::Wait => Outcome::Wait,
            Walk::Unknown(fact) => Outcome::Unknown(fact),
            // What does not match now may match when more bytes are there.
            Walk::Done if self.expr.may_change(ctx) => Outcome::Wait,
            Walk::Done => Outcome::No,
        }
    }

    /// The expression that is tested.
    pub fn expr(&self) -> &Compiled {
        &self.expr
    }

    /// How values are compared with patterns.
    pub fn method(&self) -> MatchMethod {
        self.method
    }

    /// The ACL whose line this is; `None` between braces.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where it was written.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether one value matches: for tools that search for requests.
    pub fn matches(&self, value: &Value<'_>) -> bool {
        self.matcher.find(value).is_some()
    }

    /// The patterns, as written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.matcher.patterns()
    }
}

/// `-m`, else what the keyword implies (when no converter stands behind it), else the type's own.
fn method_of(
    acl: &AclExpr,
    implied: Option<MatchMethod>,
    expr: &Compiled,
) -> Result<MatchMethod, Vec<Diagnostic>> {
    if let Some(method) = &acl.method {
        return Ok(method.value);
    }
    let implied = implied.filter(|_| acl.expr.converters.is_empty());
    implied.or_else(|| default_method(expr.output())).ok_or_else(|| {
        let message = format!("`{}` has no match method of its own", expr.text());
        vec![
            Diagnostic::new(codes::E0506, acl.expr.span, message)
                .help("name one: `-m str`, `-m bin`, `-m reg`, `-m found`, ..."),
        ]
    })
}
