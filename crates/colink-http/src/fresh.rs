//! [`Fresh`]: an answer that costs something and may be a moment old.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// One answer for all who ask within its life. It is worked out by one caller at a time, however many ask meanwhile; when
/// that one goes away, the next goes on.
#[derive(Debug)]
pub struct Fresh<T>(Mutex<Option<Held<T>>>);

#[derive(Debug)]
struct Held<T> {
    until: Instant,
    answer: T,
}

impl<T: Clone> Fresh<T> {
    /// What is held, or what `work_out` says now and how long that may be given to others.
    pub async fn get(&self, work_out: impl AsyncFnOnce() -> (T, Duration)) -> T {
        let mut held = self.0.lock().await;
        if let Some(held) = &*held
            && Instant::now() < held.until
        {
            return held.answer.clone();
        }
        let (answer, life) = work_out().await;
        *held = Some(Held { until: Instant::now() + life, answer: answer.clone() });
        answer
    }
}

impl<T> Default for Fresh<T> {
    /// Nothing is held.
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}
