//! One ACL line, or what stands between braces: an expression, a method and patterns.

use std::ops::ControlFlow;
use std::sync::Arc;

use config_parse::condition::{AclExpr, MatchMethod};
use diag::{Diagnostic, Span, codes};
use sample::{CompileEnv, Compiled, Context, Misplaced, Type, Value, Walk};

use crate::keyword::{default_method, keyword};
use crate::live::{Live, Way};
use crate::matcher::{Comparison, Matcher};
use crate::seen::{Observation, Seen};
use crate::{Outcome, pattern};

/// A compiled test.
#[derive(Debug)]
pub struct Test {
    expr: Compiled,
    patterns: Patterns,
    method: MatchMethod,
    name: Option<Box<str>>,
    span: Span,
}

/// Words of the configuration, or files that may change.
#[derive(Debug)]
enum Patterns {
    Fixed(Matcher),
    Live(Arc<Live>),
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

    /// As [`Test::compile`], with a name: for predefined ACLs.
    pub(crate) fn compile_predefined(
        name: &str,
        acl: &AclExpr,
        env: &mut CompileEnv<'_>,
    ) -> Result<Test, Vec<Diagnostic>> {
        Ok(Test { name: Some(name.into()), ..Test::compile(acl, env)? })
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
        check_method(acl, method, &expr, env.names.haproxy())?;
        check_groups(acl, env)?;
        let (files, words) = pattern::read(acl, method, env)?;
        let way = Way {
            comparison: comparison(acl, method),
            method,
            no_resolve: acl.no_resolve,
            versions: expr.fetch_name() == "req.ssl_ver" && acl.method.is_none(),
        };
        let patterns = match files.is_empty() {
            true => Patterns::Fixed(way.compile(words)?),
            false => Patterns::Live(Live::new(way, files, words)?),
        };
        Ok(Test { expr, patterns, method, name: None, span: acl.span })
    }

    /// Evaluates the test: yes as soon as one value matches one pattern.
    pub fn eval<S: Seen>(&self, ctx: &Context<'_>, seen: &mut S) -> Outcome {
        match &self.patterns {
            Patterns::Fixed(matcher) => self.eval_with(matcher, ctx, seen),
            Patterns::Live(live) => self.eval_with(&live.now().matcher, ctx, seen),
        }
    }

    fn eval_with<S: Seen>(&self, matcher: &Matcher, ctx: &Context<'_>, seen: &mut S) -> Outcome {
        let mut last = None;
        let mut hit = None;
        let walk = self.expr.each(ctx, &mut |value| {
            let found = matcher.find(&value);
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
            let pattern = hit.and_then(|hit| matcher.pattern(hit));
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

    /// The patterns, when they cannot change.
    pub(crate) fn matcher(&self) -> Option<&Matcher> {
        match &self.patterns {
            Patterns::Fixed(matcher) => Some(matcher),
            Patterns::Live(_) => None,
        }
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
        match &self.patterns {
            Patterns::Fixed(matcher) => matcher.find(value).is_some(),
            Patterns::Live(live) => live.now().matcher.find(value).is_some(),
        }
    }

    /// The patterns as they are now, as written.
    pub fn patterns(&self) -> Vec<String> {
        let all = |matcher: &Matcher| matcher.patterns().map(str::to_owned).collect();
        match &self.patterns {
            Patterns::Fixed(matcher) => all(matcher),
            Patterns::Live(live) => all(&live.now().matcher),
        }
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

/// The keyword `method` alone compares as methods do; with `-m` or a converter it is text.
fn comparison(acl: &AclExpr, method: MatchMethod) -> Comparison {
    let bare = acl.method.is_none() && acl.expr.converters.is_empty();
    match acl.expr.fetch.name.value.as_str() {
        "method" if bare => Comparison::HttpMethod,
        _ => Comparison::By(method),
    }
}

/// `http_auth_group` is compared in its own way and with groups of its list only.
fn check_groups(acl: &AclExpr, env: &CompileEnv<'_>) -> Result<(), Vec<Diagnostic>> {
    let fetch = &acl.expr.fetch;
    if fetch.name.value != "http_auth_group" {
        return Ok(());
    }
    let bare = acl.method.is_none() && acl.expr.converters.is_empty();
    let none = acl.patterns.is_empty() && acl.files.is_empty();
    if !bare || none {
        let message = "`http_auth_group` wants names of groups behind it, and nothing else";
        let finding = Diagnostic::new(codes::E0506, acl.span, message);
        return Err(vec![finding.help("write `http_auth_group(LIST) GROUP`, without `-m`")]);
    }
    let name = fetch.args.as_ref().and_then(|args| args.first());
    let Some(list) = name.and_then(|name| env.names.userlist(&name.value)) else { return Ok(()) };
    let unknown = acl.patterns.iter().filter(|group| !list.groups.contains(&group.value));
    let findings: Vec<_> = unknown
        .map(|group| {
            let message = format!("the userlist `{}` has no group `{}`", list.name, group.value);
            let finding = Diagnostic::new(codes::E0418, group.span, message);
            sample::compile::with_nearest(finding, &group.value, list.groups.iter())
        })
        .collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// Refuses a method that can compare no value of the expression's type.
fn check_method(
    acl: &AclExpr,
    method: MatchMethod,
    expr: &Compiled,
    haproxy: Option<(u8, u8)>,
) -> Result<(), Vec<Diagnostic>> {
    let wanted = match method {
        MatchMethod::Found => return Ok(()),
        MatchMethod::Bool => Type::Bool,
        MatchMethod::Int => Type::Int,
        MatchMethod::Ip => Type::Addr,
        MatchMethod::Bin => Type::Bin,
        _ => Type::Str,
    };
    // No converter takes an address for a boolean, but this method does where one can be a number.
    let is_address = matches!(expr.output(), Type::Addr | Type::Ipv4);
    let wants = if method == MatchMethod::Bool && is_address { Type::Int } else { wanted };
    if expr.becomes(haproxy, wants) || acl.method.is_none() && expr.output() == wanted {
        return Ok(());
    }
    let span = acl.method.as_ref().map_or(acl.expr.span, |method| method.span);
    let message = format!(
        "`-m {}` compares {}, and `{}` gives {}",
        method.name(),
        wanted.describe(),
        expr.text(),
        expr.output().describe()
    );
    Err(vec![Diagnostic::new(codes::E0506, span, message)])
}
