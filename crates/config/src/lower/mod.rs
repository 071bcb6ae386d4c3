//! From lines to the model: which section a line belongs to, and who reads it.

mod address;
mod defaults;
mod directive;
mod draft;
mod leading;
mod modern;
pub(crate) mod names;
mod place;

use config_parse::env::Environment;
use config_parse::tree::{self, Line, LineKind, Tree, Word};
use diag::{Diagnostic, Edit, Safety, Sources, codes};

pub(crate) use address::{AddressUse, can_resolve};
use directive::Allowed;
pub(crate) use directive::{Directive, Prefix, spanned};
pub(crate) use draft::Draft;
pub(crate) use leading::leading_number;
pub(crate) use place::{Fit, Place};
pub use place::{InDefaults, Places};

use crate::check;
use crate::keyword::{self, Found, GLOBAL, Kind, Other, PROXY, SECTIONS, Status, USERLIST};
use crate::model::{AclLine, Config, HttpErrors, Proxy, ProxyKind, Userlist};
use crate::target::Target;
use defaults::Defaults;
pub(crate) use defaults::Use;

/// Gives every line its meaning.
///
/// Never stops at an error: the findings are those of the whole configuration, in the order of its
/// lines; the model holds what could be read. `sources` are the files that `tree` was read from.
///
/// Variables of addresses that stand outside of quotes are those that the configuration sets itself;
/// [`lower_in`] knows an environment too.
pub fn lower(sources: &Sources, tree: &Tree<'_>, target: Target) -> (Config, Vec<Diagnostic>) {
    lower_in(sources, tree, &Environment::default(), target)
}

/// As [`lower`], in an environment.
pub fn lower_in(
    sources: &Sources,
    tree: &Tree<'_>,
    env: &Environment,
    target: Target,
) -> (Config, Vec<Diagnostic>) {
    let mut lowering = Lowering::new(env, target);
    for line in tree.active() {
        lowering.line(line);
    }
    lowering.finish(sources)
}

/// Reads files and gives each line its meaning at once; the findings of both, in the order of lines.
pub(crate) fn read(
    sources: &Sources,
    env: &Environment,
    target: Target,
) -> (Config, Vec<Diagnostic>) {
    let mut lowering = Lowering::new(env, target);
    lowering.config.proxies.reserve(sections_in(sources));
    let mut findings = tree::each_line(sources, env, |line| {
        if line.kind == LineKind::Words {
            lowering.line(&line);
        }
    });
    let (config, mut found) = lowering.finish(sources);
    findings.append(&mut found);
    findings.sort_by_key(|finding| (finding.span.file, finding.span.start));
    (config, findings)
}

/// About how many proxies the files have: a list that grows by doubling takes its room three times over.
fn sections_in(sources: &Sources) -> usize {
    let count = |bytes: &[u8]| {
        ["\nbackend", "\nfrontend", "\nlisten"]
            .map(|begin| memchr::memmem::find_iter(bytes, begin).count())
            .iter()
            .sum::<usize>()
    };
    sources.iter().map(|(_, file)| count(&file.bytes) + 1).sum()
}

/// The section that lines go to.
enum Section {
    Nowhere,
    Global,
    Defaults(Box<Defaults>),
    Proxy(Box<Draft>),
    Userlist(Userlist),
    Other(Box<Other>, &'static Kind),
    /// Refused, or without a name: its lines say nothing.
    Skipped,
}

struct Lowering {
    config: Config,
    findings: Vec<Diagnostic>,
    target: Target,
    env: Environment,
    section: Section,
    /// All `defaults` sections so far.
    defaults: Vec<Defaults>,
}

impl Lowering {
    fn new(env: &Environment, target: Target) -> Self {
        Self {
            env: env.clone(),
            config: Config::default(),
            findings: Vec::new(),
            target,
            section: Section::Nowhere,
            defaults: Vec::new(),
        }
    }

    /// What all sections say together, when the last line was read.
    fn finish(mut self, sources: &Sources) -> (Config, Vec<Diagnostic>) {
        self.close();
        let Lowering { mut config, mut findings, defaults, target, .. } = self;
        if target.is_from(3, 3) {
            let names = defaults.iter().filter_map(|section| section.name.as_ref());
            check::defaults_names(&config, names, &mut findings);
        }
        check::config(&config, target, &mut findings);
        check::defaults_use(&defaults::uses(&defaults), &mut findings);
        for proxy in &mut config.proxies {
            defaults::prune(proxy);
        }
        let at = |finding: &Diagnostic| (finding.span.file, finding.span.start);
        findings.sort_by_key(at);
        debug_assert!(findings.iter().all(|finding| sources.file(finding.span.file).is_some()));
        (config, findings)
    }

