//! Opening listening sockets: TCP for each thread, unix sockets and inherited ones shared by all.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(test)]
use std::os::fd::AsFd;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::model::{Bind, Global, Proxy, Shards, ThreadSet, V6};
use config_parse::address::{Address, AddressKind, Family, Host, Ports};
use nix::libc::{TCP_DEFER_ACCEPT, TCP_FASTOPEN};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::privileges;
use crate::words::{Grave, say};

/// How long the kernel keeps a connection for itself until its client speaks (`defer-accept`).
const DEFERRED: Duration = Duration::from_secs(60);

/// Sets an option of TCP that the socket library does not know.
fn set_tcp_option(socket: &Socket, option: i32, value: u32) -> io::Result<()> {
    use nix::libc::{IPPROTO_TCP, c_void, setsockopt, socklen_t};
    let size = socklen_t::try_from(size_of::<u32>()).unwrap_or_default();
    let pointer = std::ptr::from_ref(&value).cast::<c_void>();
    #[expect(unsafe_code, reason = "setsockopt(2) for an option that the library does not know")]
    // SAFETY: the descriptor is the socket's own, and the pointer leads to `size` bytes that live until the call ends.
    let done = unsafe { setsockopt(socket.as_raw_fd(), IPPROTO_TCP, option, pointer, size) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A listening socket of one kind, before a runtime takes it.
#[derive(Debug)]
pub(crate) enum Listening {
    /// TCP.
    Tcp(std::net::TcpListener),
    /// A unix stream socket.
    Unix(std::os::unix::net::UnixListener),
}

impl Listening {
    /// A second handle on the same socket, for another thread.
    pub(crate) fn share(&self) -> io::Result<Listening> {
        match self {
            Listening::Tcp(socket) => Ok(Listening::Tcp(socket.try_clone()?)),
            Listening::Unix(socket) => Ok(Listening::Unix(socket.try_clone()?)),
        }
    }
}

/// How a listening socket is made; two lines that agree on this can share it over a reload.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    /// Where.
    pub(crate) place: Place,
    backlog: i32,
    /// `noreuseport` is not given.
    pub(crate) reuse_port: bool,
    v6only: Option<bool>,
    transparent: bool,
    interface: Option<String>,
    mss: Option<i32>,
    defer_accept: bool,
    tfo: bool,
    user_timeout: Option<Duration>,
    congestion_control: Option<String>,
    /// `option clitcpka`.
    keepalive: bool,
    /// `thread`: those that listen; empty for all.
    pub(crate) threads: Vec<ThreadSet>,
    /// `shards`.
    pub(crate) shards: Option<Shards>,
    mode: Option<u32>,
    user: Option<String>,
    group: Option<String>,
}

/// Where a socket listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A path.
    Unix(PathBuf),
    /// A name in the abstract namespace, and how the line calls it.
    Abstract(String, String),
    /// A descriptor that was inherited.
    Inherited(u32),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Tcp(address) => write!(f, "{address}"),
            Place::Unix(path) => write!(f, "unix@{}", path.display()),
            Place::Abstract(_, shown) => f.write_str(shown),
            Place::Inherited(fd) => write!(f, "fd@{fd}"),
        }
    }
}

impl Wanted {
    /// What a `bind` line of a proxy wants at one of its addresses.
    pub(crate) fn of_bind(
        (proxy, bind): (&Proxy, &Bind),
        address: &Address,
        backlog: u32,
        global: &Global,
    ) -> Result<Wanted, String> {
        let prefix = global.unix_bind_prefix.as_ref().map_or("", |prefix| prefix.value.as_str());
        Ok(Wanted {
            place: place(address, prefix)?,
            reuse_port: !global.has_switch("noreuseport"),
            backlog: i32::try_from(bind.backlog.unwrap_or(backlog)).unwrap_or(i32::MAX),
            v6only: bind.v6.map(|v6| v6 == V6::Only),
            transparent: bind.transparent,
            interface: bind.interface.clone(),
            mss: bind.mss,
            defer_accept: bind.defer_accept,
            tfo: bind.tfo,
            user_timeout: bind.tcp_ut,
            congestion_control: bind.congestion_control.clone(),
            keepalive: proxy.options.clitcpka.is_some_and(|on| on.value),
            threads: bind.threads.clone(),
            shards: bind.shards,
            mode: bind.mode,
            user: bind.user.clone(),
            group: bind.group.clone(),
        })
    }

