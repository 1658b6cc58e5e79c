//! `POST /auth/reauthenticate`: who he is, proven again, before what guards the account is changed.
//!
//! An account with a second factor takes as much as its sign-in: the password and a code of the app or a passkey. A password
//! alone may have been seen, a code alone may be read from a telephone that lies on the table, and a plain security key may be
//! plugged in. Where there is no password (sign-in by a provider) the code alone is taken. A passkey that verifies its user
//! needs no password, see [`finish_reauthentication`](super::super::passkeys::finish_reauthentication).

use actix_web::web::Data;
use colink_auth::{Caller, EnrollingCaller};
use colink_core::error::{FieldError, Invalid};
use colink_http::validate::{all, optional};
use colink_http::{ApiError, ApiResult, Body, Reply, Success};
use serde::Deserialize;
use sqlx::{Postgres, Transaction};
use utoipa::ToSchema;
use webauthn_rs_core::proto::PublicKeyCredential;

use super::super::mfa::OTP;
use super::super::passkeys::Answer;
use super::Proven;
use crate::domain::password::Password;
use crate::domain::totp::Code;
use crate::error::AuthError;
use crate::passkeys::assertion::{self, Claimant, Outcome};
use crate::passkeys::{HARDWARE, PRESENCE, Purpose};
use crate::password_check::{PasswordCheck, ProvenHash};
use crate::second_factor::codes::{self, Shown};
use crate::second_factor::{MULTIPLE, Method, methods};
use crate::state::State;
use crate::store::users::{Credentials, User};
use crate::store::{totp_secrets, users};

/// The proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reauthenticate)]
pub(crate) struct Request {
    /// The password of the account, if it has one.
    #[schema(format = Password, max_length = 128)]
    password: Option<String>,
    /// A code of the authenticator app, if one is in use.
    #[schema(pattern = "^[0-9]{6}$", example = "492039")]
    code: Option<String>,
    /// Or the answer of a passkey, as `AuthenticationResponseJSON`, to
    /// `POST /auth/reauthenticate/passkey/start?second_factor=true`.
    #[schema(value_type = Option<Object>)]
    credential: Option<Answer>,
}

/// What is shown besides the password.
enum Second {
    Code(Code),
    Passkey(Box<PublicKeyCredential>),
}

/// Prove again who you are
///
/// Sensitive changes are refused with REAUTHENTICATION_REQUIRED unless the session was proven in the last ten
/// minutes. An account with a second factor takes the password and a code of the authenticator app, or the answer of a
/// passkey, for which a touch is enough as at sign-in; MFA_REQUIRED says that the password was right and the second factor is
/// missing. Failures count as failed sign-ins. The session goes on with the tokens of the answer: its refresh tokens of before
/// are dead, so that a copy of one gains nothing from the proof.
#[utoipa::path(
    post,
    path = "/auth/reauthenticate",
    operation_id = "reauthenticate",
    tag = "auth",
    request_body(content = Request, example = json!({"password": "Gr4phite!pencil"})),
    responses(
        (status = 200, description = "Sensitive changes are open.", body = Success<Proven>),
        (status = 401, response = inline(super::super::refusals::FactorMissing)),
    )
)]
pub(crate) async fn reauthenticate(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Proven>> {
    let (password, second) = all((
        optional("password", request.password, |text| Password::claimed(&text)),
        second(request.code, request.credential),
    ))?;
    let found = users::lookup_credentials(&state.pool, caller.user_id()).await?;
    let found = found.ok_or(AuthError::UserGone)?;
    let with_app = totp_secrets::find_enabled(&state.pool, caller.user_id()).await?.is_some();
    let hash = if found.password_hash.is_some() || !with_app {
        let password = password.ok_or_else(|| ApiError::invalid("password", Invalid::required()))?;
        Some(prove_password(&state, &caller, found, &password).await?)
    } else {
        None
    };
    Ok(prove(&state, &caller, hash, second).await?)
}

/// One of the two at most.
fn second(code: Option<String>, credential: Option<Answer>) -> Result<Option<Second>, FieldError> {
    match (code, credential) {
        (None, Some(Answer(credential))) => Ok(Some(Second::Passkey(credential))),
        (Some(_), Some(_)) => Err(Invalid::new("must not be given with a code").at("credential")),
        (code, None) => optional("code", code, |text| Code::parse(&text).map(Second::Code)),
    }
}

async fn prove_password(
    state: &State,
    caller: &Caller,
    found: Credentials,
    password: &Password,
) -> Result<ProvenHash, AuthError> {
    let check = PasswordCheck::of(state, caller.context(), &found.user).await?;
    check.prove(Some(found), password).await.map(|proven| proven.hash)
}

/// With a second factor the session is as good as one that was begun with it. Under the lock of the user's row neither the
/// password nor the factors that he has change any more.
async fn prove(
    state: &State,
    caller: &Caller,
    hash: Option<ProvenHash>,
    second: Option<Second>,
) -> Result<Reply<Proven>, AuthError> {
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, caller.user_id()).await?.ok_or(AuthError::UserGone)?;
    if let Some(hash) = &hash {
        hash.require(&mut transaction, user.id()).await?;
    }
    let methods = methods(&mut transaction, user.id()).await?;
    let (transaction, words) = match second {
        _ if methods.is_empty() && hash.is_some() => (transaction, Vec::new()),
        Some(Second::Code(code)) if methods.contains(&Method::Totp) => {
            let shown = Shown::Totp(code);
            let transaction = codes::require(state, transaction, &user, &shown, &caller.cause()).await?;
            (transaction, [OTP, &[MULTIPLE]].concat())
        }
        Some(Second::Passkey(answer)) if hash.is_some() && methods.contains(&Method::Passkey) => {
            let transaction = touch(state, transaction, &user, &answer, caller).await?;
            (transaction, vec![HARDWARE, PRESENCE, MULTIPLE])
        }
        _ => return Err(AuthError::SecondFactorMissing),
    };
    Proven::prove(state, transaction, &user, caller.session_id(), &words).await
}

/// The passkey as a second factor: a refusal is counted and told as at sign-in.
async fn touch(
    state: &State,
    mut transaction: Transaction<'static, Postgres>,
    user: &User,
    answer: &PublicKeyCredential,
    caller: &Caller,
) -> Result<Transaction<'static, Postgres>, AuthError> {
    let purpose = Purpose::SecondProof(caller.session_id());
    let ceremony = state.ceremonies.take(purpose, state.clock.now()).await?;
    let ceremony = ceremony.ok_or(AuthError::DeadCeremony("credential"))?;
    let (claimant, context) = (Claimant::User(user.id()), caller.context());
    match assertion::take(state, &mut transaction, claimant, answer, ceremony, context).await? {
        Outcome::Proven(_) => Ok(transaction),
        Outcome::Refused(_) => {
            codes::fail(state, transaction, user.id(), Method::Passkey, &caller.cause()).await?;
            Err(AuthError::PasskeyRefused)
        }
    }
}
