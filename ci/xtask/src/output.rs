//! What the user reads. A reader that went away (`status | head`) is no failure; only `up` ends for want of one.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

static LOST: AtomicBool = AtomicBool::new(false);

/// Prints `text` as it is.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Prints a line.
pub(crate) fn line(text: impl AsRef<str>) {
    print(&format!("{}\n", text.as_ref()));
}

/// Whether something could not be printed, because nobody reads any more.
pub(crate) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}
