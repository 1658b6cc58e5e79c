//! What every service proves of ids that are no business of the caller's (T-4): what belongs to others or was deleted is as
//! good as nothing. The cases are made from the service's own OpenAPI document, so that no endpoint is forgotten.

use std::collections::BTreeSet;

use colink_runtime::Service;
use reqwest::Method;
use serde_json::Value;

use crate::client::{Answer, Client, Request};
use crate::document::{Document, Operation};
use crate::refusals::UNKNOWN;
use crate::service::TestService;
use crate::stored::stored;

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The very words that he is told of an id of nothing.
    Nothing,
    /// 403 `FORBIDDEN`: he is in the workspace, so he may know that it is there.
    Forbidden,
    /// 403 `FORBIDDEN`, in the very words that he is told of an id of nothing: the door is closed to him before anything is
    /// looked for.
    Closed,
}

/// Somebody, and things that are not for him.
#[derive(Debug)]
pub struct Foreign<'a> {
    /// Who and what, for the words of a failure.
    pub what: &'a str,
    /// His.
    pub client: Client,
    /// What is not for him, by the names of the parameters and fields that take it.
    pub ids: &'a [(&'a str, &'a str)],
    /// What he may name beside it.
    pub own: &'a [(&'a str, &'a str)],
    /// What he is told.
    pub told: Told,
    /// Endpoints (`GET /path/{parameter}`) that answer with this status instead: the test says why.
    pub unless: &'a [(&'a str, u16)],
}

/// Where a request names what is not for the caller.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// These parameters of the path.
    Path(Vec<String>),
    Query(String),
    Header(String),
    Body(String),
}

/// Asks every operation of the document of `service` with the ids of each of `all`, alone and together, wherever it takes
/// one; then compares what the service keeps with what it kept. It is on topics of its own, or would keep what other tests
/// publish.
///
/// # Panics
/// With every operation that tells of something, does something, or takes an id that no one of `all` has.
pub async fn assert_foreign_ids<S: Service>(service: &TestService<S>, all: &[Foreign<'_>]) {
    let operations = Document::of(&service.anonymous()).await.operations();
    let before = stored(service).await;
    let (mut wrong, mut covered) = (Vec::new(), BTreeSet::new());
    for foreign in all {
        let mut needless: BTreeSet<&str> = foreign.unless.iter().map(|(endpoint, _)| *endpoint).collect();
        for operation in operations.iter().filter(|operation| !operation.upgrades) {
            for place in foreign.places(operation) {
                let is_excused = foreign.check(operation, &place, &mut wrong).await;
                if is_excused {
                    needless.remove(operation.endpoint().as_str());
                }
                if foreign.told != Told::Forbidden {
                    covered.extend(place.names().map(|name| (operation.endpoint(), name.to_owned())));
                }
            }
        }
        wrong.extend(needless.iter().map(|endpoint| format!("{}: {endpoint} is no exception", foreign.what)));
    }
    wrong.extend(forgotten(&operations, &covered));
    assert!(wrong.is_empty(), "{} answers are not as they should be:\n{}", wrong.len(), wrong.join("\n"));
    for (name, rows) in stored(service).await {
        let (was, is) = (before.get(&name).cloned().unwrap_or_default(), rows);
        let gone: Vec<_> = was.iter().filter(|row| !is.contains(row)).collect();
        let new: Vec<_> = is.iter().filter(|row| !was.contains(row)).collect();
        assert!(was == is, "{name} was changed by who may not: {gone:#?} became {new:#?}");
    }
}

/// Ids that an operation takes and nobody gave it.
fn forgotten(operations: &[Operation], covered: &BTreeSet<(String, String)>) -> Vec<String> {
    let mut missing = Vec::new();
    for operation in operations.iter().filter(|operation| !operation.upgrades) {
        let is_id = |name: &&String| {
            let name = name.to_lowercase().replace('-', "_");
            name.ends_with("_id") || name.ends_with("_ids")
        };
        let beside = operation.queries.iter().chain(&operation.headers).filter(is_id);
        let in_body = operation.body.iter().flat_map(|body| &body.ids);
        for name in operation.ids.iter().chain(beside).chain(in_body) {
            if !covered.contains(&(operation.endpoint(), name.clone())) {
                missing.push(format!("{} was asked with nobody's {name}", operation.endpoint()));
            }
        }
    }
    missing
}

impl Place {
    fn names(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::Path(names) => names.as_slice(),
            Self::Query(name) | Self::Header(name) | Self::Body(name) => std::slice::from_ref(name),
        }
        .iter()
        .map(String::as_str)
    }
}

