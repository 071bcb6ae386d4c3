//! A fixed load through one worker over pipes, so that its instructions can be counted: no kernel, no
//! clock and no chance decides how many there are. `instructions LOAD COUNT`
//!
//! `cargo xtask instructions` runs it twice with different counts; the difference is what one more
//! exchange costs, client, server and pipes of this file included.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use forward::{Bound, ConnectTo, Connector, Generation, Listener, Process, Settings, Worker};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Servers are pipes whose other ends wait here.
#[derive(Clone, Default)]
struct Pipes(Rc<RefCell<VecDeque<DuplexStream>>>);

impl Connector for Pipes {
    type Io = DuplexStream;

    async fn connect(&self, _to: ConnectTo) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(256 * 1024);
        self.0.borrow_mut().push_back(theirs);
        Ok(ours)
    }
}

/// What an exchange is made of.
struct Load {
    config: String,
    /// Sent by the client, one after the other.
    requests: Vec<Vec<u8>>,
    response: &'static [u8],
    /// The connection is upgraded first, then the bytes are echoed.
    tunnel: bool,
}

/// A host ACL, forwardfor and an access log, as in the bench. Nobody listens where it goes.
const FRONTEND: &str = "global
    log 127.0.0.1:9 local0
defaults
    mode http
    log global
    option httplog
    option forwardfor
    timeout client 60s
    timeout connect 5s
    timeout server 60s
    timeout tunnel 1h
frontend fe
    bind 127.0.0.1:8080
";
const HOST: &str = "    acl is_app hdr(host) -i app.example
    use_backend app if is_app
    default_backend app
backend app
    server s1 127.0.0.1:9
";
const SMALL: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nServer: s\r\n\r\nbody";
const SWITCH: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n";

fn load(name: &str) -> Option<Load> {
    let get = |host: &str| {
        let fields = "User-Agent: test\r\nAccept: */*\r\nCookie: a=b; c=d\r\n";
        format!("GET /path?q=1 HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n").into_bytes()
    };
    let host = format!("{FRONTEND}{HOST}");
    let load = |requests| Load { config: host.clone(), requests, response: SMALL, tunnel: false };
    Some(match name {
        "keep-alive" => load(vec![get("app.example")]),
        "rules" => {
            let mut config = FRONTEND.to_owned();
            for rule in 0..200 {
                let _ =
                    writeln!(config, "    use_backend app if {{ hdr(host) -i h{rule}.example }}");
            }
            config.push_str("backend app\n    server s1 127.0.0.1:9\n");
            let requests = (0..200).map(|rule| get(&format!("h{rule}.example"))).collect();
            Load { config, ..load(requests) }
        }
        "post" => {
            let head = "POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 65536\r\n\r\n";
            load(vec![[head.as_bytes(), &[b'x'; 65536]].concat()])
        }
        "tunnel" => Load { tunnel: true, ..load(vec![vec![0x81; 130]]) },
        _ => return None,
    })
}

fn main() -> Result<(), Failed> {
    let usage = "instructions keep-alive|rules|post|tunnel COUNT";
    let mut words = std::env::args().skip(1);
    let load = words.next().and_then(|name| load(&name)).ok_or(usage)?;
    let count = words.next().ok_or(usage)?.parse()?;
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build_local(Default::default())?.block_on(run(load, count))
}

type Failed = Box<dyn Error>;

/// A worker, where its connections to servers come out, and what its clients come in by.
struct Started {
    worker: Rc<Worker<Pipes>>,
    pipes: Pipes,
    listener: Arc<Listener>,
}

fn start(config: &str) -> Result<Started, Failed> {
    let files = [("t.cfg".to_owned(), config.to_owned().into_bytes())];
    let loaded = config::load(files, &Default::default(), config::Target::Proxyd);
    let (program, findings) = rules::compile(loaded.config, &|path| Err(path.to_owned()));
    let program = program.ok_or_else(|| format!("{findings:?}"))?;
    let process = Process::new(Settings::default());
    let generation = Generation::new(program, &process, &|_, _| None, None);
    let frontend = generation.program.frontend_named("fe").ok_or("no frontend")?.reference();
    let listener = Listener::new(&process);
    listener.bind(Some(Bound { generation, frontend, index: 0 }));
    let pipes = Pipes::default();
    Ok(Started { worker: Worker::start(0, process, pipes.clone()), pipes, listener })
}

async fn run(load: Load, count: usize) -> Result<(), Failed> {
    let Started { worker, pipes, listener } = start(&load.config)?;
    let (mut client, theirs) = tokio::io::duplex(256 * 1024);
    worker.serve(theirs, "192.0.2.7:4000".parse().ok(), "127.0.0.1:8080".parse().ok(), &listener);
    let mut buffer = vec![0; 256 * 1024];
    let mut server = None;
    if load.tunnel {
        let upgrade = "GET / HTTP/1.1\r\nHost: app.example\r\nUpgrade: echo\r\n\
                       Connection: Upgrade\r\n\r\n";
        client.write_all(upgrade.as_bytes()).await?;
        let server = connected(&mut server, &pipes).await;
        until(server, &mut buffer, b"\r\n\r\n").await?;
        server.write_all(SWITCH).await?;
        until(&mut client, &mut buffer, b"\r\n\r\n").await?;
    }
    for request in load.requests.iter().cycle().take(count) {
        client.write_all(request).await?;
        let server = connected(&mut server, &pipes).await;
        if load.tunnel {
            server.read_exact(&mut buffer[..request.len()]).await?;
            server.write_all(&buffer[..request.len()]).await?;
            client.read_exact(&mut buffer[..request.len()]).await?;
        } else {
            let end = request.get(request.len() - 4..).unwrap_or_default();
            until(server, &mut buffer, end).await?;
            server.write_all(load.response).await?;
            until(&mut client, &mut buffer, b"body").await?;
        }
    }
    Ok(())
}

/// The server's end, once there is one.
async fn connected<'s>(
    server: &'s mut Option<DuplexStream>,
    pipes: &Pipes,
) -> &'s mut DuplexStream {
    while server.is_none() {
        tokio::task::yield_now().await;
        *server = pipes.0.borrow_mut().pop_front();
    }
    server.get_or_insert_with(|| tokio::io::duplex(1).0)
}

/// Reads a message, which ends so. One of several reads may end so by chance only when it is a body
/// of equal bytes: those are counted as well.
async fn until(from: &mut DuplexStream, buffer: &mut [u8], end: &[u8]) -> io::Result<()> {
    let mut have = 0;
    loop {
        let read = from.read(buffer.get_mut(have..).unwrap_or_default()).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        have += read;
        let here = buffer.get(..have).unwrap_or_default();
        let whole = end != b"xxxx" || have > 65536;
        if here.ends_with(end) && whole {
            return Ok(());
        }
    }
}
