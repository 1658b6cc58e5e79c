//! The loop of a consumer: one task that reads, and polls the handlers of several partitions itself.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use colink_events::Topic;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio_util::sync::CancellationToken;

use super::dead_letters::Parked;
use super::partition::{Done, Partition, Turn, Work, load_parked};
use super::record::{Item, Place, Record};
use super::watchdog::{STALL, Watchdog};
use super::worker::Worker;
use crate::client::{ReaderHooks, Rebalanced, retire_within};
use crate::error::BusError;

/// A partition with so many records in memory is paused, and resumed at a quarter of it.
const BUFFERED: usize = 256;
/// Records that are handed over together at most.
const STRETCH: usize = 128;
const FINISH_PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Engine {
    consumer: StreamConsumer<ReaderHooks>,
    topics: HashMap<String, Topic>,
    names: HashMap<Topic, String>,
    worker: Arc<Worker>,
    concurrency: usize,
    redrive: bool,
    partitions: HashMap<Place, Partition>,
    runnable: VecDeque<Place>,
    handling: usize,
    work: FuturesUnordered<Work>,
    generation: u64,
}

impl Engine {
    pub(super) fn new(
        consumer: StreamConsumer<ReaderHooks>,
        topics: HashMap<String, Topic>,
        worker: Arc<Worker>,
        concurrency: usize,
        redrive: bool,
    ) -> Self {
        let names = topics.iter().map(|(name, topic)| (*topic, name.clone())).collect();
        Self {
            consumer,
            topics,
            names,
            worker,
            concurrency,
            redrive,
            partitions: HashMap::new(),
            runnable: VecDeque::new(),
            handling: 0,
            work: FuturesUnordered::new(),
            generation: 0,
        }
    }

    pub(super) async fn run(mut self, cancel: CancellationToken) -> Result<(), BusError> {
        let outcome = self.consume(&cancel).await;
        self.finish_handlers().await;
        if let Err(error) = retire_within(self.consumer, FINISH_PATIENCE).await {
            tracing::warn!(group = self.worker.group, %error, "the consumer could not leave its group in time");
        }
        outcome
    }

