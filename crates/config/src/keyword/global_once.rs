//! Lines of `global` of which the first counts: HAProxy says of the others that it goes on without them.

use diag::{Diagnostic, Spanned, codes};

use crate::lower::Directive;
use crate::model::Global;

/// Keywords by what they set: two names of one thing stand in one row.
const FIRST_COUNTS: &[&[&str]] = &[
    &["chroot"],
    &["fd-hard-limit"],
    &["group", "gid"],
    &["log-send-hostname"],
    &["maxconn"],
    &["maxconnrate"],
    &["maxpipes"],
    &["maxsessrate"],
    &["pidfile"],
    &["server-state-base"],
    &["server-state-file"],
    &["spread-checks"],
    &["ulimit-n"],
    &["user", "uid"],
];

/// Whether an earlier line has set what the next word of this one sets; says so, and looks at the rest as little as
/// HAProxy does.
pub(crate) fn given_before(line: &mut Directive<'_>, to: &mut Global) -> bool {
    let Some(word) = line.peek() else { return false };
    let Some(names) = FIRST_COUNTS.iter().find(|names| names.contains(&word.text.as_ref())) else {
        return false;
    };
    let is_same = |first: &&Spanned<String>| names.contains(&first.value.as_str());
    let Some(first) = to.once.iter().find(is_same).map(|first| first.span) else {
        to.once.push(Spanned::new(word.text.to_string(), word.span));
        return false;
    };
    let message = format!("`{}` is set already and stays as it was", word.text);
    let finding = Diagnostic::new(codes::W0414, word.span, message);
    line.report(finding.related(first, "this line counts").help("take one of the two lines out"));
    line.skip_rest();
    true
}

#[cfg(test)]
mod tests {
    use config_parse::env::Environment;

    use crate::{Target, load};

    #[test]
    fn the_first_line_counts_and_the_others_are_not_looked_at() {
        let text = b"global\n maxconn 10\n user a\n nbthread 1\nglobal\n maxconn 20\n uid x\n nbthread 2\n";
        let files = [(String::from("x.cfg"), text.to_vec())];
        let loaded = load(files, &Environment::default(), Target::Proxyd);
        let global = &loaded.config.global;
        assert_eq!(global.maxconn.map(|number| number.value), Some(10));
        assert_eq!(global.nbthread.map(|number| number.value), Some(2));
        let codes: Vec<&str> = loaded.diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, ["W0414", "W0414"]);
    }
}
