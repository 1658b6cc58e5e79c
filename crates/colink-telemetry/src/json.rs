//! One JSON object per event, the shape of which is a contract with everything that reads logs (see the crate's README).

use std::io::Write;

use chrono::{SecondsFormat, Utc};
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::fields::Fields;
use crate::trace;

/// Keys that the line itself owns; a field of that name is written as `field_<name>`.
const OWN_KEYS: [&str; 4] = ["timestamp", "level", "service", "target"];

/// The layer that writes log lines. The writer is injected, so a test can read what was written.
#[derive(Debug)]
pub struct JsonLines<W> {
    service: &'static str,
    writer: W,
}

impl<W> JsonLines<W> {
    /// Lines that say `service`, written to `writer` with one `write_all` each.
    pub fn new(service: &'static str, writer: W) -> Self {
        Self { service, writer }
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().replace(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Vec::with_capacity(512);
        if self.write_line(&mut line, event, &context).is_err() {
            return;
        }
        line.push(b'\n');
        // A log that cannot be written has nowhere to say so; the service goes on.
        let _ = self.writer.make_writer_for(event.metadata()).write_all(&line);
    }
}

impl<W> JsonLines<W> {
    fn write_line<S>(
        &self,
        line: &mut Vec<u8>,
        event: &Event<'_>,
        context: &Context<'_, S>,
    ) -> serde_json::Result<()>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let trace_id =
            fields.take("trace_id").or_else(|| trace::id_of_event(event, context).map(Value::from));
        let request_id = fields.take("request_id").or_else(|| enclosing(event, context, "request_id"));
        let message = fields.take("message").unwrap_or_else(|| Value::from(""));

        let mut serializer = serde_json::Serializer::new(line);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &timestamp())?;
        map.serialize_entry("level", event.metadata().level().as_str())?;
        map.serialize_entry("service", self.service)?;
        if let Some(trace_id) = trace_id {
            map.serialize_entry("trace_id", &trace_id)?;
        }
        if let Some(request_id) = request_id {
            map.serialize_entry("request_id", &request_id)?;
        }
        map.serialize_entry("target", event.metadata().target())?;
        map.serialize_entry("message", &message)?;
        write_fields(&mut map, &fields, event, context)?;
        map.end()
    }
}

/// The event's fields, then those of the spans around it from the inside out, each name once.
fn write_fields<M, S>(
    map: &mut M,
    fields: &Fields,
    event: &Event<'_>,
    context: &Context<'_, S>,
) -> Result<(), M::Error>
where
    M: SerializeMap,
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let mut written = vec!["message", "request_id", "trace_id"];
    for (name, value) in fields.iter() {
        write_field(map, name, value)?;
        written.push(name);
    }
    for span in context.event_scope(event).into_iter().flatten() {
        let extensions = span.extensions();
        let Some(fields) = extensions.get::<Fields>() else { continue };
        for (name, value) in fields.iter() {
            if written.contains(&name) || name.starts_with("otel.") {
                continue;
            }
            write_field(map, name, value)?;
            written.push(name);
        }
    }
    Ok(())
}

fn write_field<M: SerializeMap>(map: &mut M, name: &str, value: &Value) -> Result<(), M::Error> {
    if OWN_KEYS.contains(&name) {
        map.serialize_entry(&format!("field_{name}"), value)
    } else {
        map.serialize_entry(name, value)
    }
}

/// The field `name` of the nearest enclosing span that has it.
fn enclosing<S>(event: &Event<'_>, context: &Context<'_, S>, name: &str) -> Option<Value>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    context.event_scope(event)?.find_map(|span| span.extensions().get::<Fields>()?.get(name).cloned())
}

#[expect(clippy::disallowed_methods, reason = "a log line tells the machine's time, not the domain's")]
fn timestamp() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}
