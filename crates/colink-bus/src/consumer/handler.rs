//! Who handles what.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use colink_events::{Envelope, Event, OpenError};
use colink_store::StoreError;

use super::record::Record;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an event was not handled, which decides what happens to it.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// It may work later: 5 tries, then the key is parked.
    #[error("{0}")]
    Retry(#[source] Source),
    /// A store or a service is away: tried until it is back.
    #[error("unavailable: {0}")]
    Unavailable(#[source] Source),
    /// It will never work: straight to the dead letters, without its key.
    #[error("poison: {0}")]
    Poison(#[source] Source),
}

impl HandleError {
    /// See [`Retry`](Self::Retry).
    pub fn retry(source: impl Into<Source>) -> Self {
        Self::Retry(source.into())
    }

    /// See [`Unavailable`](Self::Unavailable).
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable(source.into())
    }

    /// See [`Poison`](Self::Poison).
    pub fn poison(source: impl Into<Source>) -> Self {
        Self::Poison(source.into())
    }
}

/// A database that is away, cannot be written or takes too long is waited for; what it refuses is retried, then parked.
impl From<sqlx::Error> for HandleError {
    fn from(error: sqlx::Error) -> Self {
        let error = Arc::new(error);
        // Only for the division, which is the one of requests: its text names no cause, and dead letters have to.
        let away = StoreError::from(Arc::clone(&error)).is_transient();
        if away { Self::unavailable(error) } else { Self::retry(error) }
    }
}

/// Handles one type of event. Called again for the same event after a crash or a rebalance.
#[async_trait]
pub trait Handler<E: Event>: Send + Sync {
    /// Brings the effect about. Cancelled after 30 s, which counts as a failed try.
    async fn handle(&self, event: E, envelope: &Envelope) -> Result<(), HandleError>;

    /// Brings the effects of a stretch about, for a handler that is registered with
    /// [`on_batch`](super::Consumer::on_batch): events of one partition, in their order. When it fails, the events are
    /// handled one by one, so it need not say which one is to blame; those that had their effect already come again.
    async fn handle_all(&self, stretch: Vec<(E, &Envelope)>) -> Result<(), HandleError> {
        for (event, envelope) in stretch {
            self.handle(event, envelope).await?;
        }
        Ok(())
    }
}

/// Handles events of any type, for audit and for mirrors.
#[async_trait]
pub trait RawHandler: Send + Sync {
    /// Brings the effect about. Cancelled after 30 s, which counts as a failed try.
    async fn handle(&self, record: &Record, envelope: &Envelope) -> Result<(), HandleError>;

    /// As [`Handler::handle_all`], for a handler that is registered with
    /// [`on_any_batch`](super::Consumer::on_any_batch).
    async fn handle_all(&self, stretch: &[(&Record, Envelope)]) -> Result<(), HandleError> {
        for (record, envelope) in stretch {
            self.handle(record, envelope).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<E: Event, H: Handler<E> + ?Sized> Handler<E> for Arc<H> {
    async fn handle(&self, event: E, envelope: &Envelope) -> Result<(), HandleError> {
        (**self).handle(event, envelope).await
    }

    async fn handle_all(&self, stretch: Vec<(E, &Envelope)>) -> Result<(), HandleError> {
        (**self).handle_all(stretch).await
    }
}

#[async_trait]
impl<H: RawHandler + ?Sized> RawHandler for Arc<H> {
    async fn handle(&self, record: &Record, envelope: &Envelope) -> Result<(), HandleError> {
        (**self).handle(record, envelope).await
    }

    async fn handle_all(&self, stretch: &[(&Record, Envelope)]) -> Result<(), HandleError> {
        (**self).handle_all(stretch).await
    }
}

/// Opens the event for its handler.
struct Typed<E, H> {
    handler: H,
    event: PhantomData<fn() -> E>,
}

#[async_trait]
impl<E: Event, H: Handler<E>> RawHandler for Typed<E, H> {
    async fn handle(&self, _: &Record, envelope: &Envelope) -> Result<(), HandleError> {
        let event = envelope.open::<E>().map_err(HandleError::poison)?;
        self.handler.handle(event, envelope).await
    }

    async fn handle_all(&self, stretch: &[(&Record, Envelope)]) -> Result<(), HandleError> {
        let opened = stretch.iter().map(|(_, envelope)| Ok((envelope.open::<E>()?, envelope)));
        let opened = opened.collect::<Result<Vec<_>, OpenError>>().map_err(HandleError::poison)?;
        self.handler.handle_all(opened).await
    }
}

/// Who handles a type.
pub(super) struct Route {
    pub(super) handler: Box<dyn RawHandler>,
    /// It takes stretches.
    pub(super) batches: bool,
}

type Versioned = (u16, Route);

/// The handlers of a consumer by type and version.
#[derive(Default)]
pub(super) struct Routes {
    typed: HashMap<&'static str, Vec<Versioned>>,
    any: Option<Route>,
    /// Some handler takes stretches.
    pub(super) batches: bool,
}

impl Routes {
    pub(super) fn add<E: Event>(&mut self, handler: impl Handler<E> + 'static, batches: bool) {
        let typed = Typed { handler, event: PhantomData::<fn() -> E> };
        let route = Route { handler: Box::new(typed), batches };
        self.typed.entry(E::TYPE).or_default().push((E::VERSION, route));
        self.batches |= batches;
    }

    pub(super) fn add_any(&mut self, handler: impl RawHandler + 'static, batches: bool) {
        self.any = Some(Route { handler: Box::new(handler), batches });
        self.batches |= batches;
    }

    /// The handler of a type and version; types and versions that nobody knows have none.
    pub(super) fn find(&self, kind: &str, version: u16) -> Option<&Route> {
        let versions = self.typed.get(kind).map_or(&[][..], Vec::as_slice);
        let typed = versions.iter().find(|(known, _)| *known == version).map(|(_, route)| route);
        typed.or(self.any.as_ref())
    }
}
