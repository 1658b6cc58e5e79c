//! As many posts as the fleet takes: each connection sends its next post when the last was answered.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::fixture::{Fixture, message};
use crate::http::Connection;
use crate::report::{Latencies, Step};
use crate::socket::Delivery;
use crate::spent::Begun;
use crate::{BenchError, Load, open_loop};

/// How long deliveries may lag behind the last post.
const GRACE: Duration = Duration::from_secs(10);

pub(crate) async fn run(fixture: &Fixture, load: &Load) -> Result<Step, BenchError> {
    let (report, mut deliveries) = mpsc::channel(65_536);
    let listeners = open_loop::listen(fixture, load, &report).await?;
    drop(report);
    let begin = Instant::now();
    let until = begin + Duration::from_secs(load.saturate_seconds);
    let costs = Begun::now(load.run_dir.as_deref())?;

    let mut posters = JoinSet::new();
    for poster in 0..load.posters {
        let connection = Connection::open(&load.gateway).await?;
        let (path, token) = (fixture.path(poster), fixture.token(poster).to_owned());
        posters.spawn(post_until(connection, path, token, load.bytes, until));
    }
    let posting = async {
        let mut acks = Latencies::new()?;
        while let Some(poster) = posters.join_next().await {
            acks.merge(&poster??)?;
        }
        Ok::<_, BenchError>((acks, begin.elapsed()))
    };
    let deadline = tokio::time::Instant::from_std(until + GRACE);
    let counting = drain(&mut deliveries, load.receivers, deadline, posting);
    let (acks, elapsed, delivered) = counting.await?;
    let spent = costs.end()?;
    drop(listeners);

    let posts = acks.count();
    Ok(Step {
        label: format!("saturation, {} posters", load.posters),
        posts,
        seconds: elapsed.as_secs_f64(),
        acks,
        missing_deliveries: (posts * load.receivers as u64).saturating_sub(delivered),
        deliveries: Latencies::default(),
        receivers: load.receivers,
        spent,
    })
}

async fn post_until(
    mut connection: Connection,
    path: String,
    token: String,
    bytes: usize,
    until: Instant,
) -> Result<Latencies, BenchError> {
    let mut latencies = Latencies::new()?;
    let mut number = 0;
    while Instant::now() < until {
        let sent = Instant::now();
        let status = connection.post(&path, &token, &message(number, bytes)).await?;
        if status != 201 {
            return Err(format!("a post was answered {status}: {}", connection.last_body()).into());
        }
        latencies.record(sent.elapsed());
        number += 1;
    }
    Ok(latencies)
}

/// Counts deliveries while the posters run and then until the last has come.
async fn drain(
    deliveries: &mut mpsc::Receiver<Delivery>,
    receivers: usize,
    deadline: tokio::time::Instant,
    posting: impl Future<Output = Result<(Latencies, Duration), BenchError>>,
) -> Result<(Latencies, Duration, u64), BenchError> {
    tokio::pin!(posting);
    let mut delivered = 0u64;
    let (acks, elapsed) = loop {
        tokio::select! {
            done = &mut posting => break done?,
            Some(_) = deliveries.recv(), if receivers > 0 => delivered += 1,
        }
    };
    while delivered < acks.count() * receivers as u64 {
        match tokio::time::timeout_at(deadline, deliveries.recv()).await {
            Ok(Some(_)) => delivered += 1,
            Ok(None) | Err(_) => break,
        }
    }
    Ok((acks, elapsed, delivered))
}
