//! No allocation per header: what a keep-alive request costs the allocator does not depend on how many fields it has.
//!
//! A test of its own, because the allocator that counts is the whole program's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use forward::{Bound, ConnectTo, Connector, Generation, Listener, Process, Settings, Worker};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, with a count for each thread.
struct Counting;

fn count() {
    // A thread that is ending has no count any more.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

#[expect(unsafe_code, reason = "an allocator cannot be written without it")]
// SAFETY: every call is passed on to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`; the memory came from `System`.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`; the memory came from `System`.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Servers are pipes whose other ends wait here.
#[derive(Clone, Default)]
struct Pipes(Rc<RefCell<VecDeque<DuplexStream>>>);

impl Connector for Pipes {
    type Io = DuplexStream;

    async fn connect(&self, _to: ConnectTo) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.0.borrow_mut().push_back(theirs);
        Ok(ours)
    }
}

/// An ACL, a rewrite, forwardfor: the work of an ordinary frontend, without a log.
const CONFIG: &str = "defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
    option forwardfor
frontend fe
    bind 127.0.0.1:8080
    http-request set-header x-edge one
    use_backend be if { hdr_beg(host) -i www. }
backend be
    server s 127.0.0.1:9
";

fn request(fields: usize) -> Vec<u8> {
    let mut text = String::from("GET /path?q=1 HTTP/1.1\r\nHost: www.example\r\n");
    for number in 0..fields {
        text.push_str(&format!("x-field-{number}: the value of field {number}\r\n"));
    }
    (text + "\r\n").into_bytes()
}

/// Reads into a buffer until it holds a whole message.
async fn read(from: &mut DuplexStream, buffer: &mut [u8], end: &[u8]) {
    let mut have = 0;
    while !buffer[..have].ends_with(end) {
        have += from.read(&mut buffer[have..]).await.expect("bytes");
    }
}

/// Allocations of a request with this many fields, once every buffer has grown.
async fn allocations(fields: usize) -> u64 {
    let loaded = config::load(
        [("t.cfg".into(), CONFIG.into())],
        &Default::default(),
        config::Target::Proxyd,
    );
    let (program, findings) = rules::compile(loaded.config, &|path| Err(path.to_owned()));
    let program = program.unwrap_or_else(|| panic!("{findings:?}"));
    let process = Process::new(Settings::default());
    let generation = Generation::new(program, &process, &|_, _| None, None);
    let frontend = generation.program.frontend_named("fe").expect("a frontend").reference();
    let listener = Listener::new(&process);
    listener.bind(Some(Bound { generation, frontend, index: 0 }));
    let pipes = Pipes::default();
    let worker = Worker::start(0, process, pipes.clone());
    let (mut client, theirs) = tokio::io::duplex(64 * 1024);
    worker.serve(theirs, "192.0.2.7:4000".parse().ok(), "127.0.0.1:8080".parse().ok(), &listener);

    let request = request(fields);
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Server: s\r\n\r\nbody";
    let mut buffer = vec![0; 64 * 1024];
    let mut server = None;
    let (warm, measured) = (50, 200);
    let mut before = 0;
    for turn in 0..warm + measured {
        if turn == warm {
            before = COUNT.get();
        }
        client.write_all(&request).await.expect("sent");
        while server.is_none() {
            tokio::task::yield_now().await;
            server = pipes.0.borrow_mut().pop_front();
        }
        let server = server.as_mut().expect("a server");
        read(server, &mut buffer, b"\r\n\r\n").await;
        server.write_all(response).await.expect("answered");
        read(&mut client, &mut buffer, b"\r\n\r\nbody").await;
    }
    (COUNT.get() - before) / measured
}

#[tokio::test]
async fn a_field_costs_no_allocation() {
    let local = tokio::task::LocalSet::new();
    let (few, many) =
        local.run_until(async { (allocations(2).await, allocations(60).await) }).await;
    assert_eq!(few, many, "allocations of a request with 2 and with 60 fields");
    assert!(few <= 8, "a request in steady state allocates {few} times");
    println!("a keep-alive request allocates {few} times");
}
