//! `chat PAGE NAME=ADDRESS...`: chat servers that share one room.
#![expect(clippy::print_stderr, reason = "a program of its own: it tells its user what went wrong")]

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let page =
        arguments.next().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let room = testkit::chat::room();
    let mut servers = Vec::new();
    for argument in arguments {
        let Some((name, address)) = argument.split_once('=') else {
            eprintln!("usage: chat PAGE NAME=ADDRESS...");
            return ExitCode::from(2);
        };
        let Ok(address) = address.parse() else {
            eprintln!("chat: `{address}` is no address");
            return ExitCode::from(2);
        };
        servers.push(tokio::spawn(testkit::chat::serve(
            name.into(),
            address,
            page.clone(),
            room.clone(),
        )));
    }
    for server in servers {
        if let Ok(Err(why)) = server.await {
            eprintln!("chat: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