    /// What a `stats socket` line wants.
    pub(crate) fn of_stats(
        socket: &config::model::StatsSocket,
        prefix: &str,
    ) -> Result<Wanted, String> {
        Ok(Wanted {
            place: place(&socket.address, prefix)?,
            backlog: 16,
            reuse_port: true,
            v6only: None,
            transparent: false,
            interface: None,
            mss: None,
            defer_accept: false,
            tfo: false,
            user_timeout: None,
            congestion_control: None,
            keepalive: false,
            threads: Vec::new(),
            shards: None,
            mode: socket.mode,
            user: socket.user.clone(),
            group: socket.group.clone(),
        })
    }

    /// What tells the socket from others, for a process that takes it over; none for one that was inherited.
    pub(crate) fn key(&self) -> Option<String> {
        if let Place::Inherited(_) = self.place {
            return None;
        }
        let Wanted { place, interface, v6only, transparent, .. } = self;
        let key = format!("{place} {interface:?} {v6only:?} {transparent}");
        (!key.contains('\n')).then_some(key)
    }

    /// Takes a socket over that another process opened for the same.
    ///
    /// # Errors
    /// It is no socket that listens.
    pub(crate) fn adopt(&self, socket: OwnedFd) -> Result<Listening, String> {
        let socket = Socket::from(socket);
        let domain = socket.set_nonblocking(true).and_then(|()| {
            // The queue may have another length from now on.
            socket.listen(self.backlog)?;
            Ok(socket.local_addr()?.domain())
        });
        match domain {
            Ok(Domain::UNIX) => Ok(Listening::Unix(OwnedFd::from(socket).into())),
            Ok(_) => Ok(Listening::Tcp(socket.into())),
            Err(e) => Err(format!("cannot take over {}: {e}", self.place)),
        }
    }

    /// Opens the socket.
    pub(crate) fn open(&self) -> Result<Listening, String> {
        let opened = match &self.place {
            Place::Tcp(address) => self.open_tcp(*address).map(Listening::Tcp),
            Place::Unix(path) => self.open_path(path).map(Listening::Unix),
            Place::Abstract(name, _) => {
                self.open_unix(&format!("\0{name}").into()).map(Listening::Unix)
            }
            Place::Inherited(fd) => inherited(*fd),
        };
        opened.map_err(|e| self.in_words(&e))
    }

