//! Carrying a trace from one process to the next: W3C Trace Context (<https://www.w3.org/TR/trace-context/>), header
//! `traceparent`, form `00-<trace id>-<span id>-<flags>`.
//!
//! With a collector the ids are those of recorded spans. Without one, [`set_parent`] notes the context on the span itself,
//! and [`current_traceparent`] hands the same context on.

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use tracing::{Event, Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetrySpanExt, SetParentError};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// What a `traceparent` says. Kept in a span's extensions when no collector is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    flags: u8,
}

/// Makes `span` part of the trace that `traceparent` names. Call it right after creating the span, before entering it:
/// a span that has started keeps its parent.
///
/// With `None`, or a value that is not a `traceparent`, the span begins a new trace.
pub fn set_parent(span: &Span, traceparent: Option<&str>) {
    let incoming = traceparent.and_then(TraceContext::parse);
    let remote = incoming.map_or_else(opentelemetry::Context::new, TraceContext::as_remote_parent);
    match span.set_parent(remote) {
        Ok(()) | Err(SetParentError::SpanDisabled) => {}
        Err(SetParentError::LayerNotFound) => note(span, incoming.unwrap_or_else(TraceContext::begin)),
        Err(SetParentError::AlreadyStarted) => {
            tracing::debug!(
                "a span had already started when its parent became known; it keeps its own trace"
            );
        }
    }
}

/// Ties `span` to the span that `traceparent` names, without making it a part of that trace: for work on several events at
/// once, each from a trace of its own. Nothing where no spans are exported, or when it is no `traceparent`.
pub fn add_link(span: &Span, traceparent: Option<&str>) {
    if let Some(cause) = traceparent.and_then(TraceContext::parse) {
        span.add_link(cause.as_span_context());
    }
}

/// The `traceparent` to send with a request or an event caused inside the current span; `None` outside a trace.
#[must_use]
pub fn current_traceparent() -> Option<String> {
    recorded().or_else(noted).map(TraceContext::format)
}

/// The trace id for the log line of `event`.
pub(crate) fn id_of_event<S>(event: &Event<'_>, context: &Context<'_, S>) -> Option<String>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let noted = || {
        let mut scope = context.event_scope(event)?;
        scope.find_map(|span| span.extensions().get::<TraceContext>().copied())
    };
    recorded().or_else(noted).map(|found| found.trace_id.to_string())
}

/// The context of the current recorded span: entering a span makes its OpenTelemetry context current.
fn recorded() -> Option<TraceContext> {
    opentelemetry::Context::map_current(|context| {
        let span = context.span();
        let known = span.span_context();
        known.is_valid().then(|| TraceContext {
            trace_id: known.trace_id(),
            span_id: known.span_id(),
            flags: known.trace_flags().to_u8(),
        })
    })
}

fn note(span: &Span, trace: TraceContext) {
    span.with_subscriber(|(id, dispatch)| {
        if let Some(span) = dispatch.downcast_ref::<Registry>().and_then(|registry| registry.span(id)) {
            span.extensions_mut().replace(trace);
        }
    });
}

fn noted() -> Option<TraceContext> {
    Span::current()
        .with_subscriber(|(id, dispatch)| {
            let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
            span.scope().find_map(|span| span.extensions().get::<TraceContext>().copied())
        })
        .flatten()
}

impl TraceContext {
    /// A new trace that nobody records: its id only ties log lines together.
    fn begin() -> Self {
        let ids = RandomIdGenerator::default();
        Self { trace_id: ids.new_trace_id(), span_id: ids.new_span_id(), flags: 0 }
    }

    /// Reads version 00 strictly, and of a later version the four fields that every version must keep.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let version = lower_hex(parts.next()?, 2)?;
        let trace_id = TraceId::from_hex(lower_hex(parts.next()?, 32)?).ok()?;
        let span_id = SpanId::from_hex(lower_hex(parts.next()?, 16)?).ok()?;
        let flags = u8::from_str_radix(lower_hex(parts.next()?, 2)?, 16).ok()?;
        let complete = version != "ff" && (version != "00" || parts.next().is_none());
        let valid = trace_id != TraceId::INVALID && span_id != SpanId::INVALID;
        (complete && valid).then_some(Self { trace_id, span_id, flags })
    }

    fn format(self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, self.flags)
    }

    fn as_span_context(self) -> SpanContext {
        let flags = TraceFlags::new(self.flags);
        SpanContext::new(self.trace_id, self.span_id, flags, true, TraceState::default())
    }

    fn as_remote_parent(self) -> opentelemetry::Context {
        opentelemetry::Context::new().with_remote_span_context(self.as_span_context())
    }
}

fn lower_hex(text: &str, digits: usize) -> Option<&str> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (text.len() == digits && plain).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_valid_traceparent_survives_reading_and_writing() {
        assert_eq!(TraceContext::parse(VALID).unwrap().format(), VALID);
    }

    #[test]
    fn a_later_version_is_read_by_its_first_four_fields() {
        let later = format!("01{}-extra", &VALID[2..]);
        assert_eq!(TraceContext::parse(&later), TraceContext::parse(VALID));
    }

    #[test]
    fn malformed_traceparents_are_refused() {
        let cases = [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        ];
        for case in cases {
            assert_eq!(TraceContext::parse(case), None, "{case}");
        }
    }

    #[test]
    fn a_new_trace_has_ids_of_its_own() {
        assert_ne!(TraceContext::begin().trace_id, TraceContext::begin().trace_id);
    }
}
