//! Named ACLs: several lines of one name are alternatives, and some names are there from the start.

use std::collections::HashMap;
use std::sync::Arc;

use config_parse::condition::AclExpr;
use diag::{Diagnostic, Span, Spanned, codes};
use sample::CompileEnv;

use crate::Test;

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

    /// The declared names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.acls.keys().map(String::as_str)
    }
}

fn check_name(name: &Spanned<String>) -> Result<(), Vec<Diagnostic>> {
    let bad = name.value.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_.:".contains(*c));
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
