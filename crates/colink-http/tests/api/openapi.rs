//! The completed document.

use colink_core::id::ChannelId;
use colink_http::Success;
use colink_http::openapi::openapi_document;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};

#[derive(Serialize, Deserialize, ToSchema)]
struct View {
    id: ChannelId,
}

#[utoipa::path(
    put, path = "/channels/{id}", operation_id = "update_channel",
    params(("id" = ChannelId, Path)), request_body = View,
    responses((status = 200, body = Success<View>), (status = 409, description = "mine"))
)]
fn update_channel() {}

#[utoipa::path(get, path = "/keys", operation_id = "list_keys", security(()), responses((status = 200)))]
fn list_keys() {}

#[derive(OpenApi)]
#[openapi(paths(update_channel, list_keys))]
struct Document;

fn completed() -> Value {
    // The functions only carry the descriptions.
    update_channel();
    list_keys();
    serde_json::to_value(openapi_document("channels", Document::openapi())).unwrap()
}

/// G-6
#[test]
fn every_operation_lists_its_error_answers() {
    let document = completed();
    let put = &document["paths"]["/channels/{id}"]["put"]["responses"];
    let statuses: Vec<_> = put.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["200", "400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "502", "503", "504"];
    assert_eq!(statuses, expected);
    assert_eq!(put["409"]["description"], "mine");
    assert_eq!(put["404"], json!({ "$ref": "#/components/responses/NotFound" }));
    let open = &document["paths"]["/keys"]["get"]["responses"];
    assert!(open["401"].is_null() && open["406"].is_object());
}

#[test]
fn the_token_is_asked_for_unless_the_operation_is_open() {
    let document = completed();
    assert_eq!(document["info"]["title"], "CoLink channels");
    assert_eq!(document["security"], json!([{ "bearerAuth": [] }]));
    assert_eq!(document["paths"]["/keys"]["get"]["security"], json!([{}]));
    assert!(document["paths"]["/channels/{id}"]["put"]["security"].is_null());
    assert_eq!(document["components"]["securitySchemes"]["bearerAuth"]["scheme"], "bearer");
    let parameters = document["paths"]["/channels/{id}"]["put"]["parameters"].to_string();
    assert!(parameters.contains("Idempotency-Key"));
    assert!(!document["paths"]["/keys"]["get"].to_string().contains("Idempotency-Key"));
}

#[test]
fn no_reference_dangles() {
    let document = completed();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference} is not in the document");
    }
}
