//! The threads that hash, which give way to all others of the process.

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

use crate::error::AuthError;

/// How much nicer they are. Somebody who signs in waits for a hash anyway; a call that comes meanwhile should not wait until
/// the hash has used up its slice of the core.
#[cfg(target_os = "linux")]
const NICER: i32 = 10;

/// As many threads as there are places in the queue. Cheap to clone.
#[derive(Clone)]
pub(super) struct Threads(Arc<ThreadPool>);

impl Threads {
    /// # Errors
    /// [`AuthError::Crypto`] when the system refuses a thread.
    pub(super) fn start(count: usize) -> Result<Self, AuthError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|number| format!("password-{number}"))
            .start_handler(|_| give_way())
            // The caller learns of it because nothing is sent; without a handler the process would end.
            .panic_handler(|_| tracing::error!("A password check has panicked."))
            .build()
            .map_err(AuthError::crypto)?;
        Ok(Self(Arc::new(pool)))
    }

    /// Waits for the outcome of `work`. It is done to its end, also when nobody waits any more.
    ///
    /// # Errors
    /// [`AuthError::Crypto`] when it has panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let (tell, told) = oneshot::channel();
        self.0.spawn(move || {
            let _ = tell.send(work());
        });
        told.await.map_err(AuthError::crypto)
    }
}

/// Linux keeps the nice value for each thread (setpriority(2), "C library/kernel differences"), and compares it within a
/// control group: in a pod with the other threads of this service.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::debug!(%error, "password checks run at the usual priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hashing gives way, and only hashing.
    #[cfg(target_os = "linux")]
    #[actix_web::test]
    async fn they_are_nicer_than_the_rest() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let own = nice();
        let threads = Threads::start(1).unwrap();
        assert_eq!(threads.run(nice).await.unwrap(), (own + NICER).min(19));
        assert_eq!(nice(), own);
    }

    #[actix_web::test]
    async fn a_panic_is_an_error_and_the_thread_goes_on() {
        let threads = Threads::start(1).unwrap();
        assert!(threads.run(|| assert!(std::hint::black_box(false))).await.is_err());
        assert_eq!(threads.run(|| 2).await.unwrap(), 2);
    }
}
