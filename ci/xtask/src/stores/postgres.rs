//! PostgreSQL: a cluster of our own. Durable (fsync on), TCP on the loopback address only.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Site, Store};
use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::{Layout, make_dir};
use crate::ports::{Port, Ports};
use crate::process::Process;
use crate::setup::tools::postgres_bin;
use crate::setup::user::{self, Account};
use crate::{output, pid_file};

const NAME: &str = "postgres";
const SUPERUSER: &str = "colink";
const PASSWORD: &str = "colink";

pub(super) struct Postgres;

impl Store for Postgres {
    fn name(&self) -> &'static str {
        NAME
    }

    fn port(&self) -> Port {
        Port::Postgres
    }

    fn settings(&self, ports: Ports) -> Vec<(&'static str, String)> {
        vec![(
            "COLINK_PG_URL",
            format!("postgres://{SUPERUSER}:{PASSWORD}@{}", ports.address(Port::Postgres)),
        )]
    }

    fn prepare(&self, site: &Site) -> Outcome<Process> {
        let account = user::for_postgres()?;
        let cluster = place(site, account)?;
        let version =
            fs::read_to_string(cluster.join("PG_VERSION")).ok().and_then(|text| text.trim().parse().ok());
        let bin = postgres_bin(version).ok_or_else(|| match version {
            Some(version) => Failure::new(format!(
                "the data was written by Postgres {version}, which is gone: install postgresql-{version}, \
                 or drop the data with `cargo xtask reset`"
            )),
            None => Failure::new("Postgres is not installed: run `cargo xtask setup`"),
        })?;
        if version.is_none() {
            init(&bin, &cluster, account)?;
        }
        drop_stale_lock(&cluster)?;
        Ok(Process {
            name: NAME.to_owned(),
            program: bin.join("postgres"),
            args: server_args(&cluster, site.ports),
            env: Vec::new(),
            account,
            ports: vec![site.ports.of(Port::Postgres)],
            config: String::new(),
        })
    }

    fn ready(&self, site: &Site) -> bool {
        let Some(bin) = postgres_bin(None) else { return false };
        let port = site.ports.of(Port::Postgres).to_string();
        Command::new(bin.join("pg_isready"))
            .args(["--quiet", "--host=127.0.0.1", "--port", &port])
            .stdin(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

fn server_args(cluster: &Path, ports: Ports) -> Vec<String> {
    let port = ports.of(Port::Postgres);
    let settings = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        // Clients use TCP; a socket file would only be one more path that can be too long or taken.
        "unix_socket_directories=".to_owned(),
        "max_connections=300".to_owned(),
        "shared_buffers=256MB".to_owned(),
        "fsync=on".to_owned(),
        "synchronous_commit=on".to_owned(),
        "max_wal_size=2GB".to_owned(),
        "log_line_prefix=%m [%p] %d ".to_owned(),
        "log_timezone=UTC".to_owned(),
        "timezone=UTC".to_owned(),
    ];
    let mut args = vec!["-D".to_owned(), cluster.display().to_string()];
    args.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    args
}

/// The folder of the cluster: in the checkout, or under `/var/tmp` when the account may not enter the checkout.
fn place(site: &Site, account: Option<Account>) -> Outcome<PathBuf> {
    let home = site.layout.data_dir(NAME);
    let Some(account) = account else {
        make_dir(&home)?;
        return private(home, None);
    };
    make_dir(&home)?;
    if user::may_enter(account, &home) || own(&home, account).is_ok() && user::may_enter(account, &home) {
        return private(home, Some(account));
    }
    let elsewhere = far_place(&site.layout.root);
    make_dir(&elsewhere)?;
    output::line(format!(
        "  postgres      its account may not enter this checkout: the data is in {}",
        elsewhere.display()
    ));
    private(elsewhere, Some(account))
}

/// The folder of the cluster when it is not in the checkout.
pub(crate) fn elsewhere(layout: &Layout) -> Option<PathBuf> {
    Some(far_place(&layout.root)).filter(|dir| dir.is_dir())
}

fn far_place(root: &Path) -> PathBuf {
    PathBuf::from(format!("/var/tmp/colink-{:016x}", path_hash(root)))
}

/// Postgres insists that nobody else can look into its folder.
fn private(dir: PathBuf, account: Option<Account>) -> Outcome<PathBuf> {
    if let Some(account) = account {
        own(&dir, account).or_fail(|| format!("give {} to the account postgres", dir.display()))?;
    }
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700))
        .or_fail(|| format!("close {} to others", dir.display()))?;
    Ok(dir)
}

fn own(dir: &Path, account: Account) -> std::io::Result<()> {
    chown(dir, Some(account.uid), Some(account.gid))
}

/// FNV-1a: the same path must give the same folder for ever.
fn path_hash(path: &Path) -> u64 {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A killed server leaves its lock file. Postgres itself sees that the process is gone, unless nobody has reaped it
/// (process 1 of many containers never does): a zombie still answers to its number. The lock is dropped only when no
/// process works in the folder.
fn drop_stale_lock(cluster: &Path) -> Outcome<()> {
    let lock = cluster.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&lock) else { return Ok(()) };
    let owner = text.lines().next().and_then(|line| line.trim().parse().ok());
    if !owner.is_some_and(pid_file::is_zombie) || pid_file::anyone_in(cluster) {
        return Ok(());
    }
    fs::remove_file(&lock).or_fail(|| format!("remove {}", lock.display()))
}

fn init(bin: &Path, cluster: &Path, account: Option<Account>) -> Outcome<()> {
    let password = std::env::temp_dir().join(format!("colink-initdb-{}", std::process::id()));
    fs::write(&password, PASSWORD).or_fail(|| format!("write {}", password.display()))?;
    let mut command = Command::new(bin.join("initdb"));
    command
        .args(["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--username", SUPERUSER])
        .arg(format!("--pwfile={}", password.display()))
        .arg(format!("--pgdata={}", cluster.display()))
        .current_dir("/")
        .stdin(Stdio::null());
    if let Some(account) = account {
        own(&password, account).or_fail(|| format!("hand over {}", password.display()))?;
        command.uid(account.uid).gid(account.gid);
    }
    let output = command.output().or_fail(|| "run initdb".to_owned())?;
    fs::remove_file(&password).or_fail(|| format!("remove {}", password.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::new(format!("Postgres could not make its cluster in {}: {reason}", cluster.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_folder() {
        assert_eq!(path_hash(Path::new("/root/colink")), path_hash(Path::new("/root/colink")));
        assert_ne!(path_hash(Path::new("/root/colink")), path_hash(Path::new("/root/colink2")));
    }
}
