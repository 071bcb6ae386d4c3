//! `floor-http LISTEN SERVER THREADS`: the least an HTTP proxy can cost, on tokio and httparse.
#![expect(clippy::print_stderr, reason = "a program of its own: it tells its user what went wrong")]

use std::net::SocketAddr;
use std::process::ExitCode;

use testkit::floor;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((listen, server, threads)) = read(&arguments) else {
        eprintln!("usage: floor-http LISTEN SERVER THREADS");
        return ExitCode::from(2);
    };
    let threads: Vec<_> =
        (0..threads).map(|_| std::thread::spawn(move || run(listen, server))).collect();
    for thread in threads {
        if let Ok(Err(why)) = thread.join() {
            eprintln!("floor-http: {why}");
        }
    }
    ExitCode::FAILURE
}

fn run(listen: SocketAddr, server: SocketAddr) -> std::io::Result<()> {
    floor::on_this_thread(async { floor::http::serve(floor::listen(listen)?, server).await })
}

fn read(arguments: &[String]) -> Option<(SocketAddr, SocketAddr, usize)> {
    let [listen, server, threads] = arguments else { return None };
    Some((listen.parse().ok()?, server.parse().ok()?, threads.parse().ok()?))
}
