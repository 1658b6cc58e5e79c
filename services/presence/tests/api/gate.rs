//! Holding back what the world answers.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

/// Answers that are held back. Each is made when it is asked for, and may be stale when it passes.
#[derive(Clone, Debug)]
pub struct Gate {
    arrived: Arc<watch::Sender<usize>>,
    permits: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { arrived: Arc::new(watch::Sender::new(0)), permits: Arc::new(Semaphore::new(0)) }
    }
}

impl Gate {
    /// Waits until so many answers have come to the gate.
    pub async fn arrivals(&self, count: usize) {
        let mut arrived = self.arrived.subscribe();
        let waiting = arrived.wait_for(|arrived| *arrived >= count);
        tokio::time::timeout(colink_test::SOON, waiting).await.unwrap().unwrap();
    }

    /// Lets one more pass.
    pub fn let_one_pass(&self) {
        self.permits.add_permits(1);
    }

    /// Lets all pass from now on.
    pub fn open(&self) {
        self.permits.close();
    }

    /// Passes, once it may.
    pub async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        if let Ok(permit) = self.permits.acquire().await {
            permit.forget();
        }
    }
}
