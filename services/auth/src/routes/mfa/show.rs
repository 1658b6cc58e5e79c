//! `GET /auth/mfa`.

use actix_web::web::Data;
use colink_auth::EnrollingCaller;
use colink_core::time::Timestamp;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::users::load;
use crate::error::AuthError;
use crate::second_factor::policy::Policy;
use crate::second_factor::{Method, methods};
use crate::state::State;
use crate::store::{recovery_codes, totp_secrets};

/// The caller's second factors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactors)]
pub(crate) struct View {
    /// What signing in takes besides the first factor; empty when it asks for nothing.
    #[schema(example = json!(["totp", "recovery_code"]))]
    methods: Vec<Method>,
    /// Since when an authenticator app is in use.
    totp_enabled_at: Option<Timestamp>,
    /// Recovery codes that were not used yet.
    #[schema(example = 10)]
    recovery_codes_left: i64,
    /// Whether the policy of the installation asks the caller for a second factor.
    required: bool,
    /// From when on he can do nothing without one.
    required_from: Option<Timestamp>,
    /// Whether this session can do nothing but enrol one.
    enrolment_only: bool,
}

/// Which second factors do I have?
///
/// A session that can only enrol one may ask, too.
#[utoipa::path(
    get,
    path = "/auth/mfa",
    operation_id = "get_mfa",
    tag = "mfa",
    responses((status = 200, description = "The second factors.", body = Success<View>))
)]
pub(crate) async fn get_mfa(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
) -> ApiResult<Reply<View>> {
    let user = load(&state, caller.user_id()).await?;
    let mut connection = state.pool.acquire().await.map_err(AuthError::from)?;
    let totp = totp_secrets::find_enabled(&mut *connection, user.id()).await?;
    let policy = Policy::current(&state, &mut *connection).await?;
    let required_from = policy.required_from(&user.realm_roles, user.created_at);
    Ok(Reply::ok(View {
        methods: methods(&mut connection, user.id()).await?,
        totp_enabled_at: totp.and_then(|totp| totp.enabled_at).map(Timestamp::from),
        recovery_codes_left: recovery_codes::count(&mut *connection, user.id()).await?,
        required: required_from.is_some(),
        required_from: required_from.map(Timestamp::from),
        enrolment_only: caller.claims().mfa_enrolment,
    }))
}
