//! Workspaces that are not there, or not any more.

use std::sync::atomic::Ordering;

use reqwest::Method;
use serde_json::json;

use super::super::browser::{Browser, code_of};
use super::super::error_of;
use super::super::provider::Someone;
use super::OTHER;
use super::company::{Company, WORKSPACE, path};

/// an administrator of the installation sets up providers for workspaces that are there, and for no others.
#[tokio::test]
async fn a_provider_is_of_a_workspace_that_is_there() {
    let company = Company::start(true).await;
    let operator = company.operator().await;
    let id = company.create(&operator.client, &company.body()).await.expect(201).text("/id");
    let refuses = async |workspace: &str, provider: &str| {
        let (all, one) = (path(workspace), format!("{}/{provider}", path(workspace)));
        let calls = [(Method::GET, &all), (Method::POST, &all), (Method::PUT, &one), (Method::DELETE, &one)];
        for (method, path) in calls {
            let request = operator.client.request(method.clone(), path);
            let request = if method == Method::GET { request } else { request.json(&company.body()) };
            let refused = request.send().await.expect(404);
            assert_eq!(
                (refused.error_code(), refused.error_fields()),
                ("NOT_FOUND".to_owned(), vec!["workspace_id".to_owned()]),
                "{method} {path}"
            );
        }
    };
    refuses(OTHER, &id).await;
    company.roles.deleted.store(true, Ordering::SeqCst);
    refuses(WORKSPACE, &id).await;
    // Whoever is nothing in the installation is told no more than of any other workspace.
    let refused = company.admin.client.get(&path(WORKSPACE)).await.expect(404);
    assert!(refused.error_fields().is_empty(), "{refused}");
    let stored = "select count(*) from oidc_providers where workspace_id::text = $1";
    assert_eq!(company.world.count(stored, WORKSPACE).await, 1);
    assert_eq!(company.world.count(stored, OTHER).await, 0);
}

/// nobody signs in or links through the provider of a workspace that was deleted, even if he began before.
#[tokio::test]
async fn a_deleted_workspaces_provider_is_out_of_use() {
    let company = Company::start(true).await;
    let (world, provider) = (&company.world, &company.provider);
    let operator = company.operator().await;
    let mut body = company.body();
    body["trusts_email"] = json!(true);
    let id = company.create(&operator.client, &body).await.expect(201).text("/id");
    let ada = Someone::named("ada");
    let mut browser = Browser::new(world);
    let url = browser.begin_at(&format!("/auth/oidc/{id}/start?return_to=/channels")).await;
    let location = browser.come_back_to(&id, &provider.sign_in(&url, &ada)).await;
    let session = world.session(&browser.exchange(code_of(&location)).await.expect(200));
    let begun = browser.begin_at(&format!("/auth/oidc/{id}/start")).await;

    company.roles.deleted.store(true, Ordering::SeqCst);
    assert_eq!(error_of(&browser.come_back_to(&id, &provider.sign_in(&begun, &ada)).await), "expired");
    browser.get(&format!("/auth/oidc/{id}/start")).await.expect(404);
    session.client.post(&format!("/auth/oidc/{id}/link"), &json!({})).await.expect(404);
    let offered = browser.get("/auth/oidc/providers?workspace=acme").await.expect(200);
    assert_eq!(offered.value("/providers"), json!([]));
    // What was done stays: who is signed in, and the identity, which its owner may unlink once he has another way in.
    let identities = session.client.get("/auth/oidc/identities").await.expect(200);
    assert_eq!(identities.text("/identities/0/name"), "Acme");
}