    fn in_words(&self, error: &io::Error) -> String {
        let place = &self.place;
        match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("cannot bind {place}: something else listens there already")
            }
            io::ErrorKind::PermissionDenied => format!(
                "cannot bind {place}: permission denied (ports below 1024 need root or CAP_NET_BIND_SERVICE)"
            ),
            io::ErrorKind::AddrNotAvailable => {
                format!("cannot bind {place}: this machine does not have the address")
            }
            _ => format!("cannot bind {place}: {error}"),
        }
    }

    fn open_tcp(&self, address: SocketAddr) -> io::Result<std::net::TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_reuse_address(true)?;
        if self.reuse_port {
            socket.set_reuse_port(true)?;
        }
        if let Some(only) = self.v6only.filter(|_| address.is_ipv6()) {
            // Without `v4v6` or `v6only` the system's own default holds, as in HAProxy.
            socket.set_only_v6(only)?;
        }
        if self.transparent {
            match address {
                SocketAddr::V4(_) => socket.set_ip_transparent_v4(true)?,
                SocketAddr::V6(_) => socket.set_ip_transparent_v6(true)?,
            }
        }
        if let Some(interface) = &self.interface {
            socket.bind_device(Some(interface.as_bytes()))?;
        }
        // Connections inherit it, those too that come before a thread accepts.
        socket.set_tcp_nodelay(true)?;
        self.tune(&socket);
        socket.bind(&address.into())?;
        socket.listen(self.backlog)?;
        Ok(socket.into())
    }

    /// What a socket can do without: where the system does not, a warning says so.
    fn tune(&self, socket: &Socket) {
        let place = &self.place;
        let tried = |what: &str, done: io::Result<()>| {
            if let Err(e) = done {
                say(Grave::Warning, &format!("{place}: {what}: {e}"));
            }
        };
        if let Some(mss) = self.mss {
            // A negative size is so much less than the system's.
            let size = match u32::try_from(mss) {
                Ok(size) => Ok(size),
                Err(_) => socket.tcp_mss().map(|own| own.saturating_sub(mss.unsigned_abs())),
            };
            tried("mss", size.and_then(|size| socket.set_tcp_mss(size)));
        }
        if self.keepalive {
            // What is accepted inherits it.
            tried("option clitcpka", socket.set_keepalive(true));
        }
        if let Some(limit) = self.user_timeout {
            tried("tcp-ut", socket.set_tcp_user_timeout(Some(limit)));
        }
        if let Some(name) = &self.congestion_control {
            tried("cc", socket.set_tcp_congestion(name.as_bytes()));
        }
        if self.defer_accept {
            let seconds = DEFERRED.as_secs() as u32;
            tried("defer-accept", set_tcp_option(socket, TCP_DEFER_ACCEPT, seconds));
        }
        if self.tfo {
            let queue = self.backlog.unsigned_abs();
            tried("tfo", set_tcp_option(socket, TCP_FASTOPEN, queue));
        }
    }

    /// Binds under another name and renames, so that the path is never without a listener.
    fn open_path(&self, path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.tmp", std::process::id()));
        let beside = path.with_file_name(name);
        // A leftover of a process with our number is of no use to anybody.
        let _ = std::fs::remove_file(&beside);
        let listener = self.open_unix(&beside)?;
        let placed = self.dress(&beside).and_then(|()| std::fs::rename(&beside, path));
        if let Err(error) = placed {
            // The error is what matters; the leftover is removed if it can be.
            let _ = std::fs::remove_file(&beside);
            return Err(error);
        }
        Ok(listener)
    }

    /// Mode and owner of a socket's file.
    fn dress(&self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        if let Some(mode) = self.mode {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
        let number = |word: &Option<String>, find: fn(&str) -> Result<u32, String>| match word {
            Some(word) => word.parse().or_else(|_| find(word)).map(Some).map_err(io::Error::other),
            None => Ok(None),
        };
        let uid = number(&self.user, |name| privileges::user(name).map(|user| user.uid.as_raw()))?;
        let gid =
            number(&self.group, |name| privileges::group(name).map(nix::unistd::Gid::as_raw))?;
        if uid.is_some() || gid.is_some() {
            std::os::unix::fs::chown(path, uid, gid)?;
        }
        Ok(())
    }

    fn open_unix(&self, path: &PathBuf) -> io::Result<std::os::unix::net::UnixListener> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SockAddr::unix(path)?)?;
        socket.listen(self.backlog)?;
        Ok(OwnedFd::from(socket).into())
    }
}

