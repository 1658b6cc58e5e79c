//! What the provider answers.

use std::collections::HashMap;

use actix_web::web::{Data, Form, Json};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::signing::{Signed, id_token, jwk};
use super::{CLIENT_ID, CLIENT_SECRET, Inner};

pub(super) async fn document(inner: Data<Inner>, request: HttpRequest) -> HttpResponse {
    if let Some(answer) = inner.enter(&request).await {
        return answer;
    }
    let issuer = format!("http://{}/realm", request.connection_info().host());
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?prompt=x"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "HS256", "none"],
    });
    document.as_object_mut().unwrap().extend(inner.behaviour().document);
    HttpResponse::Ok().json(document)
}

pub(super) async fn keys(inner: Data<Inner>, request: HttpRequest) -> HttpResponse {
    if let Some(answer) = inner.enter(&request).await {
        return answer;
    }
    let mut keys = vec![
        json!({"kty": "unheard-of", "kid": "new"}),
        jwk(Signed::Es256),
        jwk(Signed::Rs256),
        jwk(Signed::EdDsa),
    ];
    if inner.behaviour().publishes_next_key {
        keys.push(jwk(Signed::NextEs256));
    }
    HttpResponse::Ok().json(json!({ "keys": keys }))
}

pub(super) async fn token(
    inner: Data<Inner>,
    request: HttpRequest,
    form: Form<HashMap<String, String>>,
) -> HttpResponse {
    if let Some(answer) = inner.enter(&request).await {
        return answer;
    }
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET)));
    let header = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    if header != Some(format!("Basic {basic}")) {
        return HttpResponse::Unauthorized().json(json!({"error": "invalid_client"}));
    }
    let Some((grant, access_token)) = inner.redeem(&form) else {
        return HttpResponse::BadRequest().json(json!({"error": "invalid_grant"}));
    };
    let issuer = format!("http://{}/realm", request.connection_info().host());
    let id_token = id_token(&inner.behaviour(), &issuer, &grant, &access_token);
    HttpResponse::Ok().json(json!({
        "access_token": access_token, "token_type": "bearer", "expires_in": 300, "id_token": id_token
    }))
}

pub(super) async fn userinfo(inner: Data<Inner>, request: HttpRequest) -> HttpResponse {
    if let Some(answer) = inner.enter(&request).await {
        return answer;
    }
    match (inner.behaviour().userinfo, inner.someone(&request)) {
        (Some(answer), Some(_)) => HttpResponse::Ok().json(answer),
        _ => HttpResponse::Unauthorized().finish(),
    }
}

/// GitHub takes the secret in the form and refuses with 200.
pub(super) async fn github_token(
    inner: Data<Inner>,
    request: HttpRequest,
    form: Form<HashMap<String, String>>,
) -> HttpResponse {
    if let Some(answer) = inner.enter(&request).await {
        return answer;
    }
    let secret = form.get("client_secret").map(String::as_str) == Some(CLIENT_SECRET);
    match inner.redeem(&form).filter(|_| secret && form.get("client_id").is_some_and(|id| id == CLIENT_ID)) {
        Some((_, token)) => HttpResponse::Ok()
            .json(json!({"access_token": token, "token_type": "bearer", "scope": "read:user,user:email"})),
        None => HttpResponse::Ok().json(json!({"error": "bad_verification_code"})),
    }
}

pub(super) async fn github_user(inner: Data<Inner>, request: HttpRequest) -> HttpResponse {
    if request.headers().get("user-agent").is_none() {
        return HttpResponse::Forbidden().finish();
    }
    let Some(someone) = inner.someone(&request) else { return HttpResponse::Unauthorized().finish() };
    let id: u64 = someone.subject.parse().unwrap();
    HttpResponse::Ok().json(json!({"id": id, "login": someone.username, "name": someone.name, "email": null}))
}

pub(super) async fn github_emails(inner: Data<Inner>, request: HttpRequest) -> Json<Value> {
    let someone = inner.someone(&request).unwrap();
    Json(json!([
        {"email": "old@example.test", "primary": false, "verified": true},
        {"email": someone.email, "primary": true, "verified": someone.email_verified},
    ]))
}
