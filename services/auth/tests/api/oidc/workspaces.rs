//! Providers that workspaces bring along.

pub(crate) mod company;
mod deleted;
mod removed;
mod trust;

use std::sync::atomic::Ordering;

use colink_events::Topic;
use colink_events::channels::AccessBypassed;
use colink_events::users::{ProviderUnlinked, SsoProviderChanged, UserProvisioned};
use futures_util::future::join;
use reqwest::Method;
use serde_json::json;

use super::browser::{Browser, code_of};
use super::error_of;
use super::provider::{CLIENT_ID, CLIENT_SECRET, Someone};
use crate::harness::refuses_bad_tokens;
use crate::password_races::{SESSIONS, held, kept_waiting};
use company::{Company, WORKSPACE, path};

const OTHER: &str = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2b";

/// administrators enter a provider; its secret is sealed and never shown again.
#[tokio::test]
async fn an_administrator_keeps_the_providers() {
    let company = Company::start(true).await;
    let (world, client) = (&company.world, &company.admin.client);
    let created = company.create(client, &company.body()).await.expect(201);
    let id = created.text("/id");
    assert_eq!(created.value("/client_secret_set"), json!(true));
    assert_eq!(created.value("/allowed_domains"), json!(["example.test"]));
    let redirect = format!("https://chat.example.test/api/auth/oidc/{id}/callback");
    assert_eq!(created.text("/redirect_uri"), redirect);
    let listed = client.get(&path(WORKSPACE)).await.expect(200);
    for answer in [&created, &listed] {
        assert!(!answer.to_string().contains(CLIENT_SECRET), "{answer}");
    }
    let sealed: Vec<u8> =
        sqlx::query_scalar("select sealed_client_secret from oidc_providers where id::text = $1")
            .bind(&id)
            .fetch_one(world.database())
            .await
            .unwrap();
    assert!(sealed.len() > CLIENT_SECRET.len());
    assert!(!sealed.windows(CLIENT_SECRET.len()).any(|part| part == CLIENT_SECRET.as_bytes()));

    let one = format!("{}/{id}", path(WORKSPACE));
    let changed =
        client.put(&one, &json!({"name": "Acme Inc", "scopes": ["openid", "email"]})).await.expect(200);
    assert_eq!((changed.text("/name"), changed.value("/jit")), ("Acme Inc".to_owned(), json!(true)));
    for (body, field) in [
        (json!({"issuer": "https://evil.test"}), "issuer"),
        (json!({"kind": "github"}), "kind"),
        (json!({"link_by_address": true}), "link_by_address"),
        (json!({"scopes": ["email"]}), "scopes"),
        (json!({"allowed_domains": ["not a domain"]}), "allowed_domains[0]"),
        (json!({"client_secret": ""}), "client_secret"),
    ] {
        assert_eq!(client.put(&one, &body).await.expect(400).error_fields(), [field], "{body}");
    }
    for replayed in [None, Some("true")] {
        let deleted = client.request(Method::DELETE, &one).idempotency_key("k1").send().await.expect(204);
        assert_eq!(deleted.header("idempotent-replayed"), replayed);
    }
    client.delete(&one).await.expect(404);
    client.put(&one, &json!({})).await.expect(404);

    let mut users = world.stage.probe(Topic::Users).await;
    for change in ["created", "updated", "deleted"] {
        let (event, _) = users
            .await_event::<SsoProviderChanged>(|event| event.provider == id && event.change == change)
            .await;
        assert!(!event.trusted);
    }
}

/// whoever is nothing in the workspace sees nothing, a member may not, and nobody without a fresh proof.
#[tokio::test]
async fn only_administrators_see_and_change_providers() {
    let company = Company::start(true).await;
    let world = &company.world;
    let created = company.create(&company.admin.client, &company.body()).await.expect(201);
    let one = format!("{}/{}", path(WORKSPACE), created.text("/id"));
    let (_, stranger) = world.signed_in("stranger").await;
    let (_, member) = world.signed_in("member").await;
    company.roles.people.lock().unwrap().push((member.user_id.clone(), "member"));
    let calls = [(Method::GET, path(WORKSPACE)), (Method::POST, path(WORKSPACE)), (Method::PUT, one.clone())];
    for (method, path) in calls.into_iter().chain([(Method::DELETE, one.clone())]) {
        refuses_bad_tokens(world, method.clone(), &path).await;
        for (session, status) in [(&stranger, 404), (&member, 403)] {
            let request = session.client.request(method.clone(), &path);
            let request = if method == Method::GET { request } else { request.json(&company.body()) };
            request.send().await.expect(status);
        }
    }
    // Another workspace's id does not lead to this one's provider.
    let elsewhere = format!("{}/{}", path(OTHER), created.text("/id"));
    company.admin.client.delete(&elsewhere).await.expect(404);
    sqlx::query("update sessions set authenticated_at = authenticated_at - interval '1 hour'")
        .execute(world.database())
        .await
        .unwrap();
    let stale = company.create(&company.admin.client, &company.body()).await.expect(403);
    assert_eq!(stale.error_code(), "REAUTHENTICATION_REQUIRED");
}

