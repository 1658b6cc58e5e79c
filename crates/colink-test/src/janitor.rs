//! Drops databases behind the tests' backs.
//!
//! `DROP DATABASE` waits for a checkpoint, half a second with `fsync` on, which no test needs to wait for. A process that ends
//! before its janitor is done leaves databases of a dead process, and the next run's janitor begins with those.

use std::sync::OnceLock;
use std::thread;

use futures_util::future::join_all;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::database::drop_database;

/// Databases that are dropped at a time: they share a checkpoint, so that this is several times faster than one by one.
const TOGETHER: usize = 8;

/// Drops the database `name` soon.
pub(crate) fn drop_later(name: String) {
    static JANITOR: OnceLock<UnboundedSender<String>> = OnceLock::new();
    let janitor = JANITOR.get_or_init(|| {
        let (sender, names) = unbounded_channel();
        thread::Builder::new().name("janitor".to_owned()).spawn(move || work(names)).expect("a thread");
        sender
    });
    // A janitor that died said why; the next run sweeps.
    let _ = janitor.send(name);
}

fn work(mut names: UnboundedReceiver<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut batch = Vec::new();
        while names.recv_many(&mut batch, TOGETHER).await > 0 {
            join_all(batch.iter().map(|name| drop_database(name))).await;
            batch.clear();
        }
    });
}
