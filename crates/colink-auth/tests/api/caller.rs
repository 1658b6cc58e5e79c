//! The extractors behind real requests.

use actix_web::body::MessageBody;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse};
use colink_auth::{
    AuthConfig, Authenticator, Caller, Claims, EnrollingCaller, MaybeCaller, RealmAdmin, TokenError,
    TokenIdentity, TokenSigner, Verifier,
};
use colink_core::clock::SystemClock;
use colink_http::idempotency::Identify;
use colink_http::{ApiResult, Reply};
use serde_json::{Value, json};

use crate::harness::{AUDIENCE, ISSUER, claims, set, signer};

async fn me(caller: Caller) -> ApiResult<Reply<Value>> {
    let cause = caller.cause();
    let actor = cause.actor.unwrap();
    Ok(Reply::ok(json!({
        "user": caller.user_id(),
        "session": caller.session_id(),
        "name": caller.username(),
        "email": caller.email(),
        "admin": caller.realm_admin(),
        "actor": [actor.user_id, actor.session_id],
        "agent": actor.user_agent,
        "request": cause.request_id,
        "trace": cause.traceparent,
    })))
}

async fn maybe(MaybeCaller(caller): MaybeCaller) -> ApiResult<Reply<bool>> {
    Ok(Reply::ok(caller.is_some()))
}

async fn admin(RealmAdmin(caller): RealmAdmin) -> ApiResult<Reply<String>> {
    Ok(Reply::ok(caller.username().to_owned()))
}

async fn enrol(EnrollingCaller(caller): EnrollingCaller) -> ApiResult<Reply<bool>> {
    Ok(Reply::ok(caller.has_second_factor()))
}

async fn identity(request: HttpRequest, authenticator: Data<Authenticator>) -> HttpResponse {
    let identity = TokenIdentity(authenticator.get_ref().clone());
    HttpResponse::Ok().json(identity.identify(&request).await.ok())
}

fn authenticator(signer: &TokenSigner) -> Data<Authenticator> {
    let config = AuthConfig::new(ISSUER, AUDIENCE, "http://127.0.0.1:1");
    let verifier = Verifier::with_keys(&config, &set(&[signer]), SystemClock::shared());
    Data::new(Authenticator::new(verifier, None))
}

/// Sends one request to a fresh application, and gives status and body.
async fn ask(authenticator: Data<Authenticator>, request: TestRequest) -> (u16, Value) {
    let app = App::new()
        .app_data(authenticator)
        .route("/me", web::get().to(me))
        .route("/maybe", web::get().to(maybe))
        .route("/admin", web::get().to(admin))
        .route("/enrol", web::get().to(enrol))
        .route("/identity", web::get().to(identity));
    let response = call_service(&init_service(app).await, request.to_request()).await;
    let status = response.status().as_u16();
    let body = response.into_body().try_into_bytes().unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn get(path: &str, authorization: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("authorization", authorization.to_owned()))
}

#[actix_web::test]
async fn a_caller_is_who_the_token_says() {
    let signer = signer("k1");
    let claims = claims(&SystemClock);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = get("/me", &format!("Bearer {}", signer.sign(&claims).unwrap()))
        .insert_header(("x-request-id", "r-1"))
        .insert_header(("traceparent", trace))
        .insert_header(("user-agent", "tester/1"));
    let (status, body) = ask(authenticator(&signer), request).await;
    assert_eq!(status, 200, "{body}");
    let expected = json!({
        "user": claims.sub, "session": claims.sid, "name": "ann", "email": "ann@example.test", "admin": false,
        "actor": [claims.sub, claims.sid], "agent": "tester/1", "request": "r-1", "trace": trace,
    });
    assert_eq!(body["data"], expected);
}

#[actix_web::test]
async fn what_is_wrong_with_a_token_is_told_by_its_code() {
    let signer = signer("k1");
    let good = claims(&SystemClock);
    let old = Claims { iat: good.iat - 7200, exp: good.iat - 3600, ..good.clone() };
    let (good, old) = (signer.sign(&good).unwrap(), signer.sign(&old).unwrap());
    let cases = [
        (TestRequest::get().uri("/me"), "UNAUTHORIZED"),
        (get("/me", &format!("Bearer {old}")), "TOKEN_EXPIRED"),
        (get("/me", "Bearer x.y.z"), "TOKEN_INVALID"),
        (get("/me", "Basic YTpi"), "TOKEN_INVALID"),
        (get("/me", "Bearer"), "TOKEN_INVALID"),
        (get("/me", &format!("Bearer {good}x")), "TOKEN_INVALID"),
        (
            get("/me", &format!("Bearer {good}")).append_header(("authorization", format!("Bearer {good}"))),
            "TOKEN_INVALID",
        ),
        (get("/maybe", "Bearer x.y.z"), "TOKEN_INVALID"),
    ];
    for (request, code) in cases {
        let (status, body) = ask(authenticator(&signer), request).await;
        assert_eq!((status, body["error"]["code"].as_str()), (401, Some(code)), "{body}");
    }
    assert_eq!(ask(authenticator(&signer), get("/me", &format!("bearer {good}"))).await.0, 200);
}