    fn line(&mut self, line: &Line<'_>) {
        let Some(first) = line.words.first() else { return };
        if self.target.is_from(3, 0)
            && let Some(empty) = line.words.iter().find(|word| word.text.is_empty())
        {
            let message = "an empty word would end the line";
            let finding = Diagnostic::new(codes::E0204, empty.span, message);
            self.findings.push(finding.help("is a variable of the environment not set?"));
            self.poison(&line.words);
            return;
        }
        self.line_of(&first.text, line);
    }

    /// A line that begins with `name`, or with a word that is taken for it.
    fn line_of(&mut self, name: &str, line: &Line<'_>) {
        let Some(first) = line.words.first() else { return };
        match SECTIONS.find(name) {
            Found::Known(keyword) if matches!(keyword.status, Status::Ignored(_)) => {
                self.close();
                let (target, findings) = (self.target, &mut self.findings);
                let mut section =
                    Directive::new(&line.words, Place::Nowhere, target, &self.env, findings);
                section.note(keyword.status, first);
                if let Some(kind) = keyword::section_kind(name) {
                    self.open_ignored(kind, &line.words);
                }
            }
            Found::Known(_) if self.target.is_2_6() && keyword::than_2_6(SECTIONS.noun, name) => {
                self.close();
                let (target, findings) = (self.target, &mut self.findings);
                let mut section =
                    Directive::new(&line.words, Place::Nowhere, target, &self.env, findings);
                section.too_new(first);
                self.section = Section::Skipped;
            }
            Found::Known(_) => self.open(name, &line.words),
            Found::Missing(missing, _) => {
                self.close();
                let target = self.target;
                let findings = &mut self.findings;
                let mut section =
                    Directive::new(&line.words, Place::Nowhere, target, &self.env, findings);
                let alone = self.config.global.master_worker.is_none();
                if name == "program" && (target.is_from(3, 3) || target.is_2_6() && alone) {
                    let message = "`program` sections need the master-worker mode, and are gone in later versions";
                    let finding = Diagnostic::new(codes::E0209, first.span, message);
                    section.report(finding.help("start it with the system's supervisor"));
                    self.section = Section::Skipped;
                    return;
                }
                let too_new = target.is_2_6() && keyword::than_2_6(SECTIONS.noun, name);
                match too_new {
                    true => section.too_new(first),
                    false => section.refuse(missing, first),
                }
                self.section = Section::Skipped;
                if !too_new && let Some(kind) = keyword::section_kind(name) {
                    self.open_other(kind, &line.words);
                }
            }
            Found::Unknown => self.directive(line),
        }
    }

    /// A line that is not read keeps what it declares known: one cause, one error.
    fn poison(&mut self, words: &[Word<'_>]) {
        if let (Section::Proxy(draft), [first, name, ..]) = (&mut self.section, words)
            && first.text == "acl"
        {
            let acl = AclLine { name: spanned(name), expr: None, span: first.span };
            draft.proxy.acls.push(acl);
        }
    }

    /// A section line.
    fn open(&mut self, keyword: &str, words: &[Word<'_>]) {
        self.close();
        let mut findings = std::mem::take(&mut self.findings);
        let env = std::mem::take(&mut self.env);
        let mut line = Directive::new(words, Place::Nowhere, self.target, &env, &mut findings);
        line.word();
        line.mark_head();
        self.section = match keyword {
            "global" => {
                line.end();
                Section::Global
            }
            "defaults" => Section::Defaults(Box::new(self.open_defaults(&mut line))),
            "userlist" => open_userlist(&mut line),
            "http-errors" | "healthcheck" | "log-profile" | "ring" | "log-forward"
            | "resolvers" => open_other(keyword, &mut line),
            "frontend" => self.open_proxy(&mut line, ProxyKind::Frontend),
            "backend" => self.open_proxy(&mut line, ProxyKind::Backend),
            _ => self.open_proxy(&mut line, ProxyKind::Listen),
        };
        self.findings = findings;
        self.env = env;
    }

    /// A section that has no effect: its lines are checked, and say nothing of what they cannot do here.
    fn open_ignored(&mut self, kind: &'static Kind, words: &[Word<'_>]) {
        let mut findings = std::mem::take(&mut self.findings);
        let mut line = Directive::new(words, Place::Nowhere, self.target, &self.env, &mut findings);
        line.word();
        line.mark_head();
        let opened = Other::open(kind, &mut line);
        self.section =
            opened.map_or(Section::Skipped, |other| Section::Other(Box::new(other), kind));
        self.findings = findings;
    }

    /// A section that is refused; its lines are checked where HAProxy reads them.
    fn open_other(&mut self, kind: &'static Kind, words: &[Word<'_>]) {
        let mut findings = std::mem::take(&mut self.findings);
        let said = findings.len();
        let mut line = Directive::new(words, Place::Nowhere, self.target, &self.env, &mut findings);
        line.allowed = Allowed::of(&self.config.global);
        line.word();
        line.mark_head();
        let opened = Other::open(kind, &mut line);
        self.section = match opened {
            Some(other) if self.target.is_proxyd() => {
                // Refused by name: nothing more is to be said of it, and its name is known.
                findings.truncate(said);
                self.config.declared.append(other.declared);
                Section::Skipped
            }
            Some(other) => Section::Other(Box::new(other), kind),
            None => Section::Skipped,
        };
        self.findings = findings;
    }

