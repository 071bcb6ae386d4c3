//! `cargo xtask ci`: exactly what CI runs, in that order.

use crate::{compat, demo, peers, reload, shell, test, tidy};

/// Formatting, lints, tests, pages, the demo, and the comparison with HAProxy.
pub(crate) fn run() -> Result<(), shell::Failure> {
    let cargo = shell::cargo();
    shell::run(&cargo, &["fmt", "--all", "--", "--check"])?;
    tidy::run()?;
    shell::run(
        &cargo,
        &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
    )?;
    if let Err(why) = test::run(&test::Test::default()) {
        // Some tests run beside a real daemon on a shared machine. One that fails twice is broken; one that fails
        // once is a bug as well, and is named above.
        println!("ci: FLAKY, a test failed ({why}); all tests once more");
        test::run(&test::Test::default())?;
    }
    shell::run(&cargo, &["doc", "--workspace", "--no-deps", "--quiet"])?;
    demo::run(&demo::Demo::once())?;
    compat::run(&compat::Compat::default())?;
    reload::run(&reload::Reload::default())?;
    peers::run(&peers::Peers::default())?;
    println!("ci: all passed");
    Ok(())
}