#[actix_web::test]
async fn an_optional_caller_may_be_missing() {
    let signer = signer("k1");
    let token = format!("Bearer {}", signer.sign(&claims(&SystemClock)).unwrap());
    assert_eq!(ask(authenticator(&signer), TestRequest::get().uri("/maybe")).await.1["data"], false);
    assert_eq!(ask(authenticator(&signer), get("/maybe", &token)).await.1["data"], true);
}

#[actix_web::test]
async fn only_realm_admins_pass_as_such() {
    let signer = signer("k1");
    let user = claims(&SystemClock);
    let admin = Claims { realm_roles: vec!["user".to_owned(), "admin".to_owned()], ..user.clone() };
    let token = |claims: &Claims| format!("Bearer {}", signer.sign(claims).unwrap());
    let (status, body) = ask(authenticator(&signer), get("/admin", &token(&user))).await;
    assert_eq!((status, body["error"]["code"].as_str()), (403, Some("FORBIDDEN")));
    assert_eq!(ask(authenticator(&signer), get("/admin", &token(&admin))).await.0, 200);
    assert_eq!(ask(authenticator(&signer), TestRequest::get().uri("/admin")).await.0, 401);
}

/// a session that has to enrol a second factor passes nowhere but where it can do that, whatever its roles.
#[actix_web::test]
async fn a_session_that_has_to_enrol_passes_nowhere_else() {
    let signer = signer("k1");
    let full = claims(&SystemClock);
    let roles = vec!["user".to_owned(), "admin".to_owned()];
    let enrolling = Claims { mfa_enrolment: true, realm_roles: roles, ..full.clone() };
    let token = signer.sign(&enrolling).unwrap();
    for path in ["/me", "/maybe", "/admin"] {
        let (status, body) = ask(authenticator(&signer), get(path, &format!("Bearer {token}"))).await;
        assert_eq!((status, body["error"]["code"].as_str()), (401, Some("MFA_REQUIRED")), "{path}: {body}");
    }
    let socket = authenticator(&signer).authenticate(&token).await;
    assert_eq!(socket.unwrap_err(), TokenError::EnrolmentOnly);
    let bearer = format!("Bearer {token}");
    assert_eq!(ask(authenticator(&signer), get("/identity", &bearer)).await.1, Value::Null);
    assert_eq!(ask(authenticator(&signer), get("/enrol", &bearer)).await.1["data"], false);

    let proven = Claims { amr: vec!["pwd".to_owned(), "otp".to_owned(), "mfa".to_owned()], ..full };
    let bearer = format!("Bearer {}", signer.sign(&proven).unwrap());
    assert_eq!(ask(authenticator(&signer), get("/enrol", &bearer)).await.1["data"], true);
    assert_eq!(ask(authenticator(&signer), TestRequest::get().uri("/enrol")).await.0, 401);
    assert_eq!(ask(authenticator(&signer), get("/enrol", "Bearer x.y.z")).await.0, 401);
}

/// The keys of an idempotent write belong to the user, whatever his token.
#[actix_web::test]
async fn idempotency_keys_belong_to_the_user() {
    let signer = signer("k1");
    let claims = claims(&SystemClock);
    let token = |jti: &str| {
        let claims = Claims { jti: jti.to_owned(), ..claims.clone() };
        format!("Bearer {}", signer.sign(&claims).unwrap())
    };
    let owner = json!(format!("user:{}", claims.sub));
    assert_eq!(ask(authenticator(&signer), get("/identity", &token("1"))).await.1, owner);
    assert_eq!(ask(authenticator(&signer), get("/identity", &token("2"))).await.1, owner);
    assert_eq!(ask(authenticator(&signer), get("/identity", "Bearer x")).await.1, Value::Null);
}

/// A service that forgot to register it fails loudly and not openly.
#[actix_web::test]
async fn without_an_authenticator_nobody_passes() {
    let app = init_service(App::new().route("/me", web::get().to(me))).await;
    let response = call_service(&app, get("/me", "Bearer x").to_request()).await;
    assert_eq!(response.status().as_u16(), 500);
}
