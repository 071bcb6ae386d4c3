//! Names that are resolved while the process runs: `resolvers`, `do-resolve` and the commands about them.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

use super::daemon::{Daemon, Folder, ask, free_port, wait_until};

/// Records by their name and kind.
type Records = HashMap<(String, u16), Vec<Vec<u8>>>;

/// A name server whose records a test changes while it runs. A name without records does not exist.
struct Names {
    port: u16,
    records: Arc<Mutex<Records>>,
}

const A: u16 = 1;
const SRV: u16 = 33;

impl Names {
    fn new() -> Names {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("its address").port();
        let records: Arc<Mutex<Records>> = Arc::default();
        let known = Arc::clone(&records);
        std::thread::spawn(move || {
            let mut question = [0; 1024];
            while let Ok((length, asker)) = socket.recv_from(&mut question) {
                let answer = answer(&question[..length], &known.lock().expect("a whole map"));
                let _ = socket.send_to(&answer, asker);
            }
        });
        Names { port, records }
    }

    fn set(&self, name: &str, kind: u16, records: Vec<Vec<u8>>) {
        self.records.lock().expect("a whole map").insert((name.into(), kind), records);
    }

    fn forget(&self, name: &str) {
        self.records.lock().expect("a whole map").retain(|(known, _), _| known != name);
    }
}

fn answer(question: &[u8], records: &Records) -> Vec<u8> {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
        at = end;
    }
    let (name, asked) = (labels.join("."), &question[12..at + 5]);
    let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
    let exists = records.keys().any(|(known, _)| *known == name);
    let found = records.get(&(name, kind)).cloned().unwrap_or_default();
    let mut out = question[..2].to_vec();
    out.extend([0x81, if exists { 0x80 } else { 0x83 }, 0, 1, 0, found.len() as u8, 0, 0, 0, 0]);
    out.extend(asked);
    for data in found {
        // A pointer to the name of the question, the type, the class, a time to live.
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 5]);
        out.extend((data.len() as u16).to_be_bytes());
        out.extend(data);
    }
    out
}

fn v4(last: u8) -> Vec<u8> {
    vec![127, 0, 0, last]
}

fn service(weight: u16, port: u16, target: &str) -> Vec<u8> {
    let mut data = [[0, 1], weight.to_be_bytes(), port.to_be_bytes()].concat();
    for label in target.split('.') {
        data.push(label.len() as u8);
        data.extend(label.as_bytes());
    }
    data.push(0);
    data
}

const SECTION: &str = "    resolve_retries 1\n    timeout resolve 10ms\n    timeout retry 200ms\n    hold nx 0\n    hold valid 0\n";

fn start(folder: &Folder, names: &Names, port: u16, rest: &str) -> (Daemon, String) {
    let socket = folder.path("sock");
    let config = format!(
        "global\n    stats socket {} level admin\nresolvers dns\n    nameserver n1 127.0.0.1:{}\n{SECTION}\
         defaults\n    mode http\n    timeout connect 1s\n    timeout client 5s\n    timeout server 5s\n{rest}",
        socket, names.port,
    );
    let file = folder.write("x.cfg", &config);
    (Daemon::start(&["-db", "-f", &file], port), socket)
}

fn start_backend(folder: &Folder, names: &Names, server: &str) -> (Daemon, String) {
    let port = free_port();
    let rest = format!(
        "frontend fe\n    bind 127.0.0.1:{port}\n    default_backend be\nbackend be\n    {server}"
    );
    start(folder, names, port, &rest)
}

/// Address, admin state and port of a server.
fn state(socket: &str, server: &str) -> (String, String, String) {
    let all = ask(socket, "show servers state");
    let row = all.lines().find(|line| line.split(' ').nth(3) == Some(server)).expect("the server");
    let column = |at: usize| row.split(' ').nth(at).unwrap_or_default().to_owned();
    (column(4), column(6), column(18))
}

fn comes_to(socket: &str, server: &str, address: &str, admin: &str, port: &str) {
    let wanted = (address.to_owned(), admin.to_owned(), port.to_owned());
    assert!(wait_until(|| state(socket, server) == wanted), "{:?}", state(socket, server));
}

