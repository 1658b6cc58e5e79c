//! what an API key's token passes, and that nothing is open to one by accident.

use actix_web::body::MessageBody;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse};
use colink_auth::{
    AuthConfig, Authenticator, Caller, Claims, MaybeCaller, NeededScope, RealmAdmin, RealmAdminOrKey, Scoped,
    TokenIdentity, TokenSigner, Verifier, needs,
};
use colink_core::clock::SystemClock;
use colink_core::permission::{Scope, Scopes};
use colink_http::idempotency::Identify;
use serde_json::{Value, json};

use crate::harness::{AUDIENCE, ISSUER, claims, set, signer};

async fn plain(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(caller.user_id())
}

async fn maybe(MaybeCaller(caller): MaybeCaller) -> HttpResponse {
    HttpResponse::Ok().json(caller.is_some())
}

async fn admin(RealmAdmin(caller): RealmAdmin) -> HttpResponse {
    HttpResponse::Ok().json(caller.user_id())
}

async fn admin_or_key(RealmAdminOrKey(caller): RealmAdminOrKey) -> HttpResponse {
    HttpResponse::Ok().json(caller.user_id())
}

async fn scoped<S: NeededScope>(caller: Scoped<S>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "admin": caller.realm_admin(), "scopes": caller.scopes() }))
}

async fn identity(request: HttpRequest, authenticator: Data<Authenticator>) -> HttpResponse {
    let identity = TokenIdentity(authenticator.get_ref().clone());
    HttpResponse::Ok().json(identity.identify(&request).await.ok())
}

async fn ask(signer: &TokenSigner, path: &str, claims: &Claims) -> (u16, Value) {
    let config = AuthConfig::new(ISSUER, AUDIENCE, "http://127.0.0.1:1");
    let verifier = Verifier::with_keys(&config, &set(&[signer]), SystemClock::shared());
    let app = App::new()
        .app_data(Data::new(Authenticator::new(verifier, None)))
        .route("/plain", web::get().to(plain))
        .route("/maybe", web::get().to(maybe))
        .route("/admin", web::get().to(admin))
        .route("/admin-or-key", web::get().to(admin_or_key))
        .route("/identity", web::get().to(identity))
        .route("/read", web::get().to(scoped::<needs::MessagesRead>))
        .route("/write", web::get().to(scoped::<needs::MessagesWrite>));
    let token = format!("Bearer {}", signer.sign(claims).unwrap());
    let request = TestRequest::get().uri(path).insert_header(("authorization", token)).to_request();
    let response = call_service(&init_service(app).await, request).await;
    let status = response.status().as_u16();
    let body = response.into_body().try_into_bytes().unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn key(scopes: &str) -> Claims {
    let amr = vec!["api_key".to_owned()];
    Claims { scope: Some(Scopes::read(scopes)), amr, ..claims(&SystemClock) }
}

/// an endpoint is closed to API keys until it names a scope, whatever scopes they have.
#[actix_web::test]
async fn what_names_no_scope_is_closed_to_keys() {
    let signer = signer("k1");
    let everything = Claims { scope: Some(Scopes::ALL), ..key("") };
    for path in ["/plain", "/maybe"] {
        let (status, body) = ask(&signer, path, &everything).await;
        assert_eq!((status, body["error"]["code"].as_str()), (403, Some("FORBIDDEN")), "{path}");
        assert_eq!(ask(&signer, path, &claims(&SystemClock)).await.0, 200, "{path}");
    }
}

#[actix_web::test]
async fn a_key_passes_where_it_has_the_scope_and_is_told_which_one_it_lacks() {
    let signer = signer("k1");
    assert_eq!(ask(&signer, "/read", &key("messages:read")).await.0, 200);
    assert_eq!(ask(&signer, "/read", &claims(&SystemClock)).await.0, 200);
    for scopes in ["messages:read", "", "messages:write:all", "admin:*"] {
        let (status, body) = ask(&signer, "/write", &key(scopes)).await;
        assert_eq!(status, 403, "{scopes}");
        assert_eq!(body["error"]["message"], "The API key lacks the scope `messages:write`.");
    }
}

/// the issuer's slip, a key's token without the claim, makes no person of it.
#[actix_web::test]
async fn a_keys_token_without_scopes_has_none() {
    let signer = signer("k1");
    let slip = Claims { scope: None, ..key("") };
    assert_eq!((slip.scopes(), slip.is_interactive()), (Scopes::NONE, false));
    for path in ["/plain", "/read", "/write", "/admin"] {
        assert_eq!(ask(&signer, path, &slip).await.0, 403, "{path}");
    }
}

/// the realm role counts for a key only with the scope for it.
#[actix_web::test]
async fn a_realm_admins_key_is_no_admin_without_the_scope() {
    let signer = signer("k1");
    let of = |scopes| Claims { realm_roles: vec!["user".to_owned(), "admin".to_owned()], ..key(scopes) };
    let (status, body) = ask(&signer, "/admin-or-key", &of("messages:read")).await;
    assert_eq!((status, body["error"]["message"].as_str()), (403, Some(Scope::Admin.refusal())));
    assert_eq!(ask(&signer, "/admin-or-key", &of("admin:*")).await.0, 200);
    assert_eq!(ask(&signer, "/admin-or-key", &key("admin:*")).await.0, 403, "the scope alone makes no admin");
    assert_eq!(
        ask(&signer, "/admin", &of("admin:*")).await.0,
        403,
        "closed to keys unless it says otherwise"
    );
    assert_eq!(ask(&signer, "/read", &of("messages:read")).await.1["admin"], false);
}

/// the answer that one key got is not repeated to a key that may less.
#[actix_web::test]
async fn idempotency_keys_are_apart_for_other_scopes() {
    let signer = signer("k1");
    let (read, write) = (key("messages:read"), key("messages:write"));
    let same_user = |claims: &Claims| Claims { sub: read.sub, ..claims.clone() };
    let person = same_user(&claims(&SystemClock));
    let mut names = Vec::new();
    for claims in [&read, &same_user(&write), &person] {
        names.push(ask(&signer, "/identity", claims).await.1.to_string());
    }
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
    assert_eq!(
        ask(&signer, "/identity", &Claims { sid: write.sid, ..read.clone() }).await.1.to_string(),
        names[0]
    );
}

/// RFC 8693, section 4.2: one text with spaces; a person's token has no such claim.
#[test]
fn the_claim_is_a_text_with_spaces() {
    let written = serde_json::to_value(key("files:read messages:read")).unwrap();
    assert_eq!(written["scope"], "messages:read files:read");
    assert_eq!(serde_json::to_value(claims(&SystemClock)).unwrap().get("scope"), None);
}
