//! What a configuration expects around it: addresses to call, servers to answer, places that take log lines.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use config::model::{Balance, Config, LogAddress, LogTarget, Proxy};
use config_parse::address::{Address, AddressKind, Family, Host, Ports};
use socket2::{Domain, Socket, Type};

use super::super::stub;
use crate::shell::Failure;

/// Where a client finds a listener that takes any address.
const ANY_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
const ANY_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// The surroundings of one configuration, for the life of the program.
#[derive(Debug)]
pub(crate) struct World {
    /// The folder that relative file names start from.
    pub(crate) folder: PathBuf,
    /// Each listener that a TCP client can reach: the frontend's name and an address.
    pub(crate) entries: Vec<(String, SocketAddr)>,
    /// Backends whose server is drawn by chance.
    pub(crate) drawn: Vec<String>,
    /// The log lines that came.
    log: Arc<Mutex<Vec<String>>>,
}

impl World {
    /// Starts stub servers and log sinks for `config`.
    pub(crate) fn of(folder: &Path, config: &Config) -> Result<World, Failure> {
        let folder = std::fs::canonicalize(folder).map_err(|e| e.to_string())?;
        let proxies: Vec<&Proxy> =
            config.proxies.iter().filter(|proxy| proxy.disabled.is_none()).collect();
        let mut bound = BTreeSet::new();
        let mut entries = Vec::new();
        for proxy in &proxies {
            for address in proxy.binds.iter().flat_map(|bind| &bind.addresses) {
                for (host, port) in sockets(address) {
                    bound.insert((host, port));
                    entries.push((
                        proxy.name.value.clone(),
                        SocketAddr::new(reachable(host, address), port),
                    ));
                }
            }
        }
        let mut served = BTreeSet::new();
        for server in proxies.iter().flat_map(|proxy| &proxy.servers) {
            let check = server.settings.check_addr.as_ref().map_or(&server.address, |a| &a.value);
            let check_port = server.settings.check_port.map(|port| port.value);
            let to = sockets(&server.address).into_iter().map(|(host, port)| (host, Some(port)));
            let checked = hosts(check).into_iter().map(|host| (host, check_port));
            for (host, port) in to.chain(checked) {
                let (Some(host), Some(port)) = (host, port) else { continue };
                if !bound.contains(&(Some(host), port)) && served.insert((host, port)) {
                    serve(SocketAddr::new(host, port))?;
                }
            }
        }
        let drawn = proxies.iter().filter(|proxy| is_drawn(proxy));
        let drawn = drawn.map(|proxy| proxy.name.value.clone()).collect();
        make_socket_folders(config);
        let world = World { folder, entries, drawn, log: Arc::default() };
        world.take_logs(config)?;
        Ok(world)
    }

    /// The lines that came since the last call.
    pub(crate) fn logged(&self) -> Vec<String> {
        // A sink that panicked has its line lost and no other.
        let mut lines = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut *lines)
    }

    fn take_logs(&self, config: &Config) -> Result<(), Failure> {
        let mut places = BTreeSet::new();
        let of_proxies = config.proxies.iter().flat_map(|proxy| &proxy.log);
        for target in config.global.log.iter().chain(of_proxies) {
            let LogTarget::Target(target) = target else { continue };
            let LogAddress::Address(address) = &target.to else { continue };
            match &address.kind {
                AddressKind::Inet { ports, .. } => {
                    let port = if let Ports::One(port) = ports { *port } else { 514 };
                    for host in hosts(address) {
                        places
                            .insert((host.unwrap_or(Ipv4Addr::LOCALHOST.into()).to_string(), port));
                    }
                }
                AddressKind::Unix(path) | AddressKind::UnixDatagram(path) => {
                    places.insert((path.clone(), 0));
                    if let Some(root) = &config.global.chroot {
                        places.insert((format!("{}{path}", root.value), 0));
                    }
                }
                _ => {}
            }
        }
        for (place, port) in places {
            match place.parse::<IpAddr>() {
                Ok(host) => self.take_udp(SocketAddr::new(host, port))?,
                Err(_) => self.take_unix(Path::new(&place)),
            }
        }
        Ok(())
    }

    fn take_udp(&self, place: SocketAddr) -> Result<(), Failure> {
        let socket = UdpSocket::bind(place).map_err(|e| format!("log sink {place}: {e}"))?;
        let log = self.log.clone();
        std::thread::spawn(move || take(&log, |bytes| socket.recv(bytes)));
        Ok(())
    }

    /// A path whose folder cannot be made takes nothing, for both daemons.
    fn take_unix(&self, path: &Path) {
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = std::fs::remove_file(path);
        let Ok(socket) = UnixDatagram::bind(path) else { return };
        // The daemons have left root behind when they write.
        let _ = std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let log = self.log.clone();
        std::thread::spawn(move || take(&log, |bytes| socket.recv(bytes)));
    }
}

/// The folders of the statistics sockets, which an operator has made. One that cannot be made is told by the daemons.
fn make_socket_folders(config: &Config) {
    for socket in &config.global.stats_sockets {
        if let AddressKind::Unix(path) = &socket.address.kind {
            let _ = Path::new(path).parent().map(std::fs::create_dir_all);
        }
    }
}

fn is_drawn(proxy: &Proxy) -> bool {
    proxy.balance.as_ref().is_some_and(|balance| matches!(balance.value, Balance::Random { .. }))
}

fn take(log: &Mutex<Vec<String>>, recv: impl Fn(&mut [u8]) -> std::io::Result<usize>) {
    let mut bytes = [0; 65536];
    while let Ok(n) = recv(&mut bytes) {
        let line = String::from_utf8_lossy(&bytes[..n]).trim_end().to_owned();
        log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
    }
}

/// A stub server at `place`, beside listeners that take any address on the same port.
fn serve(place: SocketAddr) -> Result<(), Failure> {
    let listen = || -> std::io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(place), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.bind(&place.into())?;
        socket.listen(128)?;
        Ok(socket.into())
    };
    let listener = listen().map_err(|e| format!("stub {place}: {e}"))?;
    stub::answer_on(listener, place.to_string());
    Ok(())
}

/// Hosts (none: any address) and ports of an address; of a range its first and last port.
fn sockets(address: &Address) -> Vec<(Option<IpAddr>, u16)> {
    let AddressKind::Inet { ports, .. } = &address.kind else { return Vec::new() };
    let ports = match *ports {
        Ports::One(port) => vec![port],
        Ports::Range(first, last) => vec![first, last],
        Ports::Unset | Ports::Offset(_) => Vec::new(),
    };
    hosts(address)
        .into_iter()
        .flat_map(|host| ports.iter().map(move |port| (host, *port)))
        .collect()
}

fn hosts(address: &Address) -> Vec<Option<IpAddr>> {
    let AddressKind::Inet { host, .. } = &address.kind else { return Vec::new() };
    match host {
        Host::Any => vec![None],
        Host::Ip(ip) if ip.is_unspecified() => vec![None],
        Host::Ip(ip) => vec![Some(*ip)],
        Host::Name(name) => (name.as_str(), 0)
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next())
            .map(|found| Some(found.ip()))
            .into_iter()
            .collect(),
    }
}

fn reachable(host: Option<IpAddr>, address: &Address) -> IpAddr {
    let v6 = matches!(
        &address.kind,
        AddressKind::Inet { family: Family::V6, .. }
            | AddressKind::Inet { host: Host::Ip(IpAddr::V6(_)), .. }
    );
    host.unwrap_or(if v6 { ANY_V6 } else { ANY_V4 })
}
