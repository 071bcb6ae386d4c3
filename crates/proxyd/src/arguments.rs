//! The command line, which is HAProxy's (management.txt section 3), so that unit files work unchanged.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `-f` and what follows `--`: files and directories, in order.
    pub(crate) files: Vec<PathBuf>,
    /// `-C`: change to this directory first.
    pub(crate) directory: Option<PathBuf>,
    /// `-c`: check and end.
    pub(crate) check: bool,
    /// `-cc`: evaluate this condition and end.
    pub(crate) condition: Option<String>,
    /// `-D`: go to the background.
    pub(crate) daemon: bool,
    /// `-db`: stay in the foreground whatever the file says.
    pub(crate) foreground: bool,
    /// `-W` or `-Ws`: run for a service manager. One process does what master and workers do.
    pub(crate) master_worker: bool,
    /// `-Ws`: tell the service manager when ready.
    pub(crate) notify: bool,
    /// `-d`: say more.
    pub(crate) debug: bool,
    /// `-S`: listen here for the master CLI, an address and `bind` options parted by commas.
    pub(crate) master_socket: Option<String>,
    /// `-p`: write the process id here.
    pub(crate) pidfile: Option<PathBuf>,
    /// `-n`: `maxconn` of the process, over the file's.
    pub(crate) maxconn: Option<u32>,
    /// `-N`: `maxconn` of frontends that have none.
    pub(crate) frontend_maxconn: Option<u32>,
    /// `-q`: say nothing at the start.
    pub(crate) quiet: bool,
    /// `-V`: say more at the start.
    pub(crate) verbose: bool,
    /// `-v` and its kin: say the version and end.
    pub(crate) version: Option<Version>,
    /// `-h`, or nothing at all: say how to use it and end.
    pub(crate) help: bool,
    /// `-sf`: ask these processes to finish once ready.
    pub(crate) finish: Vec<i32>,
    /// `-st`: end these processes once ready.
    pub(crate) terminate: Vec<i32>,
    /// `-dW`: warnings refuse the configuration.
    pub(crate) warnings_are_errors: bool,
    /// `-L`: the name of this machine among peers.
    pub(crate) local_peer: Option<String>,
    /// `-m`: megabytes of memory.
    pub(crate) memory: Option<u32>,
    /// `-x`: take the listening sockets over from the process behind this runtime socket.
    pub(crate) take_over: Option<PathBuf>,
    /// `-dr`, `-4`: how names are resolved.
    pub(crate) naming: Naming,
    /// `-dI`: as `insecure-fork-wanted` in `global`.
    pub(crate) insecure_fork: bool,
    /// `-dR`: as `noreuseport` in `global`.
    pub(crate) no_reuse_port: bool,
    /// What is printed once the configuration was read.
    pub(crate) dumps: Dumps,
    /// What was accepted and has no meaning here: as typed, and why.
    pub(crate) meaningless: Vec<(String, &'static str)>,
}

/// How names of servers are resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Naming {
    /// `-dr`: a name that cannot be resolved is no reason not to start.
    pub(crate) may_fail: bool,
    /// `-4`: IPv4 addresses only.
    pub(crate) only_v4: bool,
}

/// What is printed once the configuration was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dumps {
    /// `-dC`: the configuration, in words.
    pub(crate) configuration: bool,
    /// `-dD`: findings of every kind with their places, and `.diag` messages.
    pub(crate) diagnostics: bool,
    /// `-dK`: keywords of these classes.
    pub(crate) keywords: Option<String>,
    /// `-dL`: the program's file and the libraries it is linked with.
    pub(crate) libraries: bool,
}

/// How the version is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// `-v`: in a line.
    Line,
    /// `-vv`: with what was built in.
    Built,
    /// `-vq`: the number alone.
    Number,
    /// `-vqs`: the number without what stands behind a dash.
    Short,
    /// `-vqb`: the first two parts of the number.
    Branch,
}

/// Why the command line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Usage(pub(crate) String);