impl Foreign<'_> {
    fn foreign(&self, name: &str) -> Option<&str> {
        self.ids.iter().find_map(|(other, id)| (*other == name).then_some(*id))
    }

    fn own(&self, name: &str) -> Option<&str> {
        self.own.iter().find_map(|(other, id)| (*other == name).then_some(*id))
    }

    /// Every way in which an operation can be asked for something foreign.
    fn places(&self, operation: &Operation) -> Vec<Place> {
        let parameters: Vec<&str> = operation.path_parameters().collect();
        let mut places = Vec::new();
        for chosen in 1_u32..1 << parameters.len() {
            let is_foreign = |index: usize| chosen & (1 << index) != 0;
            let value = |(index, name): (usize, &&str)| {
                if is_foreign(index) { self.foreign(name) } else { self.own(name) }
            };
            if parameters.iter().enumerate().all(|parameter| value(parameter).is_some()) {
                let names = parameters.iter().enumerate().filter(|(index, _)| is_foreign(*index));
                places.push(Place::Path(names.map(|(_, name)| (*name).to_owned()).collect()));
            }
        }
        if parameters.iter().all(|name| self.own(name).is_some()) {
            let named = |name: &&String| self.foreign(name).is_some();
            let fields = operation.body.iter().flat_map(|body| &body.fields);
            places.extend(operation.queries.iter().filter(named).cloned().map(Place::Query));
            places.extend(operation.headers.iter().filter(named).cloned().map(Place::Header));
            places.extend(fields.filter(named).cloned().map(Place::Body));
        }
        places
    }

    /// Whether the operation answered as an exception may.
    async fn check(&self, operation: &Operation, place: &Place, wrong: &mut Vec<String>) -> bool {
        let answer = self.request(operation, place, |name| self.foreign(name)).send().await;
        let endpoint = operation.endpoint();
        if self.unless.iter().any(|(other, status)| *other == endpoint && answer.status == *status) {
            return true;
        }
        let is_forbidden = answer.status == 403 && said(&answer, &[])["error"]["code"] == "FORBIDDEN";
        let problem = if self.told == Told::Forbidden {
            (!is_forbidden).then(|| "403 FORBIDDEN".to_owned())
        } else {
            let nothing = self.request(operation, place, |_| Some(UNKNOWN)).send().await;
            let asked: Vec<&str> = place.names().filter_map(|name| self.foreign(name)).collect();
            let is_refused = match self.told {
                Told::Closed => is_forbidden,
                _ => is_no(operation, place, &nothing),
            };
            let is_as_good = answer.status == nothing.status && said(&answer, &asked) == said(&nothing, &[]);
            (!(is_as_good && is_refused)).then(|| format!("as of nothing ({nothing})"))
        };
        let problem = problem.map(|problem| format!("{}, {place:?}: {problem}: {answer}", self.what));
        wrong.extend(problem);
        false
    }

    /// The request with `value` for what is foreign, and with his own for the rest, but for what a foreign header names.
    fn request<'v>(
        &'v self,
        operation: &Operation,
        place: &Place,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Request {
        let is_named_by_header = |name: &str| match place {
            Place::Header(header) => header.to_lowercase().replace('-', "_").ends_with(name),
            _ => false,
        };
        let choose = |name: &str, is_here: bool| {
            if is_here && place.names().any(|other| other == name) {
                value(name)
            } else {
                self.own(name).filter(|_| !is_named_by_header(name))
            }
        };
        let (in_path, in_query) = (matches!(place, Place::Path(_)), matches!(place, Place::Query(_)));
        let mut path = operation.path_with(|name| choose(name, in_path).unwrap_or(UNKNOWN));
        let query = operation.queries.iter().filter_map(|name| Some((name, choose(name, in_query)?)));
        let query: Vec<String> = query.map(|(name, value)| format!("{name}={value}")).collect();
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        let mut request = self.client.request(operation.method.clone(), &path);
        for name in &operation.headers {
            if let Some(value) = choose(name, matches!(place, Place::Header(_))) {
                request = request.header(name, value);
            }
        }
        let Some(body) = &operation.body else { return request };
        let mut example = body.example.clone();
        for name in &body.fields {
            let is_asked = *place == Place::Body(name.clone());
            if let Some(value) = choose(name, is_asked).filter(|_| is_asked || body.ids.contains(name)) {
                example[name.as_str()] = Value::from(value);
            }
        }
        request.json(&example)
    }
}

/// What an answer says, whoever asked when. What was asked for is as an id of nothing: the caller had it before.
fn said(answer: &Answer, asked: &[&str]) -> Value {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    let body = asked.iter().fold(body, |body, id| body.replace(id, UNKNOWN));
    let mut body: Value = serde_json::from_str(&body).unwrap_or_default();
    if let Some(envelope) = body.as_object_mut() {
        envelope.remove("meta");
    }
    body
}

/// Whether an answer to an id of nothing is a refusal. A list that is filtered by it may be empty instead.
fn is_no(operation: &Operation, place: &Place, answer: &Answer) -> bool {
    match place {
        Place::Path(_) => answer.status == 404 && answer.error_code() == "NOT_FOUND",
        _ if operation.method == Method::GET && answer.status == 200 => true,
        _ => answer.status.is_client_error(),
    }
}
