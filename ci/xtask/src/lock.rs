//! Two commands in one checkout must not start the same processes twice.

use std::fs::{File, TryLockError};

use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::Layout;
use crate::output;

/// Waits for its turn. The lock ends with the value, also when the command is killed.
pub(crate) fn wait(layout: &Layout, name: &str) -> Outcome<File> {
    let file = open(layout, name)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            output::line("  waiting       for another cargo xtask in this checkout");
            file.lock().or_fail(|| "lock the checkout".to_owned())?;
            Ok(file)
        }
        Err(TryLockError::Error(error)) => Err(Failure::new(format!("could not lock the checkout: {error}"))),
    }
}

/// Fails with `busy` when another command holds the lock.
pub(crate) fn claim(layout: &Layout, name: &str, busy: &str) -> Outcome<File> {
    let file = open(layout, name)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::new(busy)),
        Err(TryLockError::Error(error)) => Err(Failure::new(format!("could not lock the checkout: {error}"))),
    }
}

fn open(layout: &Layout, name: &str) -> Outcome<File> {
    let path = layout.run_dir().join(format!("{name}.lock"));
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .or_fail(|| format!("open {}", path.display()))
}
