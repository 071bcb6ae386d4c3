//! A start, in the order in which its steps can fail without leaving anything behind.
//!
//! Read, open, name, become, run: files are read first, sockets are opened while there are rights to, the pid is
//! written, privileges are dropped, and only then do threads and connections exist.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use config::model::Global;
use diag::Sources;
use forward::{Generation, Process, Settings};
use rules::Program;

use crate::arguments::Arguments;
use crate::daemon::{self, Daemon, Opened};
use crate::disk::Disk;
use crate::load::{self, Read};
use crate::origin::Origin;
use crate::runtime::StatsSocket;
use crate::supervise::Supervisor;
use crate::take_over::{self, Answer, Sockets};
use crate::words::{Grave, answer, say, show};
use crate::workers::Workers;
use crate::{background, dumps, memory, names, notify, pidfile, privileges, states};

/// Why the start failed; empty when it was said already.
type Failure = String;

/// Reads, opens, becomes, runs until told to end.
pub(crate) fn run(arguments: &Arguments, command_line: &[OsString]) -> Result<ExitCode, Failure> {
    if arguments.memory.is_some() && !arguments.check {
        memory::start_lean(command_line)?;
    }
    // The child in the background begins where its parent was.
    if let Some(directory) = arguments.directory.as_ref().filter(|_| !background::is_child()) {
        std::env::set_current_dir(directory)
            .map_err(|e| format!("{}: {e}", directory.display()))?;
    }
    let disk = Disk::open().map_err(|e| format!("opening the working directory: {e}"))?;
    let origin = Origin::new(arguments, disk);
    let read = load::read(&origin)?;
    let quiet = arguments.quiet || read.says("quiet") && !arguments.verbose;
    tell(arguments, &read, quiet);
    dumps::print(arguments, &origin, &read.sources);
    let zero = arguments.warnings_are_errors || read.says("zero-warning");
    let refused = read.program.is_none() || (zero && read.warns());
    let nameless = read.program.as_ref().map_or(Ok(Vec::new()), |it| names::find(it, &origin))?;
    if !background::is_child() && !quiet {
        nameless.iter().for_each(|line| say(Grave::Notice, line.trim_end()));
    }
    let report = format!("{}{}", read.report(), nameless.concat());
    if arguments.check {
        if refused {
            return Err(String::new());
        }
        if !quiet {
            answer("Configuration file is valid");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(program) = read.program.filter(|_| !refused) else {
        return Err("the configuration has errors: nothing was started".into());
    };
    let global = &program.config().global;
    if goes_to_background(arguments, global) && !background::is_child() {
        return match background::start(command_line) {
            Ok(true) => Ok(ExitCode::SUCCESS),
            Ok(false) => Err(String::new()),
            Err(e) => Err(format!("going to the background: {e}")),
        };
    }
    let program = Arc::clone(&program);
    serve(arguments, &program, (read.text, Arc::new(read.sources), report), origin)
}

/// Findings, and what the command line asked in vain.
fn tell(arguments: &Arguments, read: &Read, quiet: bool) {
    // The child of a start in the background would say everything twice.
    if background::is_child() {
        return;
    }
    if !quiet || read.program.is_none() {
        show(&read.report());
    }
    if !quiet && !arguments.check {
        for (option, why) in &arguments.meaningless {
            say(Grave::Notice, &format!("{option} changes nothing: {why}"));
        }
    }
}

fn goes_to_background(arguments: &Arguments, global: &Global) -> bool {
    let wanted = arguments.daemon || (global.daemon.is_some() && !arguments.master_worker);
    wanted && !arguments.foreground && !arguments.debug
}

fn serve(
    arguments: &Arguments,
    program: &Arc<Program>,
    (text, sources, report): (admin::ConfigText, Arc<Sources>, String),
    origin: Origin,
) -> Result<ExitCode, Failure> {
    let global = program.config().global.clone();
    let supervisor = Supervisor::new()?;
    let threads = threads(&global);
    limits(&global, arguments.maxconn)?;
    arguments.memory.map_or(Ok(()), memory::limit)?;
    let mut taken = arguments.take_over.as_deref().map_or(Ok(Sockets::new()), take)?;
    let identity = privileges::identity(&global)?;
    let opened = Opened::new(program, (text, sources), threads, &mut taken)?;
    let mut stats = StatsSocket::open_all(&global)?;
    if program.listeners().is_empty() && stats.is_empty() && !opened.takes_logs() {
        return Err("no frontend has a `bind` line: there is nothing to listen on".into());
    }
    match &arguments.master_socket {
        Some(socket) if arguments.master_worker => stats.push(StatsSocket::open_master(socket)?),
        Some(_) if !arguments.quiet => {
            say(Grave::Warning, "-S without -W or -Ws: there is no master, so no master CLI");
        }
        _ => {}
    }
    let process = Process::new(settings(&global, threads, arguments.maxconn));
    limit_arrivals(&process, &global);
    let resolve = |name: &str, family| origin.resolve(name, family);
    let generation = Generation::new(Arc::clone(program), &process, &resolve, None);
    states::restore(&generation, &origin.disk);
    daemon::apply_frontend_maxconn(arguments.frontend_maxconn, &generation);
    let named =
        arguments.pidfile.as_deref().or(global.pidfile.as_ref().map(|file| Path::new(&file.value)));
    if let Some(file) = named {
        pidfile::write(file)?;
    }
    let root = global.chroot.as_ref().map(|root| root.value.as_str());
    privileges::drop(root, identity)?;

    // From here on memory comes and goes with connections. In huge pages the allocator would keep 2 MiB for a
    // single one that lives on; a large configuration was read into some before this. Only a wish.
    let _ = nix::sys::prctl::set_thp_disable(true);
    let workers =
        Workers::start(threads, &process).map_err(|e| format!("starting threads: {e}"))?;
    let daemon = Daemon::start(opened, process, generation, workers, origin);
    daemon.note_report(report);
    if background::is_child() {
        background::ready().map_err(|e| format!("leaving the terminal: {e}"))?;
    }
    notify::tell("READY=1");
    relieve(arguments);
    let ended = supervisor.run(&daemon, stats, &global);
    // A master says by its exit code which signal ended it; service managers count on that.
    let told = ended.filter(|_| arguments.master_worker);
    Ok(told.map_or(ExitCode::SUCCESS, |signal| ExitCode::from(128 + signal)))
}

/// `-x`: the sockets of the process before us. `/dev/null` is none, as for HAProxy.
fn take(socket: &Path) -> Result<Sockets, Failure> {
    if socket == Path::new("/dev/null") {
        return Ok(Sockets::new());
    }
    match take_over::ask(socket) {
        Ok(Answer::Sockets(sockets)) => Ok(sockets),
        Ok(Answer::Other(said)) => {
            let why = "its process is no proxyd, or the socket lacks `expose-fd listeners`";
            let what = format!(
                "-x {}: no sockets come from there, they are bound anew: {why} (it says: {said})",
                socket.display()
            );
            say(Grave::Warning, &what);
            Ok(Sockets::new())
        }
        Err(e) => {
            let path = socket.display();
            Err(format!("-x {path}: the sockets of the old process cannot be taken over: {e}"))
        }
    }
}

/// `nbthread`, or one thread for each processor.
fn threads(global: &Global) -> usize {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    global.nbthread.map_or(available, |threads| threads.value as usize).clamp(1, 256)
}

fn limits(global: &Global, maxconn: Option<u32>) -> Result<(), Failure> {
    let maxconn = maxconn.or(global.maxconn.map(|maxconn| maxconn.value));
    let needed = maxconn.map(|maxconn| u64::from(maxconn) * 2 + 100);
    match (global.ulimit_n.map(|limit| limit.value), needed) {
        (Some(limit), _) => privileges::raise_descriptors(limit),
        (None, Some(needed)) => privileges::raise_descriptors(needed),
        (None, None) => Ok(()),
    }
}

fn settings(global: &Global, threads: usize, maxconn: Option<u32>) -> Settings {
    let or = |setting: config::model::Setting<u32>, default| {
        setting.map_or(default, |value| value.value) as usize
    };
    let argument = std::env::args_os().next().unwrap_or_default();
    let tag = Path::new(&argument)
        .file_name()
        .map_or("proxyd".into(), |name| name.to_string_lossy().into_owned());
    Settings {
        threads,
        bufsize: or(global.bufsize, 16384),
        maxrewrite: or(global.maxrewrite, 1024),
        maxhdr: or(global.http_maxhdr, 101),
        maxconn: maxconn
            .or(global.maxconn.map(|maxconn| maxconn.value))
            .unwrap_or_else(privileges::default_maxconn),
        share_idle: global.idle_pool_shared.is_none_or(|shared| shared.value),
        pid: std::process::id(),
        nameservers: forward::system_nameservers(
            &std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default(),
        ),
        hostname: hostname(global),
        tag,
    }
}

/// `maxconnrate` and `maxsessrate`.
fn limit_arrivals(process: &Process, global: &Global) {
    let of = |setting: config::model::Setting<u32>| setting.map_or(0, |limit| limit.value);
    process.arrivals.limit_connections(of(global.maxconnrate));
    process.arrivals.limit_sessions(of(global.maxsessrate));
}

fn hostname(global: &Global) -> String {
    let own = || {
        nix::unistd::gethostname()
            .map_or_else(|_| "localhost".into(), |name| name.to_string_lossy().into_owned())
    };
    global.node.as_ref().map_or_else(own, |node| node.value.clone())
}

/// `-sf` and `-st`: the processes before us may go.
fn relieve(arguments: &Arguments) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    let finish = arguments.finish.iter().map(|pid| (pid, Signal::SIGUSR1));
    let terminate = arguments.terminate.iter().map(|pid| (pid, Signal::SIGTERM));
    for (pid, signal) in finish.chain(terminate) {
        if let Err(e) = kill(Pid::from_raw(*pid), signal) {
            say(Grave::Warning, &format!("process {pid} cannot be told to go: {e}"));
        }
    }
}
