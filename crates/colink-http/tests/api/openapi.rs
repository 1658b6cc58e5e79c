//! The completed document.

use colink_core::id::ChannelId;
use colink_http::Success;
use colink_http::openapi::{KeysIgnored, openapi_document};
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

#[utoipa::path(post, path = "/login", operation_id = "login_user", security(()), responses((status = 200)))]
fn login_user() {}

#[derive(OpenApi)]
#[openapi(paths(update_channel, list_keys, login_user), modifiers(&UNWRAPPED))]
struct Document;

const UNWRAPPED: KeysIgnored = KeysIgnored(&["login_user"]);

fn completed() -> Value {
    // The functions only carry the descriptions.
    update_channel();
    list_keys();
    login_user();
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

/// G-6: the key is offered where it is taken.
#[test]
fn an_operation_that_ignores_the_key_does_not_list_it() {
    let login = &completed()["paths"]["/login"]["post"];
    assert!(!login.to_string().to_lowercase().contains("idempotency"), "{login}");
    assert!(login["responses"]["422"].is_null() && login["responses"]["409"].is_object());
}

#[test]
fn no_reference_dangles() {
    let document = completed();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference} is not in the document");
    }
}