#[test]
fn a_server_follows_its_name() {
    let (folder, names) = (Folder::new(), Names::new());
    names.set("a.test", A, vec![v4(1)]);
    let backend = "server a a.test:81 resolvers dns init-addr none\n";
    let (_daemon, socket) = start_backend(&folder, &names, backend);
    comes_to(&socket, "a", "127.0.0.1", "0", "81");
    names.set("a.test", A, vec![v4(2)]);
    comes_to(&socket, "a", "127.0.0.2", "0", "81");
    names.forget("a.test");
    comes_to(&socket, "a", "-", "32", "81");
    assert!(ask(&socket, "show stat").contains("MAINT (resolution)"));
    names.set("b.test", A, vec![v4(3)]);
    let said = ask(&socket, "set server be/a fqdn b.test");
    assert_eq!(said, "be/a changed its FQDN from a.test to b.test by 'stats socket command'\n\n");
    comes_to(&socket, "a", "127.0.0.3", "0", "81");
    let counted = ask(&socket, "show resolvers dns");
    assert!(
        counted.starts_with("Resolvers section dns\n nameserver n1:\n  sent:        "),
        "{counted}"
    );
    assert_eq!(ask(&socket, "show resolvers x"), "Can't find that resolvers section\n\n");
}

#[test]
fn servers_of_a_template_share_the_addresses_out() {
    let (folder, names) = (Folder::new(), Names::new());
    names.set("t.test", A, vec![v4(1), v4(2)]);
    let backend =
        "server-template t 3 t.test:81 resolvers dns init-addr none resolve-prefer ipv4\n";
    let (_daemon, socket) = start_backend(&folder, &names, backend);
    comes_to(&socket, "t1", "127.0.0.1", "0", "81");
    comes_to(&socket, "t2", "127.0.0.2", "0", "81");
    comes_to(&socket, "t3", "-", "32", "81");
    names.set("t.test", A, vec![v4(2), v4(3)]);
    comes_to(&socket, "t1", "127.0.0.3", "0", "81");
    comes_to(&socket, "t2", "127.0.0.2", "0", "81");
}

#[test]
fn a_service_gives_names_ports_and_weights() {
    let (folder, names) = (Folder::new(), Names::new());
    names.set("_h._tcp.test", SRV, vec![service(10, 81, "x.test"), service(600, 82, "y.test")]);
    names.set("x.test", A, vec![v4(1)]);
    names.set("y.test", A, vec![v4(2)]);
    let backend = "server-template s 2 _h._tcp.test resolvers dns init-addr none\n";
    let (_daemon, socket) = start_backend(&folder, &names, backend);
    comes_to(&socket, "s1", "127.0.0.1", "0", "81");
    comes_to(&socket, "s2", "127.0.0.2", "0", "82");
    let weight = || ask(&socket, "get weight be/s2");
    assert!(wait_until(|| weight().starts_with("3 ")), "{}", weight());
    names.set("_h._tcp.test", SRV, vec![service(600, 82, "y.test")]);
    comes_to(&socket, "s1", "-", "32", "0");
}

#[test]
fn a_rule_looks_a_name_up() {
    let (folder, names) = (Folder::new(), Names::new());
    names.set("a.test", A, vec![v4(7)]);
    let port = free_port();
    let frontend = format!(
        "frontend fe\n    bind 127.0.0.1:{port}\n    http-request do-resolve(txn.ip,dns,ipv4) hdr(host),lower\n    \
         http-request return status 200 hdr x-ip \"%[var(txn.ip)]\" if {{ var(txn.ip) -m found }}\n"
    );
    let (_daemon, _socket) = start(&folder, &names, port, &frontend);
    let said = get_host(port, "A.test");
    assert!(said.contains("x-ip: 127.0.0.7\r\n"), "{said}");
    let said = get_host(port, "nobody.test");
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
}

fn get_host(port: u16, host: &str) -> String {
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    answer
}
