//! A service with a schema.

use actix_web::web;
use colink_http::HttpConfig;
use colink_runtime::{Boot, Sections, Service, StartError};
use colink_store::postgres::PostgresConfig;
use colink_telemetry::TelemetryConfig;
use serde::Deserialize;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

pub(crate) struct Ledger;

pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("tests/runtime/migrations");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    server: HttpConfig,
    telemetry: TelemetryConfig,
    postgres: PostgresConfig,
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
}

#[derive(OpenApi)]
#[openapi(paths())]
struct Document;

impl Service for Ledger {
    const NAME: &'static str = "ledger";
    const DEFAULTS: &'static str = "[server]\nbind = \"127.0.0.1:0\"\n[telemetry]\n[postgres]\n";
    const MIGRATOR: Option<&'static Migrator> = Some(&MIGRATOR);
    type Config = Config;
    type State = PgPool;

    fn openapi() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<PgPool, StartError> {
        boot.postgres(&config.postgres).await
    }

    fn routes(routes: &mut web::ServiceConfig, _: &PgPool) {
        routes.route("/entries", web::get().to(count_entries));
    }
}

async fn count_entries(pool: web::Data<PgPool>) -> Result<String, colink_http::ApiError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM entries").fetch_one(pool.get_ref()).await?;
    Ok(count.to_string())
}
