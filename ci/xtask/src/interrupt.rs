//! Ctrl-C and SIGTERM as flags that every waiting loop looks at.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::failure::{Failure, OrFail, Outcome};

const SIGNALS: &[i32] =
    &[signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP];

/// How often a long wait looks whether someone asked to end.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Raised by the first signal and never lowered; and raised by every signal, lowered when stopping begins.
#[derive(Debug, Default)]
struct Flags {
    requested: Arc<AtomicBool>,
    again: Arc<AtomicBool>,
}

fn flags() -> &'static Flags {
    static FLAGS: OnceLock<Flags> = OnceLock::new();
    FLAGS.get_or_init(Flags::default)
}

/// From now on the signals only raise flags.
pub(crate) fn listen() -> Outcome<()> {
    let flags = flags();
    for signal in SIGNALS {
        for flag in [&flags.requested, &flags.again] {
            signal_hook::flag::register(*signal, Arc::clone(flag))
                .or_fail(|| "listen for Ctrl-C".to_owned())?;
        }
    }
    Ok(())
}

/// Whether someone asked to end.
pub(crate) fn requested() -> bool {
    flags().requested.load(Ordering::Relaxed)
}

/// Stopping begins: from here on [`hurried`] tells whether someone asked once more.
pub(crate) fn stopping() {
    flags().again.store(false, Ordering::Relaxed);
}

/// Whether someone asked to end after stopping began.
pub(crate) fn hurried() -> bool {
    flags().again.load(Ordering::Relaxed)
}

/// Waits so long, or until someone asks to end.
pub(crate) fn pause(time: Duration) {
    let begun = Instant::now();
    while !requested() && begun.elapsed() < time {
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Fails once someone asked to end.
pub(crate) fn check() -> Outcome<()> {
    if requested() { Err(Failure::new("interrupted")) } else { Ok(()) }
}
