//! Putting a service on the network: what every application has around its own routes.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::http::KeepAlive;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use bytes::Bytes;
use colink_core::clock::SharedClock;
use colink_core::error::ErrorKind;
use colink_telemetry::{Metrics, MetricsError, metrics};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::body::BodyLimits;
use crate::config::HttpConfig;
use crate::error::{ApiError, ApiResult};
use crate::health::{self, HealthChecks, Vitals};
use crate::middleware::Entry;
use crate::openapi::openapi_document;

/// The documentation page is a page: it may run its own scripts.
const DOCS_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// What every service has: the outermost middleware, `/health`, `/ready`, `/metrics`, `/openapi.json`,
/// `/docs`, and the answers to paths that do not exist. Cheap to clone.
#[derive(Clone)]
pub struct Base(Arc<Inner>);

struct Inner {
    entry: Entry,
    limits: BodyLimits,
    vitals: Data<Vitals>,
    metrics: Metrics,
    document: Bytes,
}

impl Base {
    /// Makes the base of the service that `metrics` belong to. `document` holds the service's own paths.
    ///
    /// # Errors
    /// [`BaseError`]: a mistake in code, seen at start.
    pub fn new(
        config: &HttpConfig,
        clock: &SharedClock,
        metrics: &Metrics,
        checks: &HealthChecks,
        document: OpenApi,
    ) -> Result<Self, BaseError> {
        let document = openapi_document(metrics.service(), document).to_json()?;
        let vitals = Vitals { checks: checks.clone(), clock: Arc::clone(clock), started: Instant::now() };
        Ok(Self(Arc::new(Inner {
            entry: Entry::new(config, Arc::clone(clock), metrics)?,
            limits: BodyLimits::of_config(config),
            vitals: Data::new(vitals),
            metrics: metrics.clone(),
            document: document.into(),
        })))
    }

    /// The middleware to wrap the whole application in.
    pub fn entry(&self) -> Entry {
        self.0.entry.clone()
    }

    /// Limits, error answers and the answer to unknown paths: configure it before the service's routes,
    /// which may replace the latter.
    pub fn defaults(&self, app: &mut ServiceConfig) {
        app.app_data(Data::new(self.0.limits)).app_data(web::PayloadConfig::new(self.0.limits.bytes));
        app.app_data(
            web::JsonConfig::default()
                .limit(self.0.limits.bytes)
                .error_handler(|error, _| ApiError::new(ErrorKind::InvalidRequest, error.to_string()).into()),
        );
        app.app_data(
            web::QueryConfig::default()
                .error_handler(|error, _| ApiError::new(ErrorKind::InvalidRequest, error.to_string()).into()),
        );
        app.app_data(
            web::PathConfig::default().error_handler(|_, _| ApiError::of(ErrorKind::NotFound).into()),
        );
        app.default_service(web::to(no_such_path));
    }

    /// The routes that every service has: configure them after the service's own, which win.
    pub fn routes(&self, app: &mut ServiceConfig) {
        app.app_data(self.0.vitals.clone());
        app.service(web::resource("/health").get(health::get_health));
        app.service(web::resource("/ready").get(health::get_readiness));
        let metrics = self.0.metrics.clone();
        app.service(web::resource("/metrics").get(move || std::future::ready(text(&metrics))));
        let document = self.0.document.clone();
        app.service(web::resource("/openapi.json").get(move || std::future::ready(json(document.clone()))));
        docs(app, &["/openapi.json".to_owned()]);
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Base").finish_non_exhaustive()
    }
}

/// Why the base of a service could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The request metrics clash with others.
    #[error("the request metrics cannot be made")]
    Metrics(#[from] MetricsError),
    /// The OpenAPI document has no JSON form.
    #[error("the OpenAPI document cannot be written")]
    Document(#[from] serde_json::Error),
}

/// Serves the documentation page at `/docs/` for the documents at `urls`.
pub fn docs(app: &mut ServiceConfig, urls: &[String]) {
    let config = Config::new(urls.to_vec()).validator_url("none").try_it_out_enabled(true);
    app.service(web::redirect("/docs", "/docs/"));
    app.service(
        web::scope("/docs").wrap(from_fn(allow_page)).service(SwaggerUi::new("/{_:.*}").config(config)),
    );
}

async fn allow_page(
    request: actix_web::dev::ServiceRequest,
    next: Next<impl actix_web::body::MessageBody>,
) -> Result<actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let policy = HeaderValue::from_static(DOCS_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// Binds the address of `config`.
///
/// # Errors
/// When the address is taken or not ours.
pub fn bind(config: &HttpConfig) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(config.bind)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Runs an application on a bound listener: base, the service's routes, nothing else. The returned server
/// handles no signals; stop it by its handle. It must be polled.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve<F>(listener: TcpListener, config: &HttpConfig, base: &Base, routes: F) -> io::Result<Server>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let base = base.clone();
    let application = move || {
        App::new()
            .wrap(base.entry())
            .configure(|app| base.defaults(app))
            .configure(routes.clone())
            .configure(|app| base.routes(app))
    };
    let server = HttpServer::new(application)
        .workers(config.worker_count())
        .max_connections(config.max_connections)
        .keep_alive(KeepAlive::Timeout(Duration::from_secs(config.keep_alive_s)))
        .client_request_timeout(Duration::from_millis(config.header_timeout_ms))
        .shutdown_timeout(config.shutdown_timeout_s)
        .tcp_nodelay(true)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

async fn no_such_path() -> ApiResult<HttpResponse> {
    Err(ApiError::not_found("path"))
}

fn text(metrics: &Metrics) -> HttpResponse {
    HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(metrics.render())
}

fn json(document: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document)
}
