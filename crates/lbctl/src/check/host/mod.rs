//! `--env host`: whether this machine has what a configuration asks for: files, users, names, addresses, limits.
//!
//! Everything here opens, resolves or binds something, so nothing of it runs without the option.

mod certificate;
mod limits;
mod routed;
mod x509;

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};

use config::model::{Config, ProxyKind};
use config_parse::address::{Address, AddressKind, Host, Ports};
use config_parse::env::Environment;
use config_parse::sections;
use config_parse::tree::{self, LineKind, Word};
use diag::{Code, Diagnostic, Sources, Span, codes};

use certificate::{Key, Names};

/// What the machine lacks.
pub(super) fn findings(sources: &Sources, env: &Environment, config: &Config) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut words = Words::default();
    tree::each_line(sources, env, |line| {
        if line.kind == LineKind::Words {
            words.file(line.words.first(), sources);
            words.line(&line.words, &mut findings);
        }
    });
    addresses(config, &mut findings);
    names(config, &mut findings);
    routed::hosts(config, &words.certificates, &mut findings);
    routed::maps(config, &words.folder, &mut findings);
    limits::config(config, &mut findings);
    findings
}

/// Paths and identities as they stand in the lines, whether or not `proxyd` carries the line out.
#[derive(Default)]
struct Words {
    /// Where relative names begin: `default-path`.
    folder: PathBuf,
    default_path: DefaultPath,
    /// The folder of the file that is read.
    file: PathBuf,
    is_global: bool,
    crt_base: PathBuf,
    ca_base: PathBuf,
    key_base: PathBuf,
    /// Certificates that a `crt-store` loads.
    loaded: Vec<String>,
    /// Those of each `bind` line, by the place of the line.
    certificates: Vec<(Span, Names)>,
}

/// `default-path` (manual 3.1).
#[derive(Default)]
enum DefaultPath {
    #[default]
    Current,
    Config,
    Parent,
    Origin(PathBuf),
}

impl Words {
    /// The file of a line may be another than that of the line before.
    fn file(&mut self, word: Option<&Word<'_>>, sources: &Sources) {
        let file = word.and_then(|word| sources.file(word.span.file));
        let folder = file.and_then(|file| Path::new(&file.name).parent()).unwrap_or(Path::new(""));
        if folder != self.file {
            self.file = folder.to_path_buf();
            self.follow();
        }
    }