/// Options of HAProxy that cannot mean anything here, or their beginnings, and why.
const MEANINGLESS: &[(&str, &str)] = &[
    ("-de", "epoll is the only poller"),
    ("-dk", "epoll is the only poller"),
    ("-dp", "epoll is the only poller"),
    ("-dv", "epoll is the only poller"),
    ("-ds", "epoll is the only poller"),
    ("-dS", "splice() is not used"),
    ("-dF", "there is no fast-forwarding that could be left out"),
    ("-dZ", "there is no zero-copy mode that could be left out"),
    ("-dT", "kTLS is not used"),
    ("-dV", "servers are not spoken to over TLS"),
    ("-dG", "names are resolved by the system, with getaddrinfo()"),
    ("-dc", "threads are not bound to processors"),
    ("-dA", "there are no libraries to pack but the system's own: `-dL` lists them"),
    ("-dM", "memory is the allocator's, which poisons nothing"),
    ("-dt", "there are no traces: the log and the runtime socket tell what happens"),
];

/// Options with a value that is part of the same word.
const WITH_MORE: &[&str] = &["-dA", "-dM", "-dt"];

/// Why an option means nothing here, if it is one that HAProxy has.
fn meaningless(word: &str) -> Option<&'static str> {
    let fits = |(option, _): &&(&str, _)| {
        *option == word || (WITH_MORE.contains(option) && word.starts_with(option))
    };
    MEANINGLESS.iter().find(fits).map(|(_, why)| *why)
}

/// Reads the command line, the program's name left out.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, Usage> {
    let mut words = words.into_iter().peekable();
    let mut arguments = Arguments::default();
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        let text = word.to_string_lossy().into_owned();
        if arguments.switch(&text) {
            continue;
        }
        let mut value =
            |what: &str| words.next().ok_or_else(|| Usage(format!("{text} needs {what}")));
        match text.as_str() {
            "-f" => arguments.files.push(value("a file or a directory")?.into()),
            "-C" => arguments.directory = Some(value("a directory")?.into()),
            "-p" => arguments.pidfile = Some(value("a file")?.into()),
            "-n" => arguments.maxconn = Some(number(&text, &value("a number")?)?),
            "-N" => arguments.frontend_maxconn = Some(number(&text, &value("a number")?)?),
            "-m" => arguments.memory = Some(number(&text, &value("a number of megabytes")?)?),
            "-x" => arguments.take_over = Some(value("a runtime socket")?.into()),
            "-L" => arguments.local_peer = Some(in_text(&value("a name")?)),
            "-cc" => arguments.condition = Some(in_text(&value("a condition")?)),
            "-S" => arguments.master_socket = Some(in_text(&value("an address")?)),
            "-sf" | "-st" => {
                let pids =
                    if text == "-sf" { &mut arguments.finish } else { &mut arguments.terminate };
                while let Some(pid) =
                    words.peek().and_then(|word| word.to_str()).and_then(|word| word.parse().ok())
                {
                    pids.push(pid);
                    words.next();
                }
            }
            "--" => arguments.files.extend(words.by_ref().map(PathBuf::from)),
            other => match meaningless(other) {
                Some(why) => arguments.meaningless.push((text, why)),
                None => return Err(Usage(format!("`{other}` is no option"))),
            },
        }
    }
    arguments.help |= !any;
    let idle = arguments.help || arguments.version.is_some() || arguments.condition.is_some();
    if arguments.files.is_empty() && !idle {
        return Err(Usage("no configuration: use -f FILE".into()));
    }
    Ok(arguments)
}

impl Arguments {
    /// Takes an option without a value; false when it is none.
    fn switch(&mut self, word: &str) -> bool {
        match word {
            "-c" => self.check = true,
            "-D" => self.daemon = true,
            "-db" => self.foreground = true,
            "-W" => self.master_worker = true,
            "-Ws" => (self.master_worker, self.notify) = (true, true),
            "-4" => self.naming.only_v4 = true,
            "-d" => self.debug = true,
            "-dr" => self.naming.may_fail = true,
            "-dD" => self.dumps.diagnostics = true,
            "-dI" => self.insecure_fork = true,
            "-dL" => self.dumps.libraries = true,
            "-dR" => self.no_reuse_port = true,
            "-dW" => self.warnings_are_errors = true,
            "-q" => self.quiet = true,
            "-V" => (self.verbose, self.quiet) = (true, false),
            "-v" => self.version = Some(Version::Line),
            "-vv" => self.version = Some(Version::Built),
            "-vq" => self.version = Some(Version::Number),
            "-vqs" => self.version = Some(Version::Short),
            "-vqb" => self.version = Some(Version::Branch),
            "-h" | "--help" => self.help = true,
            _ if word.starts_with("-dC") => self.dumps.configuration = true,
            _ => match word.strip_prefix("-dK") {
                Some(classes) => self.dumps.keywords = Some(classes.to_owned()),
                None => return false,
            },
        }
        true
    }
}

