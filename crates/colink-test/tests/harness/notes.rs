//! A service with an outbox: `POST /users/{name}` commits an event, `relay.enabled` decides whether it is published.

use actix_web::{HttpResponse, web};
use colink_auth::{AuthConfig, Caller, InternalCaller};
use colink_bus::KafkaConfig;
use colink_bus::outbox::{self, RelayHandle};
use colink_core::clock::SharedClock;
use colink_core::id::UserId;
use colink_events::Cause;
use colink_events::users::{UserPayload, UserRegistered};
use colink_http::{ApiError, HttpConfig, Reply};
use colink_runtime::{Boot, InternalConfig, Sections, Service, StartError};
use colink_store::postgres::PostgresConfig;
use colink_store::redis::{RedisClient, RedisConfig};
use colink_telemetry::TelemetryConfig;
use serde::Deserialize;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

pub(crate) struct Notes;

pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("tests/harness/migrations");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    server: HttpConfig,
    telemetry: TelemetryConfig,
    auth: AuthConfig,
    internal: InternalConfig,
    postgres: PostgresConfig,
    redis: RedisConfig,
    kafka: KafkaConfig,
    relay: RelaySection,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RelaySection {
    enabled: bool,
}

impl Sections for Config {
    fn server(&self) -> &HttpConfig {
        &self.server
    }

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn postgres(&self) -> Option<&PostgresConfig> {
        Some(&self.postgres)
    }

    fn kafka(&self) -> Option<&KafkaConfig> {
        Some(&self.kafka)
    }
}

pub(crate) struct State {
    pool: PgPool,
    redis: RedisClient,
    clock: SharedClock,
    relay: Option<RelayHandle>,
}

#[derive(OpenApi)]
#[openapi(paths())]
struct Document;

impl Service for Notes {
    const NAME: &'static str = "notes";
    const DEFAULTS: &'static str =
        "[server]\n[telemetry]\n[auth]\n[internal]\n[postgres]\n[redis]\n[kafka]\n[relay]\nenabled = true\n";
    const MIGRATOR: Option<&'static Migrator> = Some(&MIGRATOR);
    type Config = Config;
    type State = State;

    fn openapi() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
        let pool = boot.postgres(&config.postgres).await?;
        let redis = boot.redis(&config.redis).await?;
        boot.identity(&config.auth, &config.internal, Some(&redis))?;
        let producer = boot.producer(&config.kafka)?;
        let relay = config.relay.enabled.then(|| boot.relay(&pool, &producer));
        Ok(State { pool, redis, clock: boot.clock(), relay })
    }

    fn routes(routes: &mut web::ServiceConfig, _: &State) {
        routes
            .route("/users/{name}", web::post().to(register))
            .route("/me", web::get().to(whoami))
            .route("/internal/caller", web::get().to(which_service))
            .route("/ws", web::get().to(echo));
    }
}

async fn register(name: web::Path<String>, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let event = UserRegistered(UserPayload {
        user_id: UserId::generate(state.clock.as_ref()),
        username: name.into_inner(),
        display_name: "Somebody".to_owned(),
        avatar_url: None,
        status: None,
        time_zone: None,
        bot: false,
        version: 1,
        at: state.clock.timestamp(),
    });
    let mut transaction = state.pool.begin().await?;
    outbox::enqueue(&mut transaction, &event, &Cause::default(), state.clock.as_ref())
        .await
        .map_err(ApiError::internal)?;
    transaction.commit().await?;
    if let Some(relay) = &state.relay {
        relay.wake();
    }
    let key = state.redis.key(&["last"]);
    let _: () = redis::cmd("SET")
        .arg(key)
        .arg(&event.0.username)
        .query_async(&mut state.redis.connection())
        .await
        .map_err(ApiError::internal)?;
    Ok(HttpResponse::Created().json(serde_json::json!({ "success": true, "data": event.0 })))
}

async fn whoami(caller: Caller) -> Reply<String> {
    Reply::ok(caller.username().to_owned())
}

async fn which_service(caller: InternalCaller) -> Reply<String> {
    Reply::ok(caller.service)
}

async fn echo(request: actix_web::HttpRequest, body: web::Payload) -> Result<HttpResponse, actix_web::Error> {
    let (response, session, stream) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(answer(session, stream));
    Ok(response)
}

/// Sends every text back; on `bye` closes with 4010.
async fn answer(mut session: actix_ws::Session, mut stream: actix_ws::MessageStream) {
    while let Some(Ok(actix_ws::Message::Text(text))) = stream.recv().await {
        if text.contains("bye") {
            let reason = actix_ws::CloseReason {
                code: actix_ws::CloseCode::Other(4010),
                description: Some("too slow".to_owned()),
            };
            let _ = session.close(Some(reason)).await;
            return;
        }
        if session.text(text).await.is_err() {
            return;
        }
    }
}
