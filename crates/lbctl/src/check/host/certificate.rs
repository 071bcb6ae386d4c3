//! Certificates as far as files go: there, readable, with a key of their own, not expired, and for the hosts that the
//! configuration tells apart.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use config_parse::tree::Word;
use diag::{Diagnostic, Span, codes};

use super::unreadable;
use super::x509::Certificate;

/// A certificate that ends within this many days is told of.
const SOON_DAYS: i64 = 30;

/// Where the private key of a certificate is.
#[derive(Clone)]
pub(super) enum Key {
    /// In the file itself, or in a file beside it.
    Near,
    /// In this file.
    In(PathBuf),
    /// It is not needed, or another line said where it is.
    Elsewhere,
}

impl Key {
    /// Of what a `crt-store` may have loaded.
    pub(super) fn of(name: &str, loaded: &[String]) -> Self {
        if loaded.iter().any(|known| known == name) { Self::Elsewhere } else { Self::Near }
    }
}

/// The names that certificates are for; `None` when one of them could not be read.
pub(super) type Names = Option<Vec<Certificate>>;

/// The file or each file of the folder that `crt` names.
pub(super) fn check(
    word: Option<&Word<'_>>,
    base: &Path,
    key: &Key,
    findings: &mut Vec<Diagnostic>,
) -> Names {
    let word = word.filter(|word| !word.text.is_empty() && !word.text.starts_with('@'))?;
    let path = base.join(word.text.as_ref());
    let files: Vec<PathBuf> = match std::fs::read_dir(&path) {
        Ok(entries) => {
            let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            let part = |file: &PathBuf| {
                let end = file.extension().and_then(|end| end.to_str()).unwrap_or("");
                matches!(end, "key" | "ocsp" | "issuer" | "sctl")
            };
            files.retain(|file| file.is_file() && !part(file));
            files.sort();
            files
        }
        Err(_) => vec![path],
    };
    let mut all = Some(Vec::new());
    for file in files {
        let read = one(word.span, &file, key, findings);
        all = all.zip(read).map(|(mut all, read)| {
            all.push(read);
            all
        });
    }
    all
}

/// One file; `None` when its certificate is not known.
fn one(at: Span, file: &Path, key: &Key, findings: &mut Vec<Diagnostic>) -> Option<Certificate> {
    if !file.exists() && is_bundle(file) {
        return None;
    }
    let text = match std::fs::read(file) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(why) => {
            findings.push(unreadable(at, file, &why));
            return None;
        }
    };
    let mut wrong = |message: String| {
        let message = format!("`{}` {message}", file.display());
        findings.push(Diagnostic::new(codes::E0721, at, message));
    };
    let Some(first) = Certificate::first(&text) else {
        wrong("holds no certificate".to_owned());
        return None;
    };
    let has_key = |text: &str| text.contains("PRIVATE KEY-----");
    let held = match key {
        Key::Near if has_key(&text) => Some((text.clone(), String::new())),
        Key::Near => {
            let found = beside(file).into_iter().find_map(|near| {
                let text = std::fs::read_to_string(&near).ok().filter(|text| has_key(text))?;
                Some((text, format!(" in `{}`", near.display())))
            });
            if found.is_none() {
                wrong("has no private key, nor a file `.key` beside it".to_owned());
            }
            found
        }
        Key::In(path) => std::fs::read_to_string(path)
            .ok()
            .map(|text| (text, format!(" in `{}`", path.display()))),
        Key::Elsewhere => None,
    };
    let Some(certificate) = first else {
        wrong("holds a certificate that cannot be read".to_owned());
        return None;
    };
    if let Some((pem, place)) = held
        && certificate.fits(&pem) == Some(false)
    {
        wrong(format!("holds a certificate to which the private key{place} does not belong"));
    }
    expiry(at, file, &certificate, findings);
    Some(certificate)
}

fn expiry(at: Span, file: &Path, certificate: &Certificate, findings: &mut Vec<Diagnostic>) {
    let now =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let days = (certificate.ends - now).div_euclid(86_400);
    let message = match days {
        ..0 => format!("the certificate in `{}` expired {} days ago", file.display(), -days),
        0..SOON_DAYS => format!("the certificate in `{}` expires in {days} days", file.display()),
        _ => return,
    };
    findings.push(Diagnostic::new(codes::W0722, at, message));
}

/// Files that may hold the key: `ssl-load-extra-del-ext` puts the end in the place of another.
fn beside(file: &Path) -> [PathBuf; 2] {
    let mut longer = file.to_path_buf().into_os_string();
    longer.push(".key");
    [PathBuf::from(longer), file.with_extension("key")]
}

/// A name that stands for a file of each kind of key (manual 5.1, `crt`).
fn is_bundle(file: &Path) -> bool {
    ["rsa", "ecdsa", "dsa"].iter().any(|kind| {
        let mut name = file.to_path_buf().into_os_string();
        name.push(format!(".{kind}"));
        Path::new(&name).exists()
    })
}

/// The certificates of a list: `FILE [OPTIONS] [NAMES...]` a line (manual 5.1, `crt-list`).
///
/// A name behind a file that its certificate is not for is told of: browsers would refuse what they get.
pub(super) fn list(
    word: &Word<'_>,
    path: &Path,
    base: &Path,
    loaded: &[String],
    findings: &mut Vec<Diagnostic>,
) -> Names {
    let text = match std::fs::read(path) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(why) => {
            findings.push(unreadable(word.span, path, &why));
            return None;
        }
    };
    let mut all = Some(Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let outside = match (line.find('['), line.rfind(']')) {
            (Some(from), Some(to)) if from < to => format!("{} {}", &line[..from], &line[to + 1..]),
            _ => line.to_owned(),
        };
        let mut words = outside.split_whitespace();
        let Some(name) = words.next() else { continue };
        if name.starts_with('@') {
            all = None;
            continue;
        }
        let key = Key::of(name, loaded);
        let read = one(word.span, &base.join(name), &key, findings);
        if let Some(certificate) = &read {
            let filters = words.filter(|filter| !filter.starts_with(['!', '*']));
            for filter in filters.map(str::to_ascii_lowercase) {
                if !certificate.is_for(&filter) {
                    let message = format!(
                        "`{}` gives `{name}` to `{filter}`, which it does not name",
                        path.display()
                    );
                    findings.push(nameless(word.span, message));
                }
            }
        }
        all = all.zip(read).map(|(mut all, read)| {
            all.push(read);
            all
        });
    }
    all
}

/// `W0738`: a host gets a certificate that is not for it.
pub(super) fn nameless(at: Span, message: String) -> Diagnostic {
    Diagnostic::new(codes::W0738, at, message).label("clients refuse the connection")
}
