//! Which headers go on. Those of the connection itself (RFC 9110, section 7.6.1) and those that only this
//! fleet may set stay behind.

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Call;

/// Gives the service the client's headers and the gateway's own.
pub fn copy_request(call: &Call<'_>, onward: &mut HeaderMap) {
    let incoming = call.request.headers();
    let named = named_by_connection(incoming);
    for (name, value) in incoming {
        if !stays_behind(name) && !named.iter().any(|one| name == one.as_str()) {
            onward.append(name.clone(), value.clone());
        }
    }
    if let Some(token) = call.exchanged {
        onward.insert(header::AUTHORIZATION, token.clone());
    }
    introduce(call, onward);
}

/// Gives the client the service's headers; the gateway's own follow where every answer gets them.
pub fn copy_response(answer: &HeaderMap, response: &mut HttpResponseBuilder) {
    let named = named_by_connection(answer);
    for (name, value) in answer {
        if !stays_behind(name) && !named.iter().any(|one| name == one.as_str()) {
            response.append_header((name.clone(), value.clone()));
        }
    }
}

/// The length that a message declares for its body.
pub fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The headers that only the gateway sets.
fn introduce(call: &Call<'_>, onward: &mut HeaderMap) {
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            onward.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", call.context.request_id().as_str());
    if let Some(ip) = call.context.ip() {
        set("x-forwarded-for", &ip.to_string());
    }
    set("x-forwarded-proto", scheme(call));
    if let Some(host) = host(call) {
        set("x-forwarded-host", host);
    }
    if let Some(traceparent) = call.context.traceparent() {
        set("traceparent", &traceparent);
    }
}

fn scheme<'request>(call: &Call<'request>) -> &'request str {
    let own = if call.request.app_config().secure() { "https" } else { "http" };
    said_by_ingress(call, "x-forwarded-proto").unwrap_or(own)
}

fn host<'request>(call: &Call<'request>) -> Option<&'request str> {
    let own = || call.request.headers().get(header::HOST)?.to_str().ok();
    said_by_ingress(call, "x-forwarded-host").or_else(own)
}

/// What the last hop before the gateway says, when there is one that may.
fn said_by_ingress<'request>(call: &Call<'request>, name: &str) -> Option<&'request str> {
    let value = call.request.headers().get_all(name).last().filter(|_| call.trust_forwarded)?;
    value.to_str().ok()?.rsplit(',').next().map(str::trim)
}

/// Headers between two neighbours, and headers that would let a client speak for the fleet.
fn stays_behind(name: &HeaderName) -> bool {
    const OWN: [&str; 7] =
        ["x-forwarded", "x-user", "x-remote-user", "remote-user", "x-internal", "x-envoy", "proxy-"];
    let name = name.as_str();
    // Some readers take `_` for `-`.
    let begins = |prefix: &str| {
        let begin = name.as_bytes().get(..prefix.len());
        let dashed = |byte: &u8| if *byte == b'_' { b'-' } else { *byte };
        begin.is_some_and(|begin| begin.iter().map(dashed).eq(prefix.bytes()))
    };
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "host"
            | "content-length"
            | "expect"
            | "forwarded"
            | "x-real-ip"
            | "x-request-id"
            | "traceparent"
    ) || OWN.iter().any(|prefix| begins(prefix))
}

/// The headers that a message's `Connection` names are its neighbour's alone.
fn named_by_connection(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::stays_behind;

    /// G-2
    #[test]
    fn headers_that_speak_for_the_fleet_stay_behind() {
        for name in [
            "x-user-id",
            "x-forwarded-for",
            "x-forwarded-host",
            "forwarded",
            "x-internal-token",
            "x-internal",
            "x_user_id",
            "x-forwarded_host",
            "remote-user",
            "connection",
            "x-request-id",
        ] {
            assert!(stays_behind(&HeaderName::from_static(name)), "{name}");
        }
        for name in
            ["authorization", "idempotency-key", "x-workspace-id", "if-match", "content-type", "user-agent"]
        {
            assert!(!stays_behind(&HeaderName::from_static(name)), "{name}");
        }
    }
}
