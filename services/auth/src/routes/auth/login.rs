//! `POST /auth/login`.
//!
//! The password is checked by [`crate::password_check`]; what follows decides [`crate::sign_in`].

use actix_web::web::Data;
use colink_core::text::{Email, one_line};
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::password::Password;
use crate::password_check::{self, PasswordCheck};
use crate::sign_in::{Proof, admit};
use crate::signed_in::LoginAnswer;
use crate::state::State;
use crate::store::users;
use crate::turned_away::require_open;

pub(crate) const DEVICE_NAME_MAX: usize = 80;

/// Who signs in, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginUser)]
pub(crate) struct Request {
    /// The address; capitals do not matter.
    #[serde(default)]
    #[schema(value_type = Email)]
    email: String,
    /// The password.
    #[serde(default)]
    #[schema(format = Password, max_length = 128)]
    password: String,
    /// What the session is called in the list of sessions.
    #[schema(max_length = 80)]
    device_name: Option<String>,
}

/// Sign in
///
/// Five failures lock the address for the client's address for 15 minutes. The oldest session ends when there
/// would be more than ten.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "login_user",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({
        "email": "ada@example.com", "password": "Gr4phite!pencil", "device_name": "Laptop"
    })),
    responses(
        (status = 200, description = "Signed in, or a second factor is asked for.", body = Success<LoginAnswer>),
        (status = 401, response = inline(super::super::refusals::InvalidCredentials)),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn login_user(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<LoginAnswer>> {
    let (email, password, device_name) = all((
        field("email", Email::parse(&request.email)),
        field("password", Password::claimed(&request.password)),
        optional("device_name", request.device_name, |name| one_line(&name, 1..=DEVICE_NAME_MAX)),
    ))?;
    let check = PasswordCheck::begin(&state, &context, &email).await?;
    let found = users::find_credentials(&state.pool, &email).await?;
    let password_check::Proven { user, hash } = check.prove(found, &password).await?;
    require_open(&state, &user, &context).await?;
    let admission = admit(&state, &user, Proof::password(hash), device_name.as_deref(), &context).await?;
    Ok(admission.reply(&state, &user))
}
