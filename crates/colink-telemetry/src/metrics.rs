//! One Prometheus registry per service, and the only way to make a metric.
//!
//! Contract: every family carries the constant label `service`; asking again for a family of the same name, type and labels
//! gives the same one, so two consumers in one process can share it.

mod process;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::Collector;
use prometheus::{HistogramOpts, Opts, Registry, TextEncoder};

pub use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

/// Upper bounds in seconds for requests, queries and hops: 0.5 ms to 10 s.
pub const LATENCY_SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

const SERVICE: &str = "service";

/// The metrics of one service. Cheap to clone; all clones share one registry.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    service: String,
    registry: Registry,
    families: Mutex<HashMap<String, Family>>,
    refreshers: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
}

#[derive(Clone)]
enum Family {
    Counter(IntCounterVec),
    Gauge(IntGaugeVec),
    Histogram(HistogramVec),
}

/// Why a metric could not be made. All of them are mistakes in code, seen at start.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The name is taken by a family of another type or with other labels.
    #[error("the metric `{0}` exists already with another type or other labels")]
    Clash(String),
    /// A label is named `service`.
    #[error("the metric `{0}` names a label `service`, which the registry adds to every metric")]
    ReservedLabel(String),
    /// The name, a label or a bucket is not one that Prometheus allows.
    #[error("the metric `{name}` is not valid")]
    Invalid {
        /// The name that was asked for.
        name: String,
        /// What is wrong with it.
        source: prometheus::Error,
    },
}

impl Metrics {
    /// An empty registry for `service`, with the `process_*` family of this process.
    ///
    /// # Errors
    /// [`MetricsError::Invalid`] when the process metrics cannot be registered.
    pub fn new(service: &str) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let invalid = |source| MetricsError::Invalid { name: "process".to_owned(), source };
        let process = process::ProcessCollector::new(service).map_err(invalid)?;
        registry.register(Box::new(process)).map_err(invalid)?;
        Ok(Self(Arc::new(Inner {
            service: service.to_owned(),
            registry,
            families: Mutex::default(),
            refreshers: Mutex::default(),
        })))
    }

    /// The service that the metrics are of.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.0.service
    }

    /// The registry itself, for a collector of one's own.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// A family of counters. By convention `name` ends in `_total`.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn counter_vec(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, MetricsError> {
        let make = || Ok(Family::Counter(IntCounterVec::new(self.options(name, help), labels)?));
        match self.family(name, labels, make)? {
            Family::Counter(family) => Ok(family),
            Family::Gauge(_) | Family::Histogram(_) => Err(MetricsError::Clash(name.to_owned())),
        }
    }

    /// A family of gauges of whole numbers.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn gauge_vec(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, MetricsError> {
        let make = || Ok(Family::Gauge(IntGaugeVec::new(self.options(name, help), labels)?));
        match self.family(name, labels, make)? {
            Family::Gauge(family) => Ok(family),
            Family::Counter(_) | Family::Histogram(_) => Err(MetricsError::Clash(name.to_owned())),
        }
    }

    /// A family of histograms with the upper bounds `buckets`, e.g. [`LATENCY_SECONDS`]. By convention `name` ends in its
    /// unit: `_seconds`, `_bytes`.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn histogram_vec(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> Result<HistogramVec, MetricsError> {
        let make = || {
            let options = HistogramOpts::from(self.options(name, help)).buckets(buckets.to_vec());
            Ok(Family::Histogram(HistogramVec::new(options, labels)?))
        };
        match self.family(name, labels, make)? {
            Family::Histogram(family) => Ok(family),
            Family::Counter(_) | Family::Gauge(_) => Err(MetricsError::Clash(name.to_owned())),
        }
    }

    /// A counter without labels; it is there from the start with the value 0.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter, MetricsError> {
        Ok(self.counter_vec(name, help, &[])?.with_label_values::<&str>(&[]))
    }

    /// A gauge without labels; it is there from the start with the value 0.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, MetricsError> {
        Ok(self.gauge_vec(name, help, &[])?.with_label_values::<&str>(&[]))
    }

    /// A histogram without labels.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, MetricsError> {
        Ok(self.histogram_vec(name, help, buckets, &[])?.with_label_values::<&str>(&[]))
    }

    /// Calls `refresh` before each [`render`](Self::render): for gauges whose value is somewhere else, such as a pool's size.
    /// It must be quick and must not block.
    pub fn before_render(&self, refresh: impl Fn() + Send + Sync + 'static) {
        self.0.refreshers.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(refresh));
    }

    /// All metrics in the Prometheus text format.
    #[must_use]
    pub fn render(&self) -> String {
        for refresh in self.0.refreshers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            refresh();
        }
        let mut text = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&self.0.registry.gather(), &mut text) {
            tracing::error!(error = &error as &dyn std::error::Error, "the metrics could not be rendered");
        }
        text
    }

    fn options(&self, name: &str, help: &str) -> Opts {
        Opts::new(name, help).const_label(SERVICE, &self.0.service)
    }

    fn family(
        &self,
        name: &str,
        labels: &[&str],
        make: impl FnOnce() -> prometheus::Result<Family>,
    ) -> Result<Family, MetricsError> {
        if labels.contains(&SERVICE) {
            return Err(MetricsError::ReservedLabel(name.to_owned()));
        }
        let mut families = self.0.families.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(family) = families.get(name) {
            return if family.has_labels(labels) {
                Ok(family.clone())
            } else {
                Err(MetricsError::Clash(name.to_owned()))
            };
        }
        let invalid = |source| MetricsError::Invalid { name: name.to_owned(), source };
        let family = make().map_err(invalid)?;
        self.0.registry.register(family.collector()).map_err(invalid)?;
        families.insert(name.to_owned(), family.clone());
        Ok(family)
    }
}

impl Family {
    fn collector(&self) -> Box<dyn Collector> {
        match self {
            Self::Counter(family) => Box::new(family.clone()),
            Self::Gauge(family) => Box::new(family.clone()),
            Self::Histogram(family) => Box::new(family.clone()),
        }
    }

    fn has_labels(&self, labels: &[&str]) -> bool {
        let collector = self.collector();
        collector.desc().iter().all(|description| description.variable_labels == labels)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").field("service", &self.0.service).finish_non_exhaustive()
    }
}
