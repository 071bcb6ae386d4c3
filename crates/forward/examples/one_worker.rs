//! One worker on one thread with a configuration file: the data plane without the daemon around it,
//! for measurements. `one_worker FILE`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use config_parse::address::{AddressKind, Host, Ports};
use forward::{Bound, Generation, Listener, Process, Settings, Socket, SystemConnector, Worker};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("one_worker FILE")?;
    let text = std::fs::read(&path)?;
    let files = [(path, text)];
    let loaded = config::load(files, &Default::default(), config::Target::Proxyd);
    let read = |path: &str| std::fs::read(path).map_err(|error| error.to_string());
    let (program, findings) = rules::compile(loaded.config, &read);
    let program = program.ok_or_else(|| format!("{findings:?}"))?;
    let process = Process::new(Settings::default());
    let generation = Generation::new(program, &process, &|_, _| None, None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let worker = Worker::start(0, process.clone(), SystemConnector);
        for (index, line) in generation.program.listeners().iter().enumerate() {
            let AddressKind::Inet { host, ports: Ports::One(port), .. } = &line.address.kind else {
                continue;
            };
            let ip = match host {
                Host::Ip(ip) => *ip,
                _ => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            };
            let accepting = TcpListener::bind(SocketAddr::new(ip, *port)).await?;
            let listener = Listener::new(&process);
            listener.bind(Some(Bound {
                generation: generation.clone(),
                frontend: line.frontend,
                index: index as u32,
            }));
            let worker = worker.clone();
            tokio::task::spawn_local(async move {
                while let Ok((stream, peer)) = accepting.accept().await {
                    let local = stream.local_addr().ok();
                    let _ = stream.set_nodelay(true);
                    worker.serve(Socket::Tcp(stream), Some(peer), local, &listener);
                }
            });
        }
        std::future::pending::<()>().await;
        Ok(())
    })
}
