//! What the process may do: file descriptors, root folder, user and group (manual 3.1).
//!
//! Called before any thread starts: identities belong to the process, and threads inherit them.

use config::model::Global;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Gid, Group, Uid, User, chdir, chroot, setgid, setgroups, setuid};

/// Why the process cannot become what the configuration asks.
pub(crate) type Refused = String;

/// Raises the limit of file descriptors to `wanted`, or says that it stays lower.
pub(crate) fn raise_descriptors(wanted: u64) -> Result<(), Refused> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|e| format!("reading the limit of files: {e}"))?;
    if soft >= wanted {
        return Ok(());
    }
    // Root may raise the hard limit too; others get as far as it is.
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted))
        .or_else(|_| setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard))
        .map_err(|e| format!("raising the limit of files to {wanted}: {e}"))?;
    if hard < wanted && getrlimit(Resource::RLIMIT_NOFILE).is_ok_and(|(soft, _)| soft < wanted) {
        return Err(format!(
            "{wanted} file descriptors are needed and the limit is {hard}: raise `LimitNOFILE` or lower maxconn"
        ));
    }
    Ok(())
}

/// `maxconn` of the process when none is given: what the limit of file descriptors allows, two for each
/// connection and a reserve for listeners, checks and logs.
pub(crate) fn default_maxconn() -> u32 {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    u32::try_from(soft.saturating_sub(64) / 2).unwrap_or(u32::MAX).clamp(100, 1_000_000)
}

/// Who the process is to become; looked up before `chroot`, where the user lists are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Identity {
    pub(crate) uid: Option<Uid>,
    pub(crate) gid: Option<Gid>,
}

/// Looks `user`, `group`, `uid`, `gid` up.
pub(crate) fn identity(global: &Global) -> Result<Identity, Refused> {
    let mut identity = Identity {
        uid: global.uid.map(|uid| Uid::from_raw(uid.value)),
        gid: global.gid.map(|gid| Gid::from_raw(gid.value)),
    };
    if let Some(name) = &global.user {
        let user = user(&name.value)?;
        identity.uid = Some(user.uid);
    }
    if let Some(name) = &global.group {
        identity.gid = Some(group(&name.value)?);
    }
    Ok(identity)
}

/// A user by name.
pub(crate) fn user(name: &str) -> Result<User, Refused> {
    User::from_name(name).ok().flatten().ok_or_else(|| format!("no user is named `{name}`"))
}

/// A group's number by name.
pub(crate) fn group(name: &str) -> Result<Gid, Refused> {
    let group = Group::from_name(name)
        .ok()
        .flatten()
        .ok_or_else(|| format!("no group is named `{name}`"))?;
    Ok(group.gid)
}

/// Locks the process into `root` and makes it `identity`, in the order that lets each step succeed.
pub(crate) fn drop(root: Option<&str>, identity: Identity) -> Result<(), Refused> {
    if let Some(root) = root {
        chroot(root).and_then(|()| chdir("/")).map_err(|e| format!("chroot to `{root}`: {e}"))?;
    }
    let changes_user = identity.uid.is_some_and(|uid| uid != Uid::effective());
    if let Some(gid) = identity.gid.filter(|gid| *gid != Gid::effective()) {
        // Extra groups of root must not stay; without root there are none to drop.
        let _ = setgroups(&[]);
        setgid(gid).map_err(|e| format!("becoming group {gid}: {e}"))?;
    }
    if let Some(uid) = identity.uid.filter(|_| changes_user) {
        setuid(uid).map_err(|e| format!("becoming user {uid}: {e}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_does_not_exist_is_named() {
        assert_eq!(
            user("no-such-user-here").map(|user| user.name),
            Err("no user is named `no-such-user-here`".into())
        );
        assert_eq!(
            group("no-such-group-here"),
            Err("no group is named `no-such-group-here`".into())
        );
    }

    #[test]
    fn becoming_who_we_are_needs_no_right() {
        let identity = Identity { uid: Some(Uid::effective()), gid: Some(Gid::effective()) };
        assert_eq!(drop(None, identity), Ok(()));
    }
}