/// only the operator lets a workspace's provider vouch for addresses, and only he changes it from then on.
#[tokio::test]
async fn trust_is_the_operators() {
    let company = Company::start(true).await;
    let admin = &company.admin.client;
    let operator = company.operator().await;
    for flag in ["trusts_email", "trust_mfa"] {
        let mut body = company.body();
        body[flag] = json!(true);
        company.create(admin, &body).await.expect(403);
    }
    let id = company.create(admin, &company.body()).await.expect(201).text("/id");
    let one = format!("{}/{id}", path(WORKSPACE));
    admin.put(&one, &json!({"trusts_email": true})).await.expect(403);
    let unbounded = json!({"trusts_email": true, "allowed_domains": []});
    assert_eq!(operator.client.put(&one, &unbounded).await.expect(400).error_fields(), ["allowed_domains"]);
    let trust = json!({"trusts_email": true, "allowed_domains": ["example.test"], "client_id": CLIENT_ID});
    operator.client.put(&one, &trust).await.expect(200);
    let mut channels = company.world.stage.probe(Topic::Channels).await;
    let of_operator = |event: &AccessBypassed| event.user_id.to_string() == operator.user_id;
    assert_eq!(channels.await_event::<AccessBypassed>(of_operator).await.0.action, "update_workspace");
    for body in
        [json!({"allowed_domains": ["elsewhere.test"]}), json!({"name": "x"}), json!({"trusts_email": false})]
    {
        admin.put(&one, &body).await.expect(403);
    }
    admin.delete(&one).await.expect(204);
}

/// people of the company sign in, get an account, and are made members of the workspace.
#[tokio::test]
async fn a_companys_people_become_members() {
    let company = Company::start(true).await;
    let (world, provider) = (&company.world, &company.provider);
    let operator = company.operator().await;
    let mut body = company.body();
    body["trusts_email"] = json!(true);
    let id = company.create(&operator.client, &body).await.expect(201).text("/id");

    let offered = world.anonymous().get("/auth/oidc/providers?workspace=acme").await.expect(200);
    assert_eq!(offered.value("/providers"), json!([{"id": id, "name": "Acme", "kind": "oidc"}]));
    for query in ["", "?workspace=unknown"] {
        let offered = world.anonymous().get(&format!("/auth/oidc/providers{query}")).await.expect(200);
        assert_eq!(offered.value("/providers"), json!([]));
    }
    world.anonymous().get("/auth/oidc/providers?workspace=Not%20a%20slug").await.expect(400);

    let ada = Someone::named("ada");
    let mut browser = Browser::new(world);
    let url = browser.begin_at(&format!("/auth/oidc/{id}/start?return_to=/channels")).await;
    let location = browser.come_back_to(&id, &provider.sign_in(&url, &ada)).await;
    let session = world.session(&browser.exchange(code_of(&location)).await.expect(200));
    let mut users = world.stage.probe(Topic::Users).await;
    let of_ada = |event: &UserProvisioned| event.user_id.to_string() == session.user_id;
    let (provisioned, envelope) = users.await_event::<UserProvisioned>(of_ada).await;
    assert_eq!(
        (provisioned.workspace_id.to_string(), provisioned.provider),
        (WORKSPACE.to_owned(), id.clone())
    );
    assert_eq!(envelope.workspace_id.unwrap().to_string(), WORKSPACE);

    let outsider = Someone { email: "eve@elsewhere.test".to_owned(), ..Someone::named("eve") };
    let url = browser.begin_at(&format!("/auth/oidc/{id}/start")).await;
    assert_eq!(
        error_of(&browser.come_back_to(&id, &provider.sign_in(&url, &outsider)).await),
        "domain_not_allowed"
    );

    // With the provider its identities go.
    let url = browser.begin_at(&format!("/auth/oidc/{id}/start")).await;
    operator.client.delete(&format!("{}/{id}", path(WORKSPACE))).await.expect(204);
    assert_eq!(error_of(&browser.come_back_to(&id, &provider.sign_in(&url, &ada)).await), "expired");
    browser.get(&format!("/auth/oidc/{id}/start")).await.expect(404);
    let of_ada = |event: &ProviderUnlinked| event.user_id.to_string() == session.user_id;
    assert_eq!(users.await_event::<ProviderUnlinked>(of_ada).await.0.provider, id);
    let mail = world.mailbox.await_mail(&ada.email, "was unlinked from your account").await;
    assert!(mail.text.lines().any(|line| line == "Acme"), "{}", mail.text);
}

