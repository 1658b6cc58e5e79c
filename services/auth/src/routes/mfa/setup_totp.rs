//! `POST /auth/mfa/totp/setup`.

use actix_web::web::Data;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use colink_auth::EnrollingCaller;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::private;
use crate::domain::qr;
use crate::domain::totp::Seed;
use crate::error::AuthError;
use crate::reauthentication;
use crate::state::State;
use crate::store::{totp_secrets, users};

/// What an authenticator app is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TotpSetup)]
pub(crate) struct Setup {
    /// The seed in base 32, to be typed in.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The same as apps read it.
    #[schema(
        example = "otpauth://totp/CoLink:ada@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CoLink&algorithm=SHA1&digits=6&period=30"
    )]
    otpauth_uri: String,
    /// The same as a picture: a PNG in base64.
    #[schema(example = "iVBORw0KGgo=")]
    qr_png: String,
    /// Time for the first code, in seconds.
    #[schema(example = 900)]
    expires_in: u64,
}

/// Set up an authenticator app
///
/// Needs a proof of identity that is not old. The app counts when a code of it was shown to `/auth/mfa/totp/verify`, in
/// the same session. Another call before that begins anew; while an app is in use it must be given up first.
#[utoipa::path(
    post,
    path = "/auth/mfa/totp/setup",
    operation_id = "setup_totp",
    tag = "mfa",
    responses(
        (status = 200, description = "Show it to the app; it is not shown again.", body = Success<Setup>),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
        (status = 409, response = inline(super::super::refusals::FactorConflict)),
    )
)]
pub(crate) async fn setup_totp(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
) -> ApiResult<Reply<Setup>> {
    reauthentication::require(&state, &caller).await?;
    let seed = Seed::generate();
    let context = totp_secrets::SEALED.context(caller.user_id());
    let sealed = state.sealer.seal(&context, seed.as_bytes()).map_err(AuthError::from)?;

    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, caller.user_id()).await?.ok_or(AuthError::UserGone)?;
    let now = state.clock.now();
    if !totp_secrets::insert(&mut transaction, user.id(), caller.session_id(), &sealed, now).await? {
        return Err(AuthError::FactorInUse.into());
    }
    state.commit(transaction).await?;

    let account = user.email_normalised.as_deref().unwrap_or(&user.username);
    let uri = seed.uri(&state.mfa.issuer, account);
    Ok(private(Setup {
        secret: seed.base32().to_string(),
        qr_png: STANDARD.encode(qr::png(&uri)?),
        otpauth_uri: uri.to_string(),
        expires_in: state.mfa.setup().as_secs(),
    }))
}