    fn open_defaults(&mut self, line: &mut Directive<'_>) -> Defaults {
        let span = line.span();
        let name = match line.peek_text() {
            "" | "from" => None,
            _ => line.word().map(spanned),
        };
        // Quirk: a `from` at the end of the line says nothing.
        let from = match line.words_left().as_slice() {
            [from] if from == "from" => {
                line.skip_rest();
                None
            }
            _ => self.from(line),
        };
        if let Some(extra) = line.peek() {
            // Quirk: HAProxy does not look at it. Most likely a line end is missing.
            let message = format!("`{}` has no effect behind the name of a section", extra.text);
            line.report(Diagnostic::new(codes::W0211, extra.span, message));
        }
        if let Some(base) = from.and_then(|index| self.defaults.get(index))
            && base.has_rules()
        {
            let message = "a `defaults` section with rules is no base of another one";
            let finding = Diagnostic::new(codes::E0412, span, message);
            line.report(finding.related(base.span, "its rules are here"));
        }
        let mut opened = match from {
            Some(index) => self.defaults.get(index).cloned().unwrap_or_else(|| Defaults::new(span)),
            None => Defaults::new(span),
        };
        opened.renew(name, span);
        opened
    }

    /// `from NAME`: the index of the section that is meant.
    fn from(&mut self, line: &mut Directive<'_>) -> Option<usize> {
        if !line.take("from") {
            return None;
        }
        let name = line.text("the name of a `defaults` section")?;
        defaults::find(&mut self.defaults, &name, line)
    }

    fn open_proxy(&mut self, line: &mut Directive<'_>, kind: ProxyKind) -> Section {
        let span = line.span();
        let Some(name) = line.text("a name") else { return Section::Skipped };
        names::check(line, &name, "a section");
        let explicit = line.peek_text() == "from";
        let from = self.from(line);
        if let Some(extra) = line.peek() {
            let message = format!("`{}` is one word too many for `{}`", extra.text, line.phrase());
            // HAProxy passes an empty backend over, and refuses the first line of one that is not.
            let finding = Diagnostic::new(codes::E0205, extra.span, message);
            line.report(finding.help(match kind {
                ProxyKind::Backend => "leave it out, or write `from` before it",
                _ => "write the address on a `bind` line",
            }));
        }
        let last = self.defaults.len().checked_sub(1);
        let chosen = if explicit { from } else { last };
        let draft = match chosen.and_then(|index| self.defaults.get_mut(index)) {
            Some(defaults) => defaults.start(name, kind, span, explicit),
            None => Draft::new(Proxy::new(name, kind, span)),
        };
        Section::Proxy(Box::new(draft))
    }

