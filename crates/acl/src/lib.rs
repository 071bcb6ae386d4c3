//! Patterns, match methods, pattern files and conditions.
//!
//! In: a criterion with its patterns ([`config_parse::condition::AclExpr`]) and what the named files hold.
//! Out: a compiled test that says yes, no, *wait* or *unknown* for a [`sample::Context`], and the value it saw.
//! Pure: file contents are arguments. Start with [`Condition`] and [`Test`]; [`Outcome`] is what they say.

mod acls;
mod condition;
mod index;
mod keyword;
mod live;
mod maps;
mod matcher;
mod outcome;
mod pattern;
mod predefined;
mod seen;
mod shortlist;
mod test;

pub use acls::{Acl, Acls};
pub use condition::Condition;
pub use keyword::{default_method, keyword, keywords};
pub use maps::Maps;
pub use matcher::{Comparison, Hit, Matcher};
pub use outcome::Outcome;
pub use pattern::Pattern;
pub use predefined::predefined;
pub use seen::{Observation, Seen};
pub use shortlist::{Picked, Shortlist};
pub use test::Test;
