//! Standard output. A reader that goes away (`lbctl check | head`) ends the program quietly.

use std::io::{self, Write};

/// Writes an answer.
pub(crate) fn say(text: impl AsRef<[u8]>) {
    let mut out = io::stdout().lock();
    if out.write_all(text.as_ref()).and_then(|()| out.flush()).is_err() {
        // Nobody reads any more, or the disk is full: 2 is "it could not be done".
        std::process::exit(2);
    }
}

/// Writes an answer and a line end, when it has none.
pub(crate) fn say_line(text: &str) {
    say(text);
    if !text.ends_with('\n') {
        say("\n");
    }
}