    async fn consume(&mut self, cancel: &CancellationToken) -> Result<(), BusError> {
        let mut watchdog = Watchdog::new(STALL, Instant::now());
        let mut look = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                received = self.consumer.recv() => {
                    let record = received.map(|message| self.read(&message));
                    self.rebalance()?;
                    self.take(record)?;
                }
                Some(done) = self.work.next(), if !self.work.is_empty() => self.finish(done)?,
                () = self.consumer.context().rebalanced() => self.rebalance()?,
                _ = look.tick() => {
                    let (moves, lag) = (self.worker.moves.load(Ordering::Relaxed), self.consumer.context().lag());
                    if let Some(idle) = watchdog.observe(Instant::now(), moves, lag) {
                        return Err(BusError::Stalled { consumer: self.worker.group.clone(), idle, lag });
                    }
                }
            }
            self.start_handlers();
        }
    }

    fn read(&self, message: &BorrowedMessage<'_>) -> Option<Record> {
        let topic = self.topics.get(message.topic())?;
        Some(Record::read(*topic, message))
    }

    fn take(&mut self, received: Result<Option<Record>, KafkaError>) -> Result<(), BusError> {
        let record = match received {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(()),
            Err(error @ KafkaError::MessageConsumptionFatal(_)) => return Err(BusError::Kafka(error)),
            Err(error) => {
                tracing::info!(group = self.worker.group, %error, "nothing could be read; the client goes on");
                return Ok(());
            }
        };
        let place = record.place();
        let Some(partition) = self.partitions.get_mut(&place) else {
            // It was revoked while this record was on its way; its new owner reads it.
            return Ok(());
        };
        partition.waiting.push_back(Item::Record(record));
        let pause = !partition.paused && partition.waiting.len() >= BUFFERED;
        partition.paused |= pause;
        self.queue(place);
        if pause {
            self.consumer.pause(&self.list(place))?;
        }
        Ok(())
    }

    /// Puts a partition into the queue of those that may begin, if it may.
    fn queue(&mut self, place: Place) {
        if let Some(partition) = self.partitions.get_mut(&place)
            && partition.loaded
            && !partition.busy
            && !partition.waiting.is_empty()
        {
            partition.busy = true;
            self.runnable.push_back(place);
        }
    }

    fn start_handlers(&mut self) {
        while self.handling < self.concurrency {
            let Some(place) = self.runnable.pop_front() else {
                return;
            };
            let Some(partition) = self.partitions.get_mut(&place) else {
                continue;
            };
            let most = if self.worker.routes.batches { STRETCH } else { 1 };
            let Some(item) = partition.next(most) else {
                partition.busy = false;
                continue;
            };
            let (worker, generation) = (Arc::clone(&self.worker), partition.generation);
            self.handling += 1;
            self.work.push(Box::pin(async move {
                let (offset, outcome) = match item {
                    Turn::Stretch(records) => {
                        (records.last().map(|last| last.offset), worker.process_all(&records).await)
                    }
                    Turn::Redrive(letters) => (None, worker.redrive(&letters).await),
                };
                Done::Handled { place, generation, offset, outcome }
            }));
        }
    }

    fn finish(&mut self, done: Done) -> Result<(), BusError> {
        match done {
            Done::Handled { place, generation, offset, outcome } => {
                self.handling -= 1;
                outcome?;
                self.finish_record(place, generation, offset)
            }
            Done::Loaded { generation, parked } => {
                for (place, keys) in parked {
                    self.open(place, generation, keys);
                }
                Ok(())
            }
        }
    }

    /// The parked keys of a partition are known: its records may be handled.
    fn open(&mut self, place: Place, generation: u64, parked: Parked) {
        let current = self.partitions.get_mut(&place).filter(|one| one.generation == generation);
        let Some(partition) = current else {
            return;
        };
        partition.loaded = true;
        self.worker.parked.load(place, parked.keys().cloned().collect());
        if self.redrive {
            for letters in parked.into_values() {
                // In front of the stream, so that what is in it still comes after them.
                partition.waiting.push_front(Item::Redrive(letters));
            }
        }
        self.queue(place);
    }

    fn finish_record(&mut self, place: Place, generation: u64, offset: Option<i64>) -> Result<(), BusError> {
        let Some(partition) = self.partitions.get_mut(&place).filter(|one| one.generation == generation)
        else {
            return Ok(());
        };
        partition.busy = false;
        let resume = partition.paused && partition.waiting.len() <= BUFFERED / 4;
        partition.paused &= !resume;
        let stored =
            offset.map_or(Ok(()), |offset| self.consumer.store_offset(self.name(place.0), place.1, offset));
        if let Err(error) = stored {
            // The partition is being revoked: the event will be repeated elsewhere, as the contract allows.
            tracing::info!(group = self.worker.group, %error, "an offset was not stored");
        }
        self.queue(place);
        if resume {
            self.consumer.resume(&self.list(place))?;
        }
        Ok(())
    }

    /// Follows what the group has decided since the last look.
    fn rebalance(&mut self) -> Result<(), BusError> {
        for change in self.consumer.context().take_rebalances() {
            match change {
                Rebalanced::Revoked(list) => {
                    for place in self.places(&list) {
                        self.partitions.remove(&place);
                        self.worker.parked.forget(place);
                    }
                }
                Rebalanced::Assigned(list) => {
                    let places = self.places(&list);
                    self.assign(&places)?;
                }
            }
        }
        Ok(())
    }

    fn assign(&mut self, places: &[Place]) -> Result<(), BusError> {
        if places.is_empty() {
            return Ok(());
        }
        self.generation += 1;
        let generation = self.generation;
        for place in places {
            self.partitions.insert(*place, Partition::new(generation));
            // It may have been paused when it was here before.
            self.consumer.resume(&self.list(*place))?;
        }
        let (worker, places) = (Arc::clone(&self.worker), places.to_vec());
        self.work.push(Box::pin(async move {
            let parked = load_parked(&worker, places).await;
            Done::Loaded { generation, parked }
        }));
        Ok(())
    }

    fn places(&self, list: &[(String, i32)]) -> Vec<Place> {
        list.iter().filter_map(|(name, partition)| Some((*self.topics.get(name)?, *partition))).collect()
    }

    fn name(&self, topic: Topic) -> &str {
        self.names.get(&topic).map_or("", String::as_str)
    }

    fn list(&self, (topic, partition): Place) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(self.name(topic), partition);
        list
    }

    async fn finish_handlers(&mut self) {
        let deadline = tokio::time::sleep(FINISH_PATIENCE);
        tokio::pin!(deadline);
        while self.handling > 0 {
            let done = tokio::select! {
                Some(done) = self.work.next() => done,
                () = &mut deadline => return,
            };
            if let Err(error) = self.finish(done) {
                tracing::warn!(group = self.worker.group, %error, "an event was not finished at shutdown");
            }
        }
    }
}