/// a code that is being exchanged while its provider is removed opens nothing.
#[tokio::test]
async fn an_exchange_does_not_outlive_its_provider() {
    let company = Company::start(true).await;
    let (world, operator) = (&company.world, company.operator().await);
    let id = company.trusted(&operator, WORKSPACE).await;
    let (ada, mut browser) = (Someone::named("ada"), Browser::new(world));
    let url = browser.begin_at(&format!("/auth/oidc/{id}/start?return_to=/channels")).await;
    let location = browser.come_back_to(&id, &company.provider.sign_in(&url, &ada)).await;
    let held = held(world, &ada.username).await;
    let removal = async {
        kept_waiting(world, 1).await;
        company.admin.client.delete(&format!("{}/{id}", path(WORKSPACE))).await.expect(204);
        held.commit().await.unwrap();
    };
    let (answer, ()) = join(browser.exchange(code_of(&location)), removal).await;
    assert_eq!(answer.expect(400).error_fields(), ["code"]);
    assert_eq!(world.count(SESSIONS, &ada.username).await, 0);
}

/// a workspace that asks for a second factor shows and changes its providers for sessions that were proven by one.
#[tokio::test]
async fn a_workspace_that_asks_for_a_second_factor_keeps_its_providers_closed() {
    let company = Company::start(true).await;
    let (world, admin) = (&company.world, &company.admin);
    let created = company.create(&admin.client, &company.body()).await.expect(201);
    let one = format!("{}/{}", path(WORKSPACE), created.text("/id"));
    company.roles.require_mfa.store(true, Ordering::SeqCst);
    let calls = [(Method::GET, path(WORKSPACE)), (Method::POST, path(WORKSPACE)), (Method::PUT, one.clone())];
    for (method, path) in calls.into_iter().chain([(Method::DELETE, one)]) {
        let request = admin.client.request(method.clone(), &path);
        let request = if method == Method::GET { request } else { request.json(&company.body()) };
        assert_eq!(request.send().await.expect(401).error_code(), "MFA_REQUIRED", "{method} {path}");
    }
    sqlx::query("update sessions set amr = '{pwd,otp,mfa}'").execute(world.database()).await.unwrap();
    let proven = world.session(&world.refresh(&admin.refresh).await.expect(200));
    proven.client.get(&path(WORKSPACE)).await.expect(200);
}

/// administrators of a workspace cannot use its provider to look around in the network of this service.
#[tokio::test]
async fn a_workspaces_provider_is_at_a_public_address() {
    let company = Company::start(false).await;
    let client = &company.admin.client;
    for issuer in [
        company.provider.issuer(),
        "http://sso.example.com".to_owned(),
        "https://127.0.0.1:8443".to_owned(),
        "https://2130706433".to_owned(),
        "https://169.254.169.254/latest".to_owned(),
        "https://[::1]".to_owned(),
        "https://[::ffff:10.0.0.1]".to_owned(),
        "https://user:password@sso.example.com".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let mut body = company.body();
        body["issuer"] = json!(issuer);
        let refused = company.create(client, &body).await.expect(400);
        assert_eq!(refused.error_fields(), ["issuer"], "{issuer}");
    }
    // A name that leads to a private address is found out at the moment of connecting.
    let mut body = company.body();
    let port = company.provider.issuer().rsplit(':').next().unwrap().to_owned();
    body["issuer"] = json!(format!("https://localhost:{port}"));
    let id = company.create(client, &body).await.expect(201).text("/id");
    let answer = Browser::new(&company.world).get(&format!("/auth/oidc/{id}/start")).await.expect(302);
    let word = error_of(answer.header("location").unwrap());
    assert!(["provider_error", "provider_unavailable"].contains(&word), "{word}");
    assert_eq!(company.provider.calls("/realm/.well-known/openid-configuration"), 0);
}

/// a workspace has ten providers at most, also when they come at once.
#[tokio::test]
async fn a_workspace_has_a_few_providers() {
    let company = Company::start(true).await;
    let body = company.body();
    let calls = (0..12).map(|_| company.create(&company.admin.client, &body));
    let answers = futures_util::future::join_all(calls).await;
    let created = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    assert_eq!(created, 10);
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status.as_u16())));
    let empty = company.create(&company.admin.client, &json!({})).await.expect(400);
    assert_eq!(empty.error_fields(), ["kind", "issuer", "name", "client_id", "client_secret"]);
}
