//! The URL space, and the document that describes it.

mod files;
mod internal;

use actix_web::web::{ServiceConfig, delete, get, post, resource, scope};
use utoipa::OpenApi;

use crate::state::State;

/// Mounts everything; every write may carry an `Idempotency-Key`.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    app.service(
        scope("/files")
            .wrap(state.idempotency.clone())
            .service(resource("").route(get().to(files::list::list_files)))
            .service(resource("/upload-url").route(post().to(files::request_upload::request_upload)))
            .service(resource("/{file_id}/confirm").route(post().to(files::confirm::confirm_upload)))
            .service(
                resource("/{file_id}/download-url")
                    .route(get().to(files::request_download::request_download)),
            )
            .service(
                resource("/{file_id}")
                    .route(get().to(files::get::get_file))
                    .route(delete().to(files::delete::delete_file)),
            ),
    )
    .service(
        resource("/internal/files/{file_id}/avatar").route(post().to(internal::claim_avatar::claim_avatar)),
    )
    .service(
        resource("/internal/files/{file_id}/avatar-url")
            .route(get().to(internal::request_avatar::request_avatar)),
    )
    .service(
        resource("/internal/users/{user_id}/files")
            .route(get().to(internal::list_user_files::list_user_files)),
    );
}

/// The public paths.
#[derive(OpenApi)]
#[openapi(
    info(title = "files", description = "File metadata and objects."),
    paths(
        files::request_upload::request_upload,
        files::confirm::confirm_upload,
        files::get::get_file,
        files::request_download::request_download,
        files::delete::delete_file,
        files::list::list_files,
    )
)]
pub(crate) struct Document;
