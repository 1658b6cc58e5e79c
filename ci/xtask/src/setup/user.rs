//! Accounts: Postgres refuses to run as root, so root starts it as the account that its package made.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{Failure, OrFail, Outcome};

/// An account of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    /// Its number.
    pub(crate) uid: u32,
    /// The number of its group.
    pub(crate) gid: u32,
}

/// Whether this command runs as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The account that Postgres must run as: `None` is the present one.
pub(crate) fn for_postgres() -> Outcome<Option<Account>> {
    if !is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").or_fail(|| "read /etc/passwd".to_owned())?;
    find(&passwd, "postgres").map(Some).ok_or_else(|| {
        Failure::new("Postgres refuses to run as root and there is no account `postgres`: run `useradd --system postgres`")
    })
}

/// Whether `account` may enter `dir`.
pub(crate) fn may_enter(account: Account, dir: &Path) -> bool {
    Command::new("test")
        .arg("-x")
        .arg(dir)
        .current_dir("/")
        .uid(account.uid)
        .gid(account.gid)
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [login, _, uid, gid, ..] if *login == name => {
                Some(Account { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "postgres2:x:1:1::/:/bin/sh\npostgres:x:101:104:PostgreSQL:/var/lib:/bin/bash\n";
        assert_eq!(find(passwd, "postgres"), Some(Account { uid: 101, gid: 104 }));
        assert_eq!(find(passwd, "redis"), None);
    }
}
