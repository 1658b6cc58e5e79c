//! `GET /auth/mail-templates` and `/auth/mail-templates/{name}`.

use reqwest::Method;

use crate::harness::{Session, World, refuses_bad_tokens, settings};

async fn with_admin() -> (World, Session) {
    let email = format!("boss.{}@example.test", colink_test::unique());
    let world = World::with(settings().set("bootstrap.admin_email", email.as_str())).await;
    let mut boss = world.stranger("boss");
    boss.email = email;
    world.register(&boss).await.expect(201);
    world.verify(&world.verification_mail(&boss).await.token()).await.expect(200);
    let session = world.login(&boss).await;
    (world, session)
}

/// every mail can be looked at in text and HTML, filled with samples.
#[tokio::test]
async fn every_mail_can_be_previewed() {
    let (_world, boss) = with_admin().await;
    let list = boss.client.get("/auth/mail-templates").await.expect(200);
    let items = list.value("/items").as_array().unwrap().clone();
    assert!(items.iter().any(|item| item["name"] == "verify_email"));
    for item in items {
        let path = format!("/auth/mail-templates/{}", item["name"].as_str().unwrap());
        let shown = boss.client.get(&path).await.expect(200);
        assert_eq!(
            (shown.value("/name"), shown.value("/subject")),
            (item["name"].clone(), item["subject"].clone())
        );
        let (text, html) = (shown.text("/text"), shown.text("/html"));
        assert!(text.contains("Ada Lovelace") && html.starts_with("<!doctype html>"), "{path}");
        assert!(html.contains("Ada Lovelace") && !html.contains("{{") && !text.contains("{{"), "{path}");
    }
}

/// previews are for realm admins, and only of mails that exist.
#[tokio::test]
async fn previews_are_not_for_everybody() {
    let (world, boss) = with_admin().await;
    let (_, ada) = world.signed_in("ada").await;
    for path in ["/auth/mail-templates", "/auth/mail-templates/verify_email"] {
        assert_eq!(ada.client.get(path).await.expect(403).error_code(), "FORBIDDEN");
        refuses_bad_tokens(&world, Method::GET, path).await;
    }
    for name in ["nothing", "VERIFY_EMAIL", "layout", "..%2Flayout", "verify_email.txt"] {
        boss.client.get(&format!("/auth/mail-templates/{name}")).await.expect(404);
    }
    let answer = boss.client.get("/auth/mail-templates/%00").await.expect(400);
    assert_eq!(answer.error_fields(), ["name"]);
}