    /// A line that is no section line.
    fn directive(&mut self, source: &Line<'_>) {
        let words = &source.words;
        let place = self.place();
        let said = self.findings.len();
        if place == Place::Global {
            set_env(&mut self.env, words);
        }
        let mut line = Directive::new(words, place, self.target, &self.env, &mut self.findings);
        line.allowed = Allowed::of(&self.config.global);
        let Some(first) = line.peek() else { return };
        if !prefix(&mut line) {
            return;
        }
        let known = match &mut self.section {
            Section::Skipped => true,
            Section::Nowhere => false,
            Section::Global if keyword::given_before(&mut line, &mut self.config.global) => true,
            Section::Global => line.keyword(&GLOBAL, &mut self.config.global),
            Section::Defaults(defaults) => line.keyword(&PROXY, &mut defaults.draft),
            Section::Proxy(draft) => line.keyword(&PROXY, draft),
            Section::Userlist(list) => line.keyword(&USERLIST, list),
            Section::Other(other, kind) => line.keyword(kind.table, other),
        };
        if !known {
            if let Some(meant) = misspelt_section(&mut line, first) {
                return self.line_of(meant, source);
            }
            match place {
                Place::Nowhere => before_sections(&mut line, first),
                _ => {
                    let word = line.last().unwrap_or(first);
                    unknown(&mut line, word);
                }
            }
        }
        let mentions = std::mem::take(&mut line.mentions);
        self.config.declared.mentions.extend(mentions);
        if matches!(&self.section, Section::Other(other, _) if other.is_ignored()) {
            // The section has no effect as a whole, which its first line said.
            let mut at = 0..;
            let told = |code| code == codes::E0207 || code == codes::W0212 || code == codes::N0208;
            self.findings.retain(|f| at.next().is_some_and(|at| at < said) || !told(f.code));
        }
    }

    fn place(&self) -> Place {
        match &self.section {
            Section::Nowhere => Place::Nowhere,
            Section::Global => Place::Global,
            Section::Defaults(defaults) => Place::Defaults { named: defaults.name.is_some() },
            Section::Proxy(draft) => match draft.proxy.kind {
                ProxyKind::Frontend => Place::Frontend,
                ProxyKind::Backend => Place::Backend,
                ProxyKind::Listen => Place::Listen,
            },
            Section::Userlist(_) => Place::Userlist,
            Section::Other(other, _) => Place::Other(other.keyword),
            Section::Skipped => Place::Skipped,
        }
    }

