//! `POST /users/me/export`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::ExportId;
use colink_events::users::ExportRequested;
use colink_http::{ApiResult, Reply, Success};

use super::ExportView;
use crate::error::AuthError;
use crate::jobs::make_export;
use crate::reauthentication;
use crate::state::State;
use crate::store::exports::{self, Export};
use crate::store::users::{self, User};

/// Export my data
///
/// Asks for a fresh proof (`POST /auth/reauthenticate`). An archive of everything that is kept of the caller is made in the
/// background; a mail says when it is ready. While one is being made, the answer is that one.
#[utoipa::path(
    post,
    path = "/users/me/export",
    operation_id = "request_export",
    tag = "users",
    responses((status = 202, description = "Being made.", body = Success<ExportView>))
)]
pub(crate) async fn request_export(state: Data<State>, caller: Caller) -> ApiResult<Reply<ExportView>> {
    reauthentication::require(&state, &caller).await?;
    let export = begin(&state, &caller).await?;
    Ok(Reply::accepted(ExportView::of(&export)))
}

async fn begin(state: &State, caller: &Caller) -> Result<Export, AuthError> {
    let (now, id) = (state.clock.now(), ExportId::generate(state.clock.as_ref()));
    let object_key = format!("exports/{}.zip", hex::encode(rand::random::<[u8; 32]>()));
    let mut transaction = state.begin().await?;
    // The row lock lets two requests of one user happen one after the other.
    let user = users::lock(&mut transaction, caller.user_id()).await?.filter(User::is_open);
    let user_id = user.ok_or(AuthError::UserGone)?.id();
    let export = match exports::find_preparing(&mut transaction, user_id).await? {
        Some(running) => running,
        None => {
            let expires_at = now + state.exports.keep();
            let export = exports::insert(&mut transaction, id, user_id, &object_key, now, expires_at).await?;
            let export = export.ok_or(AuthError::Busy("export"))?;
            let event = ExportRequested { user_id, export_id: id, at: now.into() };
            state.emit(&mut transaction, &event, &caller.cause()).await?;
            export
        }
    };
    // Also for one that is being made, in case its job was given up.
    make_export::queue(state, &mut transaction, &export, caller.cause()).await?;
    state.commit(transaction).await?;
    Ok(export)
}
