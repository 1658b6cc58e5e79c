//! What the user reads. A reader that went away (`status | head`) is no failure.

use std::io::Write;

/// Prints `text` as it is. Answers whether anybody still reads.
pub(crate) fn print(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Prints a line.
pub(crate) fn line(text: impl AsRef<str>) {
    print(&format!("{}\n", text.as_ref()));
}
