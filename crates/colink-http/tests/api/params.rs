//! Query and path parameters, and the workspace of a call.

use actix_web::web;
use colink_core::id::{ChannelId, MessageId, WorkspaceId};
use colink_http::{ApiResult, Path, Query, Reply, WorkspaceScope};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{Answer, Server};

const ID: &str = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";
const OTHER: &str = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2b";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    q: Option<String>,
    limit: Option<u32>,
    unread: Option<bool>,
    tab: Option<Tab>,
    ids: Option<Vec<ChannelId>>,
    workspace_id: Option<WorkspaceId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tab {
    Files,
}

async fn list(Query(filter): Query<Filter>) -> ApiResult<Reply<Value>> {
    let Filter { q, limit, unread, tab, ids, workspace_id } = filter;
    Ok(Reply::ok(json!([q, limit, unread, tab.is_some(), ids, workspace_id])))
}

async fn get_one(Path(id): Path<ChannelId>) -> ApiResult<Reply<ChannelId>> {
    Ok(Reply::ok(id))
}

async fn get_two(Path((id, emoji)): Path<(MessageId, String)>) -> ApiResult<Reply<Value>> {
    Ok(Reply::ok(json!([id, emoji])))
}

#[derive(Deserialize)]
struct Named {
    message_id: MessageId,
    page: u8,
}

async fn get_named(Path(named): Path<Named>) -> ApiResult<Reply<Value>> {
    Ok(Reply::ok(json!([named.message_id, named.page])))
}

#[derive(Deserialize)]
struct InWorkspace {
    workspace_id: Option<WorkspaceId>,
}

async fn scoped(scope: WorkspaceScope) -> ApiResult<Reply<WorkspaceId>> {
    Ok(Reply::ok(scope.require()?))
}

async fn scoped_body(
    scope: WorkspaceScope,
    colink_http::Body(body): colink_http::Body<InWorkspace>,
) -> ApiResult<Reply<WorkspaceId>> {
    Ok(Reply::ok(scope.resolve(body.workspace_id)?))
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/list").get(list));
    app.service(web::resource("/channels/{channel_id}").get(get_one));
    app.service(web::resource("/messages/{id}/reactions/{emoji}").get(get_two));
    app.service(web::resource("/messages/{message_id}/pages/{page}").get(get_named));
    app.service(web::resource("/scoped").get(scoped).post(scoped_body));
}

#[actix_web::test]
async fn a_good_query_is_read_by_the_types_of_its_fields() {
    let server = Server::start(routes);
    let answer =
        server.get(&format!("/list?q=a+b%20c%26%C3%BC&limit=5&unread=true&tab=files&ids={ID},{OTHER}")).await;
    assert_eq!(answer.data(), json!(["a b c&ü", 5, true, true, [ID, OTHER], null]));
    let empty = server.get("/list?limit=&q=&cursor".trim_end_matches("&cursor")).await;
    assert_eq!(empty.data(), json!([null, null, null, false, null, null]));
    assert_eq!(server.get("/list").await.status, 200);
}

#[actix_web::test]
async fn a_bad_query_is_400_and_names_the_parameter() {
    let server = Server::start(routes);
    let cases: &[(&str, &[&str])] = &[
        ("limit=many", &["limit"]),
        ("limit=-1", &["limit"]),
        ("limit=99999999999", &["limit"]),
        ("unread=yes", &["unread"]),
        ("tab=nothing", &["tab"]),
        ("ids=1,2", &["ids"]),
        ("limits=1", &["limits"]),
        ("limit=1&limit=2", &["limit"]),
        ("q=%00", &["q"]),
        ("q=%", &[]),
        ("q=%zz", &[]),
        ("q=%ff", &[]),
    ];
    for (query, fields) in cases {
        let answer = server.get(&format!("/list?{query}")).await;
        answer.fails_with(400, "INVALID_REQUEST");
        assert_eq!(answer.fields(), *fields, "{query}: {answer:?}");
    }
}

#[actix_web::test]
async fn path_parameters_are_decoded_and_typed() {
    let server = Server::start(routes);
    assert_eq!(server.get(&format!("/channels/{ID}")).await.data(), ID);
    let emoji = server.get(&format!("/messages/{ID}/reactions/%F0%9F%91%8D%2F%25")).await;
    assert_eq!(emoji.data(), json!([ID, "👍/%"]));
    assert_eq!(server.get(&format!("/messages/{ID}/pages/7")).await.data(), json!([ID, 7]));
}

#[actix_web::test]
async fn a_bad_path_parameter_is_400_and_named() {
    let server = Server::start(routes);
    let cases = [
        ("/channels/nope".to_owned(), "channel_id"),
        (format!("/channels/{ID}x"), "channel_id"),
        (format!("/channels/{{{ID}}}"), "channel_id"),
        ("/channels/%00".to_owned(), "channel_id"),
        ("/channels/%ff%fe".to_owned(), "channel_id"),
        ("/messages/1/reactions/x".to_owned(), "id"),
        (format!("/messages/{ID}/pages/x"), "page"),
        (format!("/messages/{ID}/pages/256"), "page"),
    ];
    for (path, field) in cases {
        let answer = server.get(&path).await;
        answer.fails_with(400, "VALIDATION_ERROR");
        assert_eq!(answer.fields(), [field], "{path}: {answer:?}");
    }
}

/// W-3: header, query and body agree, or the call is refused; there is no default.
#[actix_web::test]
async fn a_call_names_its_workspace_once_or_consistently() {
    let server = Server::start(routes);
    server.get("/scoped").await.fails_with(400, "WORKSPACE_REQUIRED");
    assert_eq!(server.get(&format!("/scoped?workspace_id={ID}")).await.data(), ID);
    let with_header = |path: &str, id: &str| server.request("GET", path).header("x-workspace-id", id);
    assert_eq!(Answer::of(with_header("/scoped", ID)).await.data(), ID);
    let same = format!("/scoped?workspace_id={ID}");
    assert_eq!(Answer::of(with_header(&same, ID)).await.data(), ID);
    Answer::of(with_header(&same, OTHER)).await.fails_with(400, "VALIDATION_ERROR");
    let bad = Answer::of(with_header("/scoped", "nope")).await;
    bad.fails_with(400, "VALIDATION_ERROR");
    assert_eq!(bad.fields(), ["X-Workspace-Id"]);
    let body = json!({ "workspace_id": OTHER });
    assert_eq!(server.post("/scoped", body.to_string()).await.data(), OTHER);
    let conflict = server.request("POST", "/scoped").header("x-workspace-id", ID).json(&body);
    Answer::of(conflict).await.fails_with(400, "VALIDATION_ERROR");
    server.post("/scoped", "{}").await.fails_with(400, "WORKSPACE_REQUIRED");
}
