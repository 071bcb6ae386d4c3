//! The patterns of health checks: they run without a stream, but a bad one is found with all others.

use config::model::{ExpectStep, Proxy, StepKind};

use super::section::Section;

/// Reports the regular expressions of `expect` that cannot be compiled.
pub(super) fn check(proxy: &Proxy, s: &mut Section<'_, '_>) {
    for step in &proxy.check_steps {
        let StepKind::Expect(expect) = &step.kind else { continue };
        for pattern in patterns(expect) {
            s.regex(pattern, step.span);
        }
    }
}

fn patterns(expect: &ExpectStep) -> impl Iterator<Item = &str> {
    let own = matches!(expect.matcher.as_str(), "rstatus" | "rstring" | "rbinary");
    let own = own.then_some(expect.pattern.as_str());
    let fields = [&expect.name, &expect.value].into_iter().flatten();
    let fields = fields.filter(|part| part.method == "reg").map(|part| part.text.as_str());
    own.into_iter().chain(fields)
}