    /// The end of a section: what can be told of it alone is checked.
    fn close(&mut self) {
        match std::mem::replace(&mut self.section, Section::Nowhere) {
            Section::Defaults(defaults) => {
                check::section(&defaults.draft, &mut self.findings);
                self.config.declared.append(defaults.draft.declared.clone());
                self.defaults.push(*defaults);
            }
            Section::Proxy(mut draft) => {
                check::section(&draft, &mut self.findings);
                // `source` of the proxy is that of its servers without one.
                if let Some(source) = draft.proxy.source.clone() {
                    for server in &mut draft.proxy.servers {
                        server.settings.source.get_or_insert_with(|| Box::new(source.clone()));
                    }
                }
                // Lists of servers are most of a large configuration, and grow by doubling.
                draft.proxy.servers.shrink_to_fit();
                if draft.email.from && draft.email.to {
                    draft.declared.mentions.extend(draft.email.mailers.take());
                }
                self.config.declared.append(draft.declared);
                self.config.proxies.push(draft.proxy);
            }
            Section::Userlist(mut list) => {
                keyword::forget_repeated(&mut list, &mut self.findings);
                self.config.userlists.push(list);
            }
            Section::Other(other, _) => {
                other.close(&mut self.findings);
                match other.keyword {
                    "http-errors" => {
                        let (name, files) = (other.name, other.errorfiles);
                        self.config.http_errors.push(HttpErrors { name, files });
                    }
                    "ring" => self.config.rings.push(other.ring),
                    "resolvers" => self.config.resolvers.push(other.resolvers),
                    "log-forward" => self.config.log_forwards.push(other.log_forward),
                    "log-profile" => self.config.log_profiles.push(other.profile),
                    "healthcheck" => self.config.healthchecks.push(other.check),
                    _ => {}
                }
                self.config.declared.append(other.declared);
            }
            Section::Nowhere | Section::Global | Section::Skipped => {}
        }
    }
}

/// `setenv` and `presetenv`: the reader of lines has replaced variables in quotes already.
fn set_env(env: &mut Environment, words: &[Word<'_>]) {
    if let [keyword, name, value, ..] = words
        && matches!(keyword.text.as_ref(), "setenv" | "presetenv")
        && (keyword.text == "setenv" || !env.vars.contains_key(name.text.as_ref()))
    {
        env.vars.insert(name.text.to_string(), value.text.to_string());
    }
}

fn open_other(keyword: &str, line: &mut Directive<'_>) -> Section {
    let Some(kind) = keyword::section_kind(keyword) else { return Section::Skipped };
    Other::open(kind, line).map_or(Section::Skipped, |it| Section::Other(Box::new(it), kind))
}

fn open_userlist(line: &mut Directive<'_>) -> Section {
    let Some(name) = line.text("a name") else { return Section::Skipped };
    names::check(line, &name, "a userlist");
    line.end();
    Section::Userlist(Userlist { name, users: Vec::new(), groups: Vec::new() })
}

/// `no` and `default` before a keyword. Whether the line goes on.
fn prefix(line: &mut Directive<'_>) -> bool {
    let prefix = match line.peek_text() {
        "no" => Prefix::No,
        "default" => Prefix::Default,
        _ => return true,
    };
    let Some(word) = line.word() else { return false };
    line.prefix = Some(prefix);
    let takes_prefix = match (line.place, line.peek_text()) {
        (Place::Skipped | Place::Nowhere, _) => true,
        // Newer versions take `default log`, and read it as `log`.
        (Place::Global | Place::Other(_), "log") => {
            prefix == Prefix::No || line.target.is_from(3, 0)
        }
        (Place::Global, next) => NEGATABLE.contains(&next) && prefix == Prefix::No,
        (_, "option") => true,
        (_, "log") => prefix == Prefix::No || line.target.is_from(3, 0),
        _ => false,
    };
    if !takes_prefix {
        let message = format!("`{}` goes with `option` and `log` only", word.text);
        line.error(codes::E0202, word.span, message);
    }
    takes_prefix
}

/// Keywords of `global` that `no` switches off.
const NEGATABLE: &[&str] = &[
    "busy-polling",
    "external-check",
    "insecure-fork-wanted",
    "insecure-setuid-wanted",
    "numa-cpu-mapping",
    "quic",
    "set-dumpable",
    "strict-limits",
    "zero-warning",
];

fn before_sections(line: &mut Directive<'_>, word: &Word<'_>) {
    let message = format!("`{}` stands before any section", word.text);
    let finding = Diagnostic::new(codes::E0206, word.span, message);
    line.report(finding.help("begin with a section, such as `global` or `defaults`"));
}

/// The section that is meant by a word which begins no line here, when it is more like one than like a keyword.
///
/// What stands below is then read as lines of that section: one cause, one error.
fn misspelt_section(line: &mut Directive<'_>, word: &Word<'_>) -> Option<&'static str> {
    let text = word.text.as_ref();
    if line.prefix.is_some() || line.findings.len() > MANY || elsewhere(line.place, text).is_some()
    {
        return None;
    }
    let meant = SECTIONS.nearest(text)?;
    let distance = |name: &str| strsim::damerau_levenshtein(text, name);
    if keyword_like(line.place, text).is_some_and(|near| distance(near) <= distance(meant)) {
        return None;
    }
    let finding = Diagnostic::new(codes::E0201, word.span, format!("no section is named `{text}`"));
    let edit = Edit { span: word.span, text: meant.into() };
    line.report(
        finding
            .help(format!("did you mean `{meant}`? The lines below are read as its own"))
            .fix(Safety::Unsafe, vec![edit]),
    );
    Some(meant)
}

/// A thousand slips of the hand are none: this is no configuration, and each search takes its time.
const MANY: usize = 1000;

/// Where a keyword belongs that has no meaning here.
fn elsewhere(place: Place, text: &str) -> Option<&'static str> {
    match place {
        Place::Global => matches!(PROXY.find(text), Found::Known(_)).then_some("proxies"),
        Place::Nowhere | Place::Userlist | Place::Other(_) => None,
        _ => matches!(GLOBAL.find(text), Found::Known(_)).then_some("`global`"),
    }
}

/// The keyword of this place that is most like a word.
fn keyword_like(place: Place, text: &str) -> Option<&'static str> {
    match place {
        Place::Nowhere => None,
        Place::Global => GLOBAL.nearest(text),
        Place::Userlist => USERLIST.nearest(text),
        Place::Other(keyword) => {
            keyword::section_kind(keyword).and_then(|kind| kind.table.nearest(text))
        }
        _ => PROXY.nearest(text),
    }
}

/// A word that begins no line here.
fn unknown(line: &mut Directive<'_>, word: &Word<'_>) {
    let section = line.place.name();
    let text = word.text.as_ref();
    if let Some(elsewhere) = elsewhere(line.place, text) {
        let message = format!("`{text}` belongs to {elsewhere}, not to a `{section}` section");
        line.error(codes::E0203, word.span, message);
        return;
    }
    let message = format!("no keyword of a `{section}` section is named `{text}`");
    let finding = Diagnostic::new(codes::E0202, word.span, message);
    if line.findings.len() > MANY {
        line.report(finding);
        return;
    }
    let near = keyword_like(line.place, text).or_else(|| SECTIONS.nearest(text));
    line.report(match near {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding,
    });
}