/// The place of an address, with `unix-bind prefix`.
fn place(address: &Address, prefix: &str) -> Result<Place, String> {
    match &address.kind {
        AddressKind::Inet { family, host, ports, .. } => {
            let ip = match host {
                Host::Ip(ip) => *ip,
                Host::Any if *family == Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                Host::Any => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                Host::Name(name) => crate::origin::resolve(name, *family)
                    .ok_or_else(|| format!("the name `{name}` cannot be resolved"))?,
            };
            match ports {
                Ports::One(port) => Ok(Place::Tcp(SocketAddr::new(ip, *port))),
                _ => Err(format!("`{ip}` has no port to listen on")),
            }
        }
        AddressKind::Unix(path) => Ok(Place::Unix(format!("{prefix}{path}").into())),
        AddressKind::Abns(name) => {
            let whole = address.kind.abstract_name().unwrap_or_default();
            Ok(Place::Abstract(whole, format!("abns@{name}")))
        }
        AddressKind::Abnsz(name) => Ok(Place::Abstract(name.clone(), format!("abnsz@{name}"))),
        AddressKind::Fd(number) => Ok(Place::Inherited(*number)),
        AddressKind::UnixDatagram(path) => {
            Err(format!("`{path}` takes datagrams: nothing can be accepted there"))
        }
        AddressKind::Other(text) => Err(format!("`{text}` is no address to listen on")),
    }
}

/// A copy of a descriptor that the parent process opened for us.
fn inherited(fd: u32) -> io::Result<Listening> {
    let raw = i32::try_from(fd).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // Asking first whether it is open keeps the borrow below true.
    if !Path::new(&format!("/proc/self/fd/{raw}")).exists() {
        return Err(io::Error::other("no such descriptor was inherited"));
    }
    #[expect(unsafe_code, reason = "a descriptor named by a number can only be borrowed so")]
    // SAFETY: the descriptor is open (checked above) and stays so: nothing here closes inherited descriptors, and
    // the borrow ends within this function.
    let borrowed = unsafe { BorrowedFd::borrow_raw(raw) };
    let socket = Socket::from(nix::unistd::dup(borrowed)?);
    socket.set_nonblocking(true)?;
    let domain = socket.local_addr()?.domain();
    if domain == Domain::UNIX {
        Ok(Listening::Unix(OwnedFd::from(socket).into()))
    } else {
        Ok(Listening::Tcp(socket.into()))
    }
}

/// Whether the descriptor refers to a socket that listens; for messages.
#[cfg(test)]
fn listens(listening: &Listening) -> bool {
    let fd = match listening {
        Listening::Tcp(socket) => socket.as_fd(),
        Listening::Unix(socket) => socket.as_fd(),
    };
    socket2::SockRef::from(&fd).is_listener().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(place: Place) -> Wanted {
        Wanted {
            place,
            backlog: 10,
            reuse_port: true,
            v6only: None,
            transparent: false,
            interface: None,
            mss: None,
            defer_accept: false,
            tfo: false,
            user_timeout: None,
            congestion_control: None,
            keepalive: false,
            threads: Vec::new(),
            shards: None,
            mode: None,
            user: None,
            group: None,
        }
    }

    #[test]
    fn a_port_that_is_taken_is_refused_in_words() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("its address");
        let why = wanted(Place::Tcp(address)).open().expect_err("it is taken");
        assert_eq!(why, format!("cannot bind {address}: something else listens there already"));
    }

    #[test]
    fn two_of_ours_share_a_port() {
        let first =
            wanted(Place::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))).open().expect("a port");
        let Listening::Tcp(first) = first else { panic!("TCP") };
        let address = first.local_addr().expect("its address");
        let second = wanted(Place::Tcp(address)).open().expect("the same port");
        assert!(listens(&second));
    }

    #[test]
    fn an_inherited_descriptor_is_used_and_left_open() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let fd = u32::try_from(socket.as_raw_fd()).expect("a number");
        let ours = wanted(Place::Inherited(fd)).open().expect("the descriptor");
        assert!(listens(&ours));
        drop(ours);
        assert!(socket.local_addr().is_ok());
        assert!(wanted(Place::Inherited(99_999)).open().is_err());
    }

    #[test]
    fn a_unix_socket_replaces_a_file_that_was_left_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        std::fs::write(&path, "left over").expect("a file");
        let mut one = wanted(Place::Unix(path.clone()));
        one.mode = Some(0o600);
        let listening = one.open().expect("a socket");
        assert!(listens(&listening));
        assert!(std::os::unix::net::UnixStream::connect(&path).is_ok());
    }
}
