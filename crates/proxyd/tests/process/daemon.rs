//! Starting, asking and ending the daemon of a test. Ports are free ones, waiting is for a condition.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) use testkit::port::free as free_port;

pub(crate) const PROXYD: &str = env!("CARGO_BIN_EXE_proxyd");

/// A folder that goes with the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub(crate) fn directory(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir(&path).expect("a directory");
        path
    }

    pub(crate) fn open_to_all(&self) {
        std::fs::set_permissions(self.0.path(), std::fs::Permissions::from_mode(0o755))
            .expect("a mode");
    }
}

/// Runs the daemon to its end: exit code, standard output, standard error.
pub(crate) fn run(arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(PROXYD).args(arguments).stdin(Stdio::null()).output().expect("proxyd");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A running daemon; it is killed when the test ends.
pub(crate) struct Daemon(Child);

impl Daemon {
    /// Starts it and waits until it listens.
    pub(crate) fn start(arguments: &[&str], port: u16) -> Daemon {
        let daemon = Daemon::start_quietly(arguments);
        assert!(wait_until(|| listens(port)), "it listens on {port}");
        daemon
    }

    /// Starts it and connects to nothing.
    pub(crate) fn start_quietly(arguments: &[&str]) -> Daemon {
        Daemon::start_with(arguments, &[])
    }

    /// Starts it with variables in its environment and connects to nothing.
    pub(crate) fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Daemon {
        let mut command = Command::new(PROXYD);
        command.args(arguments).envs(environment.iter().copied());
        Daemon::of(command)
    }

    /// Starts what a command says, silently.
    pub(crate) fn of(mut command: Command) -> Daemon {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Daemon(command.spawn().expect("proxyd"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").args([signal, &self.pid().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    /// Whether a port is bound, asked of the kernel and not by connecting.
    pub(crate) fn is_bound(&self, port: u16) -> bool {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        table.contains(&format!("0100007F:{port:04X} 00000000:0000 0A"))
    }

    /// Its exit code, once it has ended.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let mut code = None;
        wait_until(|| {
            code = self.0.try_wait().ok().flatten().and_then(|status| status.code());
            code.is_some()
        });
        code
    }

    pub(crate) fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits for a condition, at most ten seconds.
pub(crate) fn wait_until(mut ready: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(10) {
        if ready() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Status and body of a GET; 0 when there is no answer.
pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return (0, String::new()) };
    let request = format!("GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let exchange =
        stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
    if exchange.is_err() {
        return (0, String::new());
    }
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    (status, answer.split("\r\n\r\n").nth(1).unwrap_or("").to_owned())
}

/// Asks the runtime socket one thing. It opens a moment after the ports: a daemon that cannot bind must not take the
/// socket of one that runs.
pub(crate) fn ask(socket: &str, command: &str) -> String {
    let mut stream = None;
    wait_until(|| {
        stream = std::os::unix::net::UnixStream::connect(socket).ok();
        stream.is_some()
    });
    let mut stream = stream.expect("the socket");
    stream.write_all(format!("{command}\n").as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

/// A server that gives back each line, for the life of the test; its port.
pub(crate) fn echo_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut writer = client.try_clone().expect("a second handle");
                for line in BufReader::new(client).lines().map_while(Result::ok) {
                    if writer.write_all(format!("{line}\n").as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// A connection that talks in lines.
pub(crate) struct Line(BufReader<TcpStream>);

impl Line {
    pub(crate) fn open(port: u16) -> Line {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        Line(BufReader::new(stream))
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(format!("{text}\n").as_bytes()).expect("sent");
    }

    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("heard");
        line.trim_end().to_owned()
    }

    /// What comes back, or nothing when the connection ends or stays silent for a moment.
    pub(crate) fn say_or_nothing(&mut self, text: &str) -> String {
        let mut line = String::new();
        let stream = self.0.get_mut();
        let asked = stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .and_then(|()| stream.write_all(format!("{text}\n").as_bytes()));
        match asked.and_then(|()| self.0.read_line(&mut line)) {
            Ok(_) => line.trim_end().to_owned(),
            Err(_) => String::new(),
        }
    }

    pub(crate) fn say(&mut self, text: &str) -> String {
        self.send(text);
        self.hear()
    }
}