    fn default_path(&mut self, words: &[Word<'_>], findings: &mut Vec<Diagnostic>) {
        let how = words.get(1).map_or("", |word| word.text.as_ref());
        self.default_path = match how {
            "config" => DefaultPath::Config,
            "parent" => DefaultPath::Parent,
            "origin" => {
                let path = words.get(2).map_or("", |word| word.text.as_ref());
                folder(words.get(2), codes::E0701, findings);
                DefaultPath::Origin(path.into())
            }
            _ => DefaultPath::Current,
        };
        self.follow();
    }

    fn follow(&mut self) {
        self.folder = match &self.default_path {
            DefaultPath::Current => PathBuf::new(),
            DefaultPath::Config => self.file.clone(),
            DefaultPath::Parent => self.file.join(".."),
            DefaultPath::Origin(path) => path.clone(),
        };
    }

    fn line(&mut self, words: &[Word<'_>], findings: &mut Vec<Diagnostic>) {
        let word = |at: usize| words.get(at).map_or("", |word| word.text.as_ref());
        if sections::is_section(word(0)) {
            self.is_global = word(0) == "global";
        }
        match word(0) {
            "default-path" => self.default_path(words, findings),
            "crt-base" => self.crt_base = PathBuf::from(word(1)),
            "key-base" => self.key_base = PathBuf::from(word(1)),
            "ca-base" => self.ca_base = PathBuf::from(word(1)),
            name @ ("user" | "group") if self.is_global => identity(words.get(1), name, findings),
            "issuers-chain-path" => folder(words.get(1), codes::E0701, findings),
            // The folder may come into being before the start.
            "chroot" => folder(words.get(1), codes::W0733, findings),
            "lua-load" | "lua-load-per-thread" => {
                readable(words.get(1), &self.folder, findings);
            }
            "stats" if word(1) == "socket" => self.options(words, findings),
            "unix-bind" | "bind" | "server" | "default-server" => self.options(words, findings),
            "load" if word(1) == "crt" => {
                // What is for tokens has no key.
                let at = words.iter().position(|word| matches!(&*word.text, "key" | "jwt"));
                let key = match at.and_then(|at| words.get(at..=at + 1)) {
                    Some([word, file]) if word.text == "key" => {
                        Key::In(self.folder.join(&self.key_base).join(&*file.text))
                    }
                    _ if at.is_some() => Key::Elsewhere,
                    _ => Key::Near,
                };
                let base = self.folder.join(&self.crt_base);
                certificate::check(words.get(2), &base, &key, findings);
                self.loaded.push(word(2).to_owned());
            }
            _ => {}
        }
    }

    fn options(&mut self, words: &[Word<'_>], findings: &mut Vec<Diagnostic>) {
        let line = words.first().filter(|word| word.text == "bind").map(|word| word.span);
        let (crt_base, ca_base) =
            (self.folder.join(&self.crt_base), self.folder.join(&self.ca_base));
        for pair in words.windows(2) {
            let [name, value] = pair else { continue };
            match name.text.as_ref() {
                "crt" => {
                    let key = Key::of(&value.text, &self.loaded);
                    let names = certificate::check(Some(value), &crt_base, &key, findings);
                    self.certificates.extend(line.map(|line| (line, names)));
                }
                "crt-list" if !value.text.starts_with('@') => {
                    let path = self.folder.join(&*value.text);
                    let names = certificate::list(value, &path, &crt_base, &self.loaded, findings);
                    self.certificates.extend(line.map(|line| (line, names)));
                }
                "ca-file" | "crl-file" | "ca-verify-file" if !value.text.starts_with('@') => {
                    readable(Some(value), &ca_base, findings);
                }
                name @ ("user" | "group") => identity(Some(value), name, findings),
                _ => {}
            }
        }
    }
}

fn identity(word: Option<&Word<'_>>, what: &str, findings: &mut Vec<Diagnostic>) {
    let Some(word) = word.filter(|word| !word.text.is_empty()) else { return };
    let known = match what {
        "user" => nix::unistd::User::from_name(&word.text).map(|user| user.is_some()),
        _ => nix::unistd::Group::from_name(&word.text).map(|group| group.is_some()),
    };
    if known == Ok(false) {
        let message = format!("this machine has no {what} named `{}`", word.text);
        findings.push(Diagnostic::new(codes::E0720, word.span, message));
    }
}

fn folder(word: Option<&Word<'_>>, code: Code, findings: &mut Vec<Diagnostic>) {
    let Some(word) = word else { return };
    if !Path::new(word.text.as_ref()).is_dir() {
        let message = format!("`{}` is no folder of this machine", word.text);
        findings.push(Diagnostic::new(code, word.span, message));
    }
}

fn readable(word: Option<&Word<'_>>, base: &Path, findings: &mut Vec<Diagnostic>) {
    let Some(word) = word.filter(|word| !word.text.is_empty()) else { return };
    let path = base.join(word.text.as_ref());
    if let Err(why) = std::fs::File::open(&path) {
        findings.push(unreadable(word.span, &path, &why));
    }
}

fn unreadable(at: Span, path: &Path, why: &std::io::Error) -> Diagnostic {
    Diagnostic::new(codes::E0701, at, format!("`{}` cannot be read: {why}", path.display()))
}

/// Each address is bound for a moment, as a start would do. A warning: the file is right, and runs where its
/// addresses are.
fn addresses(config: &Config, findings: &mut Vec<Diagnostic>) {
    for proxy in config.proxies.iter().filter(|proxy| proxy.disabled.is_none()) {
        for address in proxy.binds.iter().flat_map(|bind| &bind.addresses) {
            let Some(socket) = literal(address) else { continue };
            if let Err(why) = TcpListener::bind(socket) {
                let message = format!("`{socket}` cannot be bound: {why}");
                findings.push(Diagnostic::new(codes::W0732, address.span, message));
            }
        }
    }
}

/// The address, when it is one of the internet with one port and no name.
fn literal(address: &Address) -> Option<SocketAddr> {
    let AddressKind::Inet { host, ports: Ports::One(port), datagram: false, .. } = &address.kind
    else {
        return None;
    };
    match host {
        Host::Ip(ip) => Some(SocketAddr::new(*ip, *port)),
        Host::Any => Some(SocketAddr::from(([0, 0, 0, 0], *port))),
        Host::Name(_) => None,
    }
}

/// Names of servers are resolved at the start, unless `init-addr` or `resolvers` say otherwise.
fn names(config: &Config, findings: &mut Vec<Diagnostic>) {
    for proxy in config.proxies.iter().filter(|proxy| proxy.kind != ProxyKind::Frontend) {
        for server in &proxy.servers {
            let AddressKind::Inet { host: Host::Name(name), .. } = &server.address.kind else {
                continue;
            };
            let late =
                server.settings.init_addr.as_ref().is_some_and(|how| how.value.contains("none"));
            if late || name.starts_with('_') {
                continue;
            }
            if let Err(why) = (name.as_str(), 0).to_socket_addrs() {
                let message = format!("`{name}` has no address here: {why}");
                let finding = Diagnostic::new(codes::E0702, server.address.span, message);
                findings.push(
                    finding.help("`init-addr last,libc,none` lets the server wait for an address"),
                );
            }
        }
    }
}
