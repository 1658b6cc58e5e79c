//! The URL table.

pub(crate) mod audit_log;
mod internal;

use actix_web::web::{ServiceConfig, get, resource};
use utoipa::OpenApi;

/// The public API. `/internal` is between services and not described here.
#[derive(OpenApi)]
#[openapi(
    info(title = "admin", description = "The audit log."),
    tags((name = "audit log", description = "Who did what, when and from where; for administrators of the installation")),
    paths(audit_log::list::list_audit_log, audit_log::get::get_audit_entry)
)]
pub(crate) struct Document;

/// Everything under `/admin` is for administrators of the installation.
pub(crate) fn configure(routes: &mut ServiceConfig) {
    routes
        .service(resource("/admin/audit-log").route(get().to(audit_log::list::list_audit_log)))
        .service(resource("/admin/audit-log/{id}").route(get().to(audit_log::get::get_audit_entry)))
        .service(
            resource("/internal/users/{user_id}/audit-log")
                .route(get().to(internal::list_user_entries::list_user_entries)),
        );
}
