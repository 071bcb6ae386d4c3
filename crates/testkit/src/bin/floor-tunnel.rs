//! `floor-tunnel LISTEN SERVER`: the least a relay can cost, on tokio.
#![expect(clippy::print_stderr, reason = "a program of its own: it tells its user what went wrong")]

use std::net::SocketAddr;
use std::process::ExitCode;

use testkit::floor;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((listen, server)) = read(&arguments) else {
        eprintln!("usage: floor-tunnel LISTEN SERVER");
        return ExitCode::from(2);
    };
    let ended =
        floor::on_this_thread(async { floor::tunnel::serve(floor::listen(listen)?, server).await });
    if let Err(why) = ended {
        eprintln!("floor-tunnel: {why}");
    }
    ExitCode::FAILURE
}

fn read(arguments: &[String]) -> Option<(SocketAddr, SocketAddr)> {
    let [listen, server] = arguments else { return None };
    Some((listen.parse().ok()?, server.parse().ok()?))
}
