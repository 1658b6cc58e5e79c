//! Starting a process so that it outlives this command, and finding it again.
//!
//! Each process leads its own process group (a Ctrl-C in the terminal reaches only `xtask`, which then stops the
//! others in order), writes to its own log file, and has a pid file. Children are never waited for: whoever comes
//! next finds them by their pid file.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::Layout;
use crate::pid_file::{self, Record};
use crate::setup::user::Account;
use crate::{interrupt, ports_in_use, stop};

/// A log file is started afresh, and the old one kept as `.old`, above this size.
const LOG_LIMIT: u64 = 20 * 1024 * 1024;

/// A command that runs until it is told to stop.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    /// Names the pid file and the log file.
    pub(crate) name: String,
    /// The executable.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Added to the environment of this command.
    pub(crate) env: Vec<(String, String)>,
    /// The account to run as; `None` is the present one.
    pub(crate) account: Option<Account>,
    /// Ports on 127.0.0.1 that it will listen on.
    pub(crate) ports: Vec<u16>,
    /// The content of its configuration file: when that changes, it is started anew.
    pub(crate) config: String,
}

/// How a process came to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was started now.
    Started,
    /// It ran already, with the same settings.
    Adopted,
}

impl Process {
    /// Starts the process, or adopts the one that runs with these very settings; one with other settings is replaced.
    pub(crate) fn ensure(&self, layout: &Layout) -> Outcome<Origin> {
        if let Some(record) = pid_file::running(layout, &self.name) {
            if record.fingerprint == self.fingerprint() {
                return Ok(Origin::Adopted);
            }
            stop::stop(layout, &[&self.name])?;
        }
        for port in &self.ports {
            check_port(&self.name, *port)?;
        }
        self.start(layout)?;
        Ok(Origin::Started)
    }

    /// Waits until `ready` says so; a process that dies or dawdles is reported with the end of its log.
    pub(crate) fn await_ready(
        &self,
        layout: &Layout,
        limit: Duration,
        ready: impl Fn() -> bool,
    ) -> Outcome<()> {
        let begun = Instant::now();
        while !ready() {
            interrupt::check()?;
            if pid_file::running(layout, &self.name).is_none() {
                let problem = format!("{} stopped while starting", self.name);
                return Err(with_log(layout, &self.name, &problem));
            }
            if begun.elapsed() > limit {
                let problem = format!("{} was not ready after {} s", self.name, limit.as_secs());
                return Err(with_log(layout, &self.name, &problem));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn start(&self, layout: &Layout) -> Outcome<()> {
        let log = self.open_log(layout)?;
        let errors = log.try_clone().or_fail(|| "open the log a second time".to_owned())?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .current_dir(if self.account.is_some() { "/" } else { path_text(&layout.root) })
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        let child = command.spawn().or_fail(|| format!("start {}", self.program.display()))?;
        match Record::of(child.id(), self.fingerprint()) {
            Some(record) => pid_file::write(layout, &self.name, &record),
            None => Err(with_log(layout, &self.name, &format!("{} stopped at once", self.name))),
        }
    }

    fn open_log(&self, layout: &Layout) -> Outcome<File> {
        let path = layout.log_file(&self.name);
        if fs::metadata(&path).is_ok_and(|meta| meta.len() > LOG_LIMIT) {
            let old = path.with_extension("log.old");
            fs::rename(&path, &old).or_fail(|| format!("rename {}", path.display()))?;
        }
        File::options().create(true).append(true).open(&path).or_fail(|| format!("open {}", path.display()))
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.name, &self.program, &self.args, &self.env, &self.account, &self.ports).hash(&mut hasher);
        if !self.config.is_empty() {
            self.config.hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// Fails when somebody else has the port that `name` is to have.
pub(crate) fn check_port(name: &str, port: u16) -> Outcome<()> {
    if TcpListener::bind(("127.0.0.1", port)).is_ok() {
        return Ok(());
    }
    let holder = ports_in_use::holder(port).unwrap_or_else(|| "another process".to_owned());
    Err(Failure::new(format!(
        "port {port} ({name}) is taken by {holder}: stop it, or choose other ports with --port-base"
    )))
}

/// Whether something accepts connections on 127.0.0.1.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_millis(500)).is_ok()
}

/// The failure `problem` of `name`, followed by the end of its log.
pub(crate) fn with_log(layout: &Layout, name: &str, problem: &str) -> Failure {
    let path = layout.log_file(name);
    let tail = log_tail(layout, name, 15);
    Failure::new(format!("{problem}; the end of {}:\n{tail}", path.display()))
}

/// The last lines of a log, each indented.
pub(crate) fn log_tail(layout: &Layout, name: &str, lines: usize) -> String {
    let mut text = Vec::new();
    if let Ok(mut file) = File::open(layout.log_file(name)) {
        let length = file.metadata().map_or(0, |meta| meta.len());
        let from = length.saturating_sub(16 * 1024);
        if file.seek(SeekFrom::Start(from)).and_then(|_| file.read_to_end(&mut text)).is_err() {
            text.clear();
        }
    }
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    let last = all.get(all.len().saturating_sub(lines)..).unwrap_or_default();
    last.iter().map(|line| format!("    {line}\n")).collect()
}

fn path_text(path: &std::path::Path) -> &str {
    path.to_str().unwrap_or(".")
}