fn in_text(word: &OsString) -> String {
    word.to_string_lossy().into_owned()
}

fn number(option: &str, word: &OsString) -> Result<u32, Usage> {
    let text = word.to_string_lossy();
    text.parse().map_err(|_| Usage(format!("{option} needs a number, `{text}` is none")))
}

/// How to use the program.
pub(crate) const HELP: &str = "\
proxyd: a load balancer for HTTP and WebSockets that reads HAProxy's configuration

Usage: proxyd -f FILE|DIR... [options] [-- FILE...]

  -f FILE|DIR     a configuration file, or a directory of *.cfg; may be repeated
  -c              check the configuration and end: 0 valid, 1 not
  -cc CONDITION   evaluate a condition of the language and end
  -C DIR          change to this directory first
  -D              go to the background          -db   stay in the foreground
  -W, -Ws         run for a service manager; -Ws tells it when ready
  -S ADDRESS      with -W or -Ws: a master CLI here (unix path or IP:port, options behind commas)
  -p FILE         write the process id here
  -n N            connections of the process    -N N  connections of a frontend without maxconn
  -m MB           memory of the process         -L NAME  its name among peers
  -x SOCKET       take the listening sockets over from the process behind this runtime socket
  -sf PID...      ask these processes to finish once ready
  -st PID...      end these processes once ready
  -q              say nothing at the start      -V    say more
  -4              names of servers mean IPv4 addresses
  -dr             a name that cannot be resolved does not stop the start
  -dR, -dI        as `noreuseport`, `insecure-fork-wanted` in the file
  -dW             warnings refuse the configuration
  -dD             show every finding with its place, and `.diag` messages
  -dC, -dL        print the configuration in words, the libraries in use
  -dK CLASSES     print keywords, in one word: -dKhelp lists the classes
  -v, -vv, -vq    version

Signals: HUP and USR2 reload, USR1 finishes what runs and ends, TERM and INT end now.

Examples:
  proxyd -c -f /etc/haproxy/haproxy.cfg
  proxyd -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, Usage> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_command_line_of_the_debian_unit_is_understood() {
        let arguments =
            read("-Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid").expect("arguments");
        assert!(arguments.master_worker && arguments.notify);
        assert_eq!(arguments.files, [PathBuf::from("/etc/haproxy/haproxy.cfg")]);
        assert_eq!(arguments.pidfile, Some("/run/haproxy.pid".into()));
    }

    #[test]
    fn several_files_and_pids_are_read_in_order() {
        let arguments = read("-D -f a -f b -sf 12 34 -p x -- c d").expect("arguments");
        assert_eq!(arguments.files, ["a", "b", "c", "d"].map(PathBuf::from));
        assert_eq!(arguments.finish, [12, 34]);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let cases = [
            ("-f", "-f needs a file or a directory"),
            ("-n x -f a", "-n needs a number, `x` is none"),
            ("--wrong", "`--wrong` is no option"),
            ("-c", "no configuration: use -f FILE"),
        ];
        for (line, why) in cases {
            assert_eq!(read(line), Err(Usage(why.into())), "{line}");
        }
    }

    #[test]
    fn an_option_without_meaning_is_remembered_so_that_it_can_be_told() {
        let arguments = read("-dM0x50,tag -de -m 512 -f a").expect("arguments");
        let told: Vec<_> = arguments.meaningless.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(told, ["-dM0x50,tag", "-de"]);
        assert_eq!(arguments.memory, Some(512));
    }

    #[test]
    fn every_option_of_haproxys_help_is_known() {
        let all = "-v -vv -vq -vqs -vqb -d -db -dM -dt -V -D -C d -W -Ws -q -c -cc true -4 -n 1 -m 1 -N 1 -L l \
                   -p p -dC -dC1 -de -dp -dS -dG -dR -dL -dA -dAx -dc -dKall -dr -dV -dW -dD -dF -dI -dZ -dT \
                   -sf -st -x s -S s -f f";
        assert_eq!(read(all).map(|arguments| arguments.help), Ok(false));
    }

    #[test]
    fn a_later_v_takes_quiet_back() {
        let arguments = read("-q -V -f a").expect("arguments");
        assert!(arguments.verbose && !arguments.quiet);
    }
}
