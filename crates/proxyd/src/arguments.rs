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
    /// `-v` (1) or `-vv` (2): say the version and end.
    pub(crate) version: u8,
    /// `-h`, or nothing at all: say how to use it and end.
    pub(crate) help: bool,
    /// `-sf`: ask these processes to finish once ready.
    pub(crate) finish: Vec<i32>,
    /// `-st`: end these processes once ready.
    pub(crate) terminate: Vec<i32>,
    /// `-dW`: warnings refuse the configuration.
    pub(crate) warnings_are_errors: bool,
    /// What was accepted and does nothing here, as typed.
    pub(crate) ignored: Vec<String>,
}

/// Why the command line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Usage(pub(crate) String);

/// Options of HAProxy that need no answer in one process without OpenSSL's or a poller's choices.
const WITHOUT_EFFECT: &[&str] = &[
    "-de", "-dp", "-dS", "-dR", "-dG", "-dV", "-dk", "-dr", "-dZ", "-dF", "-dD", "-dL", "-dC",
    "-ds",
];

/// Reads the command line, the program's name left out.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, Usage> {
    let mut words = words.into_iter().peekable();
    let mut arguments = Arguments::default();
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        let text = word.to_string_lossy().into_owned();
        let mut value =
            |what: &str| words.next().ok_or_else(|| Usage(format!("{text} needs {what}")));
        match text.as_str() {
            "-f" => arguments.files.push(value("a file or a directory")?.into()),
            "-C" => arguments.directory = Some(value("a directory")?.into()),
            "-p" => arguments.pidfile = Some(value("a file")?.into()),
            "-n" => arguments.maxconn = Some(number(&text, &value("a number")?)?),
            "-N" => arguments.frontend_maxconn = Some(number(&text, &value("a number")?)?),
            "-cc" => {
                arguments.condition = Some(value("a condition")?.to_string_lossy().into_owned())
            }
            "-S" => {
                let socket = value("an address")?;
                arguments.master_socket = Some(socket.to_string_lossy().into_owned());
            }
            "-m" | "-L" | "-x" => {
                let value = value("a value")?;
                arguments.ignored.push(format!("{text} {}", value.to_string_lossy()));
            }
            "-c" => arguments.check = true,
            "-D" => arguments.daemon = true,
            "-db" => arguments.foreground = true,
            "-W" => arguments.master_worker = true,
            "-Ws" => (arguments.master_worker, arguments.notify) = (true, true),
            "-d" => arguments.debug = true,
            "-q" => arguments.quiet = true,
            "-V" => arguments.verbose = true,
            "-v" => arguments.version = 1,
            "-vv" => arguments.version = 2,
            "-dW" => arguments.warnings_are_errors = true,
            "-h" | "--help" => arguments.help = true,
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
            known if WITHOUT_EFFECT.contains(&known) => arguments.ignored.push(text),
            known
                if known.starts_with("-dM")
                    || known.starts_with("-dK")
                    || known.starts_with("-dI")
                    || known.starts_with("-dt") =>
            {
                arguments.ignored.push(text);
            }
            other => return Err(Usage(format!("`{other}` is no option"))),
        }
    }
    arguments.help |= !any;
    let idle = arguments.help || arguments.version > 0 || arguments.condition.is_some();
    if arguments.files.is_empty() && !idle {
        return Err(Usage("no configuration: use -f FILE".into()));
    }
    Ok(arguments)
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
  -sf PID...      ask these processes to finish once ready
  -st PID...      end these processes once ready
  -q              say nothing at the start      -V    say more
  -dW             warnings refuse the configuration
  -v, -vv         version

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
    fn an_option_without_effect_is_remembered_so_that_it_can_be_told() {
        assert_eq!(read("-dM -m 512 -f a").expect("arguments").ignored, ["-dM", "-m 512"]);
    }
}
