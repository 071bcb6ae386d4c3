//! What the daemon says on standard error while it starts, in the manner of HAProxy: `[ALERT]`, `[WARNING]`.

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grave {
    Notice,
    Warning,
    Alert,
}

/// Says a line.
#[expect(
    clippy::print_stderr,
    reason = "the one place where the daemon talks to whoever started it"
)]
pub(crate) fn say(grave: Grave, text: &str) {
    let mark = match grave {
        Grave::Notice => "[NOTICE]  ",
        Grave::Warning => "[WARNING] ",
        Grave::Alert => "[ALERT]   ",
    };
    eprintln!("{mark} ({}) : {text}", std::process::id());
}

/// Prints an answer that was asked for: a version, a verdict.
#[expect(clippy::print_stdout, reason = "the answer to -v, -c and -h")]
pub(crate) fn answer(text: &str) {
    println!("{}", text.trim_end());
}

/// Shows findings as they are rendered.
#[expect(clippy::print_stderr, reason = "findings go where HAProxy's go")]
pub(crate) fn show(report: &str) {
    eprint!("{report}");
}

/// Prints text as it is: a dump that was asked for.
#[expect(clippy::print_stdout, reason = "the answer to -dC, -dK and -dL")]
pub(crate) fn raw(text: &str) {
    print!("{text}");
}
