//! `GET /search`: what is refused, and what must do no harm.

use colink_core::clock::SystemClock;
use colink_core::id::WorkspaceId;
use colink_test::Client;

use crate::harness::{World, contents, encoded};

/// S-2, H-1
#[tokio::test]
async fn bad_parameters_are_refused_by_name() {
    let world = World::new().await;
    let long = "x".repeat(257);
    let many = vec!["a"; 21].join(",");
    for (parameters, code, fields) in [
        (vec![], "VALIDATION_ERROR", vec!["q"]),
        (vec![("q", "")], "VALIDATION_ERROR", vec!["q"]),
        (vec![("q", "  ")], "VALIDATION_ERROR", vec!["q"]),
        (vec![("q", long.as_str())], "VALIDATION_ERROR", vec!["q"]),
        (vec![("q", "a\u{7}b")], "VALIDATION_ERROR", vec!["q"]),
        (vec![("q", "a\0b")], "INVALID_REQUEST", vec!["q"]),
        (vec![("q", "a\u{202e}b")], "VALIDATION_ERROR", vec!["q"]),
        (vec![("q", "tea before:soon")], "VALIDATION_ERROR", vec!["q"]),
        (vec![("q", "tea -on:2026-01-01")], "VALIDATION_ERROR", vec!["q"]),
        (vec![("q", "tea"), ("tab", "people")], "INVALID_REQUEST", vec!["tab"]),
        (vec![("q", "tea"), ("page", "1")], "INVALID_REQUEST", vec!["page"]),
        (vec![("q", "tea"), ("limit", "0")], "VALIDATION_ERROR", vec!["limit"]),
        (vec![("q", "tea"), ("limit", "101")], "VALIDATION_ERROR", vec!["limit"]),
        (vec![("q", "tea"), ("limit", "ten")], "INVALID_REQUEST", vec!["limit"]),
        (vec![("q", "tea"), ("cursor", "bogus")], "VALIDATION_ERROR", vec!["cursor"]),
        (vec![("q", "tea"), ("from", &many)], "VALIDATION_ERROR", vec!["from"]),
        (
            vec![
                ("q", "is:late"),
                ("limit", "0"),
                ("has", "money"),
                ("is", "pinned,x"),
                ("before", "2026-02-30"),
                ("user_id", "1"),
                ("channel_id", "2"),
            ],
            "VALIDATION_ERROR",
            vec!["limit", "q", "has", "is", "before", "user_id", "channel_id"],
        ),
    ] {
        let answer = world.ask(&world.ada, &parameters).await.expect(400);
        assert_eq!(answer.error_code(), code, "{answer}");
        assert_eq!(answer.error_fields(), fields, "{answer}");
    }
    let longest = "x".repeat(256);
    world.ask(&world.ada, &[("q", &longest)]).await.expect(200);
    world.ask(&world.ada, &[("q", "tea"), ("limit", "100")]).await.expect(200);
    world.ask(&world.ada, &[("is", "pinned")]).await.expect(200);
    let broken = format!("/search?workspace_id={}&q=%ff", world.workspace);
    assert_eq!(
        world.search.client(&world.ada).get(&broken).await.expect(400).error_code(),
        "INVALID_REQUEST"
    );
    world.search.finish().await;
}

/// W-3, A-4
#[tokio::test]
async fn the_workspace_and_a_token_are_needed() {
    let world = World::new().await;
    world.write(world.general, 1, &["tea"]).await;
    let client = world.search.client(&world.ada);
    let code = async |client: &Client, path: &str, status| client.get(path).await.expect(status).error_code();
    assert_eq!(code(&client, "/search?q=tea", 400).await, "WORKSPACE_REQUIRED");
    assert_eq!(code(&client, "/search?q=tea&workspace_id=1", 400).await, "VALIDATION_ERROR");
    let other = WorkspaceId::generate(&SystemClock).to_string();
    let scoped = client.with_header("X-Workspace-Id", &world.workspace.to_string());
    assert_eq!(contents(&scoped.get("/search?q=tea").await.expect(200)), ["tea"]);
    assert_eq!(code(&scoped, &format!("/search?q=tea&workspace_id={other}"), 400).await, "VALIDATION_ERROR");
    assert_eq!(code(&client, &format!("/search?q=tea&workspace_id={other}"), 404).await, "NOT_FOUND");

    let path = format!("/search?q=tea&workspace_id={}", world.workspace);
    let anonymous = world.search.anonymous();
    assert_eq!(code(&anonymous, &path, 401).await, "UNAUTHORIZED");
    let mint = || world.stage.identity().mint(&world.ada);
    assert_eq!(code(&anonymous.bearer(&mint().expired().sign()), &path, 401).await, "TOKEN_EXPIRED");
    for forged in [mint().other_key().sign(), mint().unsigned(), mint().audience("else").sign()] {
        assert_eq!(code(&anonymous.bearer(&forged), &path, 401).await, "TOKEN_INVALID");
    }
    assert_eq!(client.post(&path, "").await.expect(405).error_code(), "METHOD_NOT_ALLOWED");
    world.search.finish().await;
}

/// S-2, S-3: text cannot leave its place in the expression.
#[tokio::test]
async fn injection_is_only_text() {
    let world = World::new().await;
    world.await_channels().await;
    world.write(world.general, 1, &["o'brien\\'s tea"]).await;
    world.write(world.secret, 1, &["hidden treasure"]).await;
    let secret_lexeme = format!("'=c:{}'", world.secret);
    for q in [
        "'; drop table messages; --",
        "' or '1'='1",
        "tea' | 'hidden",
        "tea\\' | 'hidden",
        "\\",
        "'",
        "''",
        "tea:* | hidden:*",
        "!tea | hidden",
        "(((",
        "\"tea' | 'hidden\"",
        "& | ! <-> :*",
        "from:\"' or 1=1 --\"",
        "in:\"x') or ('1'='1\"",
        "%' or 1=1",
        "{\"$gt\":\"\"}",
        "=c:x",
        &format!("x | {secret_lexeme}"),
        "${jndi:ldap://x}",
    ] {
        let answer = world.ask(&world.bob, &[("q", q)]).await.expect(200);
        assert!(!contents(&answer).contains(&"hidden treasure".to_owned()), "{q}");
    }
    for name in ["' or 1=1", "\\", "x'); --"] {
        let path =
            format!("/search?workspace_id={}&from={}&in={}", world.workspace, encoded(name), encoded(name));
        let answer = world.search.client(&world.ada).get(&path).await.expect(200);
        assert_eq!(contents(&answer), [""; 0]);
    }
    assert_eq!(world.found("o'brien").await, ["o'brien\\'s tea"]);
    assert_eq!(world.found("o'brien\\'s").await, ["o'brien\\'s tea"]);
    world.search.finish().await;
}
