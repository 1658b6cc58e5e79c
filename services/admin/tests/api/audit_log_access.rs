use colink_core::clock::SystemClock;
use colink_core::id::EventId;

use crate::harness::World;

/// D-3, A-4: the log is for administrators of the installation, with a good token.
#[actix_web::test]
async fn only_realm_administrators_read_the_log() {
    let world = World::new().await;
    let identity = world.stage.identity();
    let (user, admin) = (identity.user("ann"), identity.admin("root"));
    let bearer = |token: String| world.admin.anonymous().bearer(&token);
    let cases = [
        (world.admin.anonymous(), 401, "UNAUTHORIZED"),
        (bearer("nonsense".to_owned()), 401, "TOKEN_INVALID"),
        (bearer(identity.mint(&admin).expired().sign()), 401, "TOKEN_EXPIRED"),
        (bearer(identity.mint(&admin).other_key().sign()), 401, "TOKEN_INVALID"),
        (bearer(identity.mint(&admin).audience("others").sign()), 401, "TOKEN_INVALID"),
        (bearer(identity.mint(&admin).unsigned()), 401, "TOKEN_INVALID"),
        (world.admin.client(&user), 403, "FORBIDDEN"),
        (world.admin.internal("channels"), 401, "TOKEN_INVALID"),
    ];
    let entry = format!("/admin/audit-log/{}", EventId::generate(&SystemClock));
    for path in ["/admin/audit-log", entry.as_str()] {
        for (client, status, code) in &cases {
            let refused = client.get(path).await.expect(*status);
            assert_eq!(refused.error_code(), *code, "{path}");
        }
    }
    world.root.get("/admin/audit-log").await.expect(200);
    world.finish().await;
}

/// D-3: the log is append-only: nobody can write or delete through the API.
#[actix_web::test]
async fn the_log_can_only_be_read() {
    let world = World::new().await;
    let entry = format!("/admin/audit-log/{}", EventId::generate(&SystemClock));
    for path in ["/admin/audit-log", entry.as_str()] {
        let body = serde_json::json!({});
        for answer in [
            world.root.post(path, &body).await,
            world.root.put(path, &body).await,
            world.root.patch(path, &body).await,
            world.root.delete(path).await,
        ] {
            assert_eq!(answer.expect(405).error_code(), "METHOD_NOT_ALLOWED");
        }
    }
    world.finish().await;
}
