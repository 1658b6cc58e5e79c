//! From an event to its entry: one function, which never fails, because what cannot be read must be recorded too.

use colink_events::Envelope;
use serde_json::{Map, Value};

use super::entry::{Entry, Place, Resource};
use super::rules::{Target, find};

/// The entry of an event. Of a type or version without a rule only the head is recorded, and the record's key as
/// the id of the resource.
pub(crate) fn entry_of(envelope: &Envelope, key: &[u8], place: Place) -> Entry {
    let data: Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
    let (resource, details) = match find(&envelope.kind, envelope.version) {
        Some(rule) => (resource(&rule.resource, &data), details(rule.details, &data)),
        None => (resource_of_key(&envelope.kind, key), Map::new()),
    };
    Entry {
        id: envelope.id,
        at: envelope.at,
        action: envelope.kind.clone(),
        workspace_id: envelope.workspace_id,
        actor: envelope.actor.clone(),
        resource,
        request_id: envelope.request_id.clone(),
        details,
        place,
    }
}

/// Whether there is a rule for the event.
pub(crate) fn is_known(envelope: &Envelope) -> bool {
    find(&envelope.kind, envelope.version).is_some()
}

fn resource(target: &Target, data: &Value) -> Resource {
    match target {
        Target::First(places) => {
            let there = places.iter().find_map(|(kind, path)| Some((*kind, text_at(data, path)?)));
            let kind = there.as_ref().map(|(kind, _)| *kind).or(places.first().map(|(kind, _)| *kind));
            Resource { kind: kind.unwrap_or_default().to_owned(), id: there.map(|(_, id)| id) }
        }
        Target::Named { kind, id } => {
            Resource { kind: text_at(data, kind).unwrap_or_default(), id: text_at(data, id) }
        }
    }
}

/// `poll.closed` was done to a `poll`, and what its order matters within is the best name of it.
fn resource_of_key(action: &str, key: &[u8]) -> Resource {
    let kind = action.split('.').next().unwrap_or_default().to_owned();
    let id = std::str::from_utf8(key).ok().filter(|key| !key.is_empty()).map(str::to_owned);
    Resource { kind, id }
}

fn details(paths: &[&str], data: &Value) -> Map<String, Value> {
    paths.iter().filter_map(|path| Some((name_of(path), at(data, path)?.clone()))).collect()
}

/// `author/id` is recorded as `author_id`, `channel/name` as `name`.
fn name_of(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((thing, "id")) => format!("{thing}_id"),
        Some((_, field)) => field.to_owned(),
        None => path.to_owned(),
    }
}

fn at<'d>(data: &'d Value, path: &str) -> Option<&'d Value> {
    path.split('/').try_fold(data, |value, part| value.get(part))
}

fn text_at(data: &Value, path: &str) -> Option<String> {
    at(data, path)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
