//! `wsload echo ADDR | ping ADDR TUNNELS SECONDS SIZE | watch ADDR TUNNELS SECONDS | requests ADDR CONNECTIONS SECONDS RATE`.
#![expect(clippy::print_stdout, reason = "a program of its own: its figures are its output")]
#![expect(clippy::print_stderr, reason = "a program of its own: it tells its user what went wrong")]

use std::process::ExitCode;
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Some(()) => ExitCode::SUCCESS,
        None => {
            eprintln!(
                "usage: wsload echo ADDR | ping ADDR TUNNELS SECONDS SIZE | watch ADDR TUNNELS SECONDS | requests ADDR CONNECTIONS SECONDS RATE"
            );
            ExitCode::from(2)
        }
    }
}

async fn run() -> Option<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let address = arguments.get(1)?.parse().ok()?;
    let number = |at: usize| arguments.get(at).and_then(|word| word.parse::<u64>().ok());
    match arguments.first()?.as_str() {
        "echo" => testkit::load::echo(address).await.ok()?,
        "ping" => {
            let time = Duration::from_secs(number(3)?);
            println!(
                "{}",
                testkit::load::ping(address, number(2)? as usize, time, number(4)? as usize).await
            );
        }
        "watch" => {
            let time = Duration::from_secs(number(3)?);
            let every = Duration::from_millis(200);
            let watched = testkit::load::watch(address, number(2)? as usize, time, every).await;
            println!("{} {}", watched.opened, watched.kept);
        }
        "requests" => {
            let time = Duration::from_secs(number(3)?);
            let sum =
                testkit::load::requests(address, number(2)? as usize, number(4)? as u32, time)
                    .await;
            println!("{} {}", sum.good, sum.failed);
        }
        _ => return None,
    }
    Some(())
}
