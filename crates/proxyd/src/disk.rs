//! Reading configuration files by the names they had before `chroot`.
//!
//! A reload reads the same paths as the start did, although the process may since have been locked into an empty
//! folder and become another user. The two folders that paths begin at, `/` and the working directory, are
//! therefore opened once before that. Reading still needs the rights of the user that the process became:
//! `docs/design/privileges.md`.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, SFlag, fstat};

/// The file system as it was at the start.
#[derive(Debug)]
pub(crate) struct Disk {
    root: OwnedFd,
    here: OwnedFd,
}

impl Disk {
    /// Remembers `/` and the working directory.
    pub(crate) fn open() -> io::Result<Disk> {
        Ok(Disk { root: File::open("/")?.into(), here: File::open(".")?.into() })
    }

    /// Everything in a file.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::from(self.open_path(path, OFlag::O_RDONLY)?).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether a path is a directory; one that does not exist is none.
    pub(crate) fn is_directory(&self, path: &Path) -> bool {
        let kind = self.open_path(path, OFlag::O_PATH).and_then(|fd| Ok(fstat(&fd)?.st_mode));
        kind.is_ok_and(|mode| {
            SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits()) == SFlag::S_IFDIR
        })
    }

    /// The names in a directory, as paths below it, in C order.
    pub(crate) fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut directory =
            Dir::from_fd(self.open_path(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY)?)?;
        let mut names = Vec::new();
        for entry in directory.iter() {
            use std::os::unix::ffi::OsStrExt;
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(path.join(std::ffi::OsStr::from_bytes(name)));
            }
        }
        names.sort();
        Ok(names)
    }

    fn open_path(&self, path: &Path, flags: OFlag) -> io::Result<OwnedFd> {
        let (from, below) = match path.strip_prefix("/") {
            Ok(below) => (&self.root, below),
            Err(_) => (&self.here, path),
        };
        let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
        Ok(openat(from.as_fd(), below, flags | OFlag::O_CLOEXEC, Mode::empty())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_directories_are_read_by_absolute_paths() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.cfg", "a.cfg"] {
            std::fs::write(folder.path().join(name), name).expect("a file");
        }
        let disk = Disk::open().expect("the disk");
        assert!(disk.is_directory(folder.path()));
        assert!(!disk.is_directory(&folder.path().join("a.cfg")));
        assert!(!disk.is_directory(&folder.path().join("missing")));
        assert_eq!(disk.read(&folder.path().join("a.cfg")).expect("the file"), b"a.cfg");
        let listed = disk.list(folder.path()).expect("the list");
        let names: Vec<_> = listed.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["a.cfg", "b.cfg"]);
        assert!(disk.read(&folder.path().join("missing")).is_err());
    }
}
