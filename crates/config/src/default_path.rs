//! `default-path`: the folder that relative file names begin at (manual 3.1).
//!
//! HAProxy changes to the folder of each configuration file while it reads that file. Here a configuration has one
//! folder, so `config` and `parent` want all of its sections in files of one folder.

use std::path::{Path, PathBuf};

use diag::{Diagnostic, Span, codes};

use crate::model::Config;

impl Config {
    /// Where a relative name of an error file, a pattern file or a map begins; empty for the working directory.
    pub fn folder(&self) -> PathBuf {
        let Some(policy) = &self.global.default_path else { return PathBuf::new() };
        let (how, path) = policy.value.split_once(' ').unwrap_or((&policy.value, ""));
        match how {
            "config" => self.folder_of(policy.span).to_path_buf(),
            "parent" => self.folder_of(policy.span).join(".."),
            "origin" => PathBuf::from(path),
            _ => PathBuf::new(),
        }
    }

    fn folder_of(&self, span: Span) -> &Path {
        let file = self.files.get(span.file.0 as usize);
        file.and_then(|file| Path::new(&file.name).parent()).unwrap_or(Path::new(""))
    }
}

/// Refuses a folder that would have to change from one file to the next.
pub(crate) fn check(config: &Config, findings: &mut Vec<Diagnostic>) {
    let Some(policy) = &config.global.default_path else { return };
    if !matches!(policy.value.as_str(), "config" | "parent") {
        return;
    }
    let here = config.folder_of(policy.span);
    let pages = config.http_errors.iter().map(|section| section.name.span);
    let places = config.proxies.iter().map(|proxy| proxy.name.span).chain(pages);
    if let Some(other) = places.into_iter().find(|span| config.folder_of(*span) != here) {
        let message = "proxyd does not follow `default-path` into several folders";
        findings.push(
            Diagnostic::new(codes::E0207, policy.span, message)
                .related(other, "this section's file lies in another folder")
                .help("put the files into one folder, or write `default-path origin <path>`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use config_parse::env::Environment;

    use crate::{Loaded, Target, load};

    /// The folder of a configuration in these files, or what is wrong with it.
    fn folder(files: &[(&str, &str)]) -> Result<String, String> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
        let Loaded { config, diagnostics, .. } =
            load(files, &Environment::default(), Target::Proxyd);
        match diagnostics.into_iter().find(diag::Diagnostic::is_error) {
            Some(error) => Err(error.message),
            None => Ok(config.folder().display().to_string()),
        }
    }

    #[test]
    fn relative_names_begin_where_the_policy_says() {
        let below = |policy: &str, file: &str| {
            folder(&[(file, &format!("global\n  default-path {policy}\n"))])
        };
        for (policy, file, expected) in [
            ("current", "/etc/haproxy/a.cfg", ""),
            ("config", "/etc/haproxy/a.cfg", "/etc/haproxy"),
            ("config", "conf/a.cfg", "conf"),
            ("config", "a.cfg", ""),
            ("parent", "/etc/haproxy/a.cfg", "/etc/haproxy/.."),
            ("parent", "a.cfg", ".."),
            ("origin /srv/lb", "/etc/haproxy/a.cfg", "/srv/lb"),
        ] {
            assert_eq!(below(policy, file).as_deref(), Ok(expected), "{policy} in {file}");
        }
    }

    #[test]
    fn sections_in_files_of_another_folder_are_refused() {
        let global = ("/etc/a/1.cfg", "global\n  default-path config\n");
        let backend = "backend b\n";
        assert_eq!(folder(&[global, ("/etc/a/2.cfg", backend)]).as_deref(), Ok("/etc/a"));
        let message = "proxyd does not follow `default-path` into several folders";
        assert_eq!(folder(&[global, ("/etc/b/2.cfg", backend)]), Err(message.to_owned()));
    }
}
