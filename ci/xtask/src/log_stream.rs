//! Following a process's log file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::layout::Layout;
use crate::process::log_tail;
use crate::{output, pid_file};

/// The most that is read at once.
const CHUNK: u64 = 256 * 1024;

/// A position in the log of a process.
#[derive(Debug)]
pub(crate) struct LogStream {
    name: &'static str,
    position: u64,
    partial: String,
    reported: bool,
}

impl LogStream {
    /// Follows `name` from now on.
    pub(crate) fn at_end(layout: &Layout, name: &'static str) -> Self {
        let position = std::fs::metadata(layout.log_file(name)).map_or(0, |meta| meta.len());
        Self { name, position, partial: String::new(), reported: false }
    }

    /// Prints the lines that came since the last call, and once that the process has died.
    pub(crate) fn print_new(&mut self, layout: &Layout) {
        let fresh = self.read(layout).unwrap_or_default();
        self.partial.push_str(&fresh);
        while let Some((line, rest)) = self.partial.split_once('\n') {
            output::print(&format!("{:<10}| {line}\n", self.name));
            self.partial = rest.to_owned();
        }
        if !self.reported && pid_file::running(layout, self.name).is_none() {
            self.reported = true;
            let tail = log_tail(layout, self.name, 10);
            output::print(&format!("{:<10}| died; its last lines:\n{tail}", self.name));
        }
    }

    fn read(&mut self, layout: &Layout) -> std::io::Result<String> {
        let mut file = File::open(layout.log_file(self.name))?;
        if file.metadata()?.len() < self.position {
            self.position = 0;
        }
        file.seek(SeekFrom::Start(self.position))?;
        let mut bytes = Vec::new();
        file.take(CHUNK).read_to_end(&mut bytes)?;
        self.position += u64::try_from(bytes.len()).unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
