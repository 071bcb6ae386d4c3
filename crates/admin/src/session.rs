//! One connection to the runtime socket: level, prompt, and the frame around every answer.

use std::time::Duration;

use crate::master::{Master, Place};
use crate::{Command, Level, Names, help, parse, words};

/// How grave an answer is; the numbers are syslog's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Severity {
    /// The command was refused.
    Error = 3,
    /// Something that operators should see in a log.
    Warning = 4,
    /// There was nothing to do.
    Notice = 5,
    /// What was asked for.
    Info = 6,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "err",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
        }
    }
}

/// `set severity-output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SeverityFormat {
    /// No mark.
    #[default]
    None,
    /// `[3]: `
    Number,
    /// `[err]: `
    String,
}

/// An answer, not yet framed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done; nothing to say.
    Done,
    /// A sentence. Its line end, if it has one, is part of it.
    Message(Severity, String),
    /// A listing; never marked with a severity.
    Dump(String),
}

/// What to do after reading one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Frame this and send it.
    Answer(Reply),
    /// Carry this out, then frame its reply and send it.
    Ask(Command),
    /// Close the connection.
    Quit,
}

/// The state of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    level: Level,
    interactive: bool,
    severity: SeverityFormat,
    timeout: Option<Duration>,
    /// On the master CLI.
    master: Option<Master>,
}

impl Session {
    /// A session that just began on a socket of this level.
    #[must_use]
    pub fn new(level: Level) -> Self {
        Self {
            level,
            interactive: false,
            severity: SeverityFormat::None,
            timeout: None,
            master: None,
        }
    }

    /// A session on the master CLI (`-S`) of the process with this id.
    #[must_use]
    pub fn of_master(level: Level, pid: u32) -> Self {
        Self { master: Some(Master { pid, place: Place::Master }), ..Self::new(level) }
    }

    /// Where commands without a prefix go.
    fn place(&self) -> Place {
        self.master.as_ref().map_or(Place::Worker, |master| master.place)
    }

    /// The level left to it.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether `prompt` was given. If not, the connection is closed after the commands that came
    /// in one go.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// The idle timeout from `set timeout cli`, if given.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// `set severity-output`, or the `severity-output` of the socket.
    pub fn set_severity(&mut self, format: SeverityFormat) {
        self.severity = format;
    }

    /// Reads one command, without its line end; see [`split`] for lines of several.
    pub fn read(&mut self, command: &str, names: &impl Names) -> Next {
        self.read_with(command, None, names)
    }

    /// Reads one command with what came behind its line; see [`payload_end`].
    pub fn read_with(&mut self, command: &str, payload: Option<&str>, names: &impl Names) -> Next {
        let owned = parse::words(command);
        let line: Vec<&str> = owned.iter().map(String::as_str).collect();
        let Some((prefix, rest)) = line.split_first().filter(|(word, _)| word.starts_with('@'))
        else {
            return self.read_at(self.place(), &line, payload, names);
        };
        let Some(master) = &mut self.master else {
            return Next::Answer(words::no_master(prefix));
        };
        match master.place_of(prefix) {
            None => Next::Answer(words::no_such_process(prefix)),
            Some(place) if rest.is_empty() => {
                master.place = place;
                Next::Answer(Reply::Done)
            }
            Some(place) => self.read_at(place, rest, payload, names),
        }
    }

    /// Reads the words of a command for one process.
    fn read_at(
        &mut self,
        place: Place,
        line: &[&str],
        payload: Option<&str>,
        names: &impl Names,
    ) -> Next {
        let Some(entry) = help::find(line, place) else {
            return Next::Answer(help::unknown(line, self.level, place));
        };
        if entry.level > self.level {
            return Next::Answer(words::permission_denied());
        }
        let arguments = line.get(entry.words.len()..).unwrap_or_default();
        match self.own(entry.words, arguments, place) {
            Some(next) => next,
            None => match parse::command(entry.words, arguments, payload, names) {
                Ok(command) => Next::Ask(command),
                Err(refusal) => Next::Answer(refusal),
            },
        }
    }

    /// The commands about the session itself.
    fn own(&mut self, name: &[&str], arguments: &[&str], place: Place) -> Option<Next> {
        let reply = match name {
            ["quit"] => return Some(Next::Quit),
            ["prompt"] => {
                self.interactive = !self.interactive;
                Reply::Done
            }
            ["help"] => help::help(arguments, self.level, place),
            ["operator"] if self.level < Level::Operator => words::permission_denied(),
            ["operator"] => self.lower(Level::Operator),
            ["user"] => self.lower(Level::User),
            ["show", "cli", "level"] => Reply::Dump(format!("{}\n", self.level.name())),
            ["expert-mode" | "experimental-mode"] => Reply::Done,
            ["set", "severity-output"] => self.severity_output(arguments),
            ["set", "timeout"] => self.idle_timeout(arguments),
            _ => return None,
        };
        Some(Next::Answer(reply))
    }

    fn lower(&mut self, level: Level) -> Reply {
        self.level = level;
        Reply::Done
    }

    fn severity_output(&mut self, arguments: &[&str]) -> Reply {
        self.severity = match arguments.first() {
            Some(&"none") => SeverityFormat::None,
            Some(&"number") => SeverityFormat::Number,
            Some(&"string") => SeverityFormat::String,
            _ => return words::severity_expected(),
        };
        Reply::Done
    }

    fn idle_timeout(&mut self, arguments: &[&str]) -> Reply {
        match arguments {
            ["cli"] => words::expects_integer(),
            // A bare number is in seconds here, unlike everywhere else (management, `set timeout`).
            ["cli", delay, ..] => match parse::delay(delay, Duration::from_secs(1)) {
                Some(delay) if !delay.is_zero() => {
                    self.timeout = Some(delay);
                    Reply::Done
                }
                _ => words::invalid_timeout(),
            },
            _ => words::only_cli_timeout(),
        }
    }

    /// An answer as it is sent: marked, ended by an empty line, followed by the prompt.
    #[must_use]
    pub fn frame(&self, reply: &Reply) -> String {
        let prompt = match (&self.master, self.interactive) {
            (_, false) => String::new(),
            (None, true) => "> ".to_owned(),
            (Some(master), true) => format!("{}> ", master.prompt()),
        };
        match reply {
            Reply::Done => format!("\n{prompt}"),
            Reply::Dump(text) => format!("{text}\n{prompt}"),
            Reply::Message(severity, text) => {
                let mark = match self.severity {
                    SeverityFormat::None => String::new(),
                    SeverityFormat::Number => format!("[{}]: ", *severity as u8),
                    SeverityFormat::String => format!("[{}]: ", severity.name()),
                };
                format!("{mark}{text}\n{prompt}")
            }
        }
    }
}

/// A line that ends with `<<` is followed by a payload: the command without it, and the line that ends the payload
/// (empty, or what stands behind `<<`).
#[must_use]
pub fn payload_end(line: &str) -> Option<(&str, &str)> {
    let (command, last) = line.trim_end().rsplit_once([' ', '\t'])?;
    Some((command.trim_end(), last.strip_prefix("<<")?))
}

/// The commands of a line, parted by `;`. A backslash takes the meaning from one.
#[must_use]
pub fn split(line: &str) -> Vec<&str> {
    let mut commands = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, char) in line.char_indices() {
        if char == ';' && !escaped {
            commands.push(line.get(start..at).unwrap_or_default());
            start = at + 1;
        }
        escaped = char == '\\' && !escaped;
    }
    commands.push(line.get(start..).unwrap_or_default());
    commands
}
