//! Named ACLs: several lines of one name are alternatives, and some names are there from the start.

use std::collections::HashMap;
use std::sync::Arc;

use config_parse::condition::AclExpr;
use config_parse::env::Environment;
use diag::{Diagnostic, Span, Spanned, codes};
use sample::lists::Lists;
use sample::{AclTest, CompileEnv, Context, NoMaps, NoNames, Place, Sample, Value, VarNames};

use crate::{Outcome, Test, predefined};

/// A named ACL.
#[derive(Debug, Clone)]
pub struct Acl {
    /// Its lines, in order: it holds when one of them does.
    pub tests: Vec<Arc<Test>>,
    /// A line did not compile and was reported: uses of the name say nothing more.
    pub poisoned: bool,
    /// The first line's name; `None` for a predefined ACL.
    pub declared: Option<Span>,
}

/// The ACLs of a section.
#[derive(Debug, Clone, Default)]
pub struct Acls {
    acls: HashMap<String, Acl>,
}

impl Acls {
    /// No ACL but the predefined ones.
    pub fn new() -> Acls {
        Acls::default()
    }

    /// Adds a line `acl name criterion ...`. A line that does not compile poisons its name.
    ///
    /// # Errors
    /// What [`Test::compile`] finds, and a name with characters that names may not have.
    pub fn add(
        &mut self,
        name: &Spanned<String>,
        acl: &AclExpr,
        env: &mut CompileEnv<'_>,
    ) -> Result<(), Vec<Diagnostic>> {
        let test = check_name(name).and_then(|()| Test::compile_named(&name.value, acl, env));
        let entry = self.acls.entry(name.value.clone()).or_insert_with(|| Acl {
            tests: Vec::new(),
            poisoned: false,
            declared: Some(name.span),
        });
        match test {
            Ok(test) => {
                entry.tests.push(Arc::new(test));
                Ok(())
            }
            Err(findings) => {
                entry.poisoned = true;
                Err(findings)
            }
        }
    }

    /// The ACL of a name, declared in the section.
    pub fn find(&self, name: &str) -> Option<&Acl> {
        self.acls.get(name)
    }

    /// The ACL of a name as a value, declared or predefined.
    pub fn lookup(&self, name: &str, place: Place) -> Option<Arc<dyn AclTest>> {
        if let Some(acl) = self.find(name) {
            let here = acl.tests.iter().filter(|test| test.expr().has_value_in(place));
            return Some(Arc::new(Named { tests: here.cloned().collect() }));
        }
        let (mut vars, mut draws) = (VarNames::default(), 0);
        let mut env = CompileEnv {
            place,
            names: &NoNames,
            vars: &mut vars,
            captures: sample::CaptureSlots::default(),
            files: &|_| Err(String::new()),
            lists: &Lists::default(),
            maps: &NoMaps,
            env: &Environment::default(),
            draws: &mut draws,
            warnings: Vec::new(),
        };
        let test = predefined::test(name, Span::default(), &mut env)?;
        Some(Arc::new(Named { tests: vec![Arc::new(test)] }))
    }

    /// The declared names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.acls.keys().map(String::as_str)
    }
}

/// A named ACL behind `acl(name)`.
#[derive(Debug)]
struct Named {
    tests: Vec<Arc<Test>>,
}

impl AclTest for Named {
    fn holds(&self, ctx: &Context<'_>) -> Sample<'static> {
        let mut any = Outcome::No;
        for test in &self.tests {
            any = any.or(test.eval(ctx, &mut ()));
        }
        match any {
            Outcome::Yes => Sample::Known(Value::Bool(true)),
            Outcome::No => Sample::Known(Value::Bool(false)),
            Outcome::Wait => Sample::Wait,
            Outcome::Unknown(fact) => Sample::Unknown(fact),
        }
    }
}

fn check_name(name: &Spanned<String>) -> Result<(), Vec<Diagnostic>> {
    // A `/` stands behind the name of the `defaults` section that an ACL comes from.
    let bad = name.value.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_.:/".contains(*c));
    match bad {
        None => Ok(()),
        Some(c) => Err(vec![
            Diagnostic::new(
                codes::E0510,
                name.span,
                format!("the ACL name `{}` holds `{c}`", name.value),
            )
            .help("use letters, digits, `-`, `_`, `.` and `:`"),
        ]),
    }
}
