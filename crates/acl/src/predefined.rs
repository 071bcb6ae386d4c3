//! The ACLs that need no declaration (manual 7.4).

use diag::Span;
use sample::CompileEnv;

use crate::Test;

/// Their names.
pub const NAMES: &[&str] = &[];

/// The test of a predefined ACL.
pub(crate) fn test(_name: &str, _span: Span, _env: &mut CompileEnv<'_>) -> Option<Test> {
    None
}
