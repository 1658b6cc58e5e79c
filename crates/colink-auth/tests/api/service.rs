//! Tokens of services.

use std::time::Duration;

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{self, Data};
use colink_auth::{AuthError, InternalCaller, ServiceTokens, TokenError};
use colink_core::clock::SharedClock;
use colink_http::{ApiResult, Reply};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::SecretString;
use serde_json::json;

use crate::harness::{claims, clock, signer};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn tokens(secret: &str, service: &str, clock: &SharedClock) -> ServiceTokens {
    ServiceTokens::new(&SecretString::from(secret.to_owned()), service, clock.clone()).unwrap()
}

#[test]
fn a_token_is_for_one_service_and_for_a_minute() {
    let (moved, clock) = clock();
    let (messaging, channels) = (tokens(SECRET, "messaging", &clock), tokens(SECRET, "channels", &clock));
    let token = messaging.mint("channels").unwrap();
    assert_eq!(channels.verify(&token).unwrap(), "messaging");
    assert_eq!(messaging.verify(&token), Err(TokenError::Invalid), "it is for channels");
    assert_eq!(tokens(SECRET, "files", &clock).verify(&token), Err(TokenError::Invalid));
    let other = "another secret of thirty-two bytes, at least";
    assert_eq!(tokens(other, "channels", &clock).verify(&token), Err(TokenError::Invalid));
    moved.advance(Duration::from_secs(60 + 29));
    assert!(channels.verify(&token).is_ok());
    moved.advance(Duration::from_secs(2));
    assert_eq!(channels.verify(&token), Err(TokenError::Expired));
}

#[test]
fn a_users_token_and_a_look_alike_are_no_service() {
    let (_, clock) = clock();
    let channels = tokens(SECRET, "channels", &clock);
    let user = signer("k1").sign(&claims(clock.as_ref())).unwrap();
    assert_eq!(channels.verify(&user), Err(TokenError::Invalid));
    let now = clock.now().timestamp();
    let claims =
        json!({ "iss": "colink-internal", "sub": "x", "aud": "channels", "iat": now, "exp": now + 60 });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let plain = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
    assert_eq!(channels.verify(&plain), Err(TokenError::Invalid), "its type is JWT");
    for nonsense in ["", "x", "a.b.c"] {
        assert_eq!(channels.verify(nonsense), Err(TokenError::Invalid));
    }
}

#[test]
fn a_short_secret_is_refused_and_never_shown() {
    let (_, clock) = clock();
    let refused = ServiceTokens::new(&SecretString::from("too short"), "channels", clock.clone());
    assert!(matches!(refused, Err(AuthError::WeakSecret)));
    assert!(!format!("{:?}", tokens(SECRET, "channels", &clock)).contains(SECRET));
}

async fn get_membership(asking: InternalCaller) -> ApiResult<Reply<String>> {
    Ok(Reply::ok(format!("{} {}", asking.service, asking.context.request_id())))
}

#[actix_web::test]
async fn internal_routes_are_for_services_only() {
    let (_, clock) = clock();
    let app = App::new()
        .app_data(Data::new(tokens(SECRET, "channels", &clock)))
        .route("/internal/membership", web::get().to(get_membership));
    let app = init_service(app).await;
    let asked = |authorization: Option<String>| {
        let request = TestRequest::get().uri("/internal/membership").insert_header(("x-request-id", "r-1"));
        match authorization {
            Some(value) => request.insert_header(("authorization", value)).to_request(),
            None => request.to_request(),
        }
    };
    let token = tokens(SECRET, "messaging", &clock).mint("channels").unwrap();
    let answer = call_service(&app, asked(Some(format!("Bearer {token}")))).await;
    assert_eq!(answer.status().as_u16(), 200);
    let body: serde_json::Value = actix_web::test::read_body_json(answer).await;
    assert_eq!(body["data"], "messaging r-1");
    let user = signer("k1").sign(&claims(clock.as_ref())).unwrap();
    for bad in [None, Some(format!("Bearer {user}")), Some("Bearer x".to_owned())] {
        assert_eq!(call_service(&app, asked(bad)).await.status().as_u16(), 401);
    }
}
