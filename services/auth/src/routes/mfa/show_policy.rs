//! `GET /auth/mfa-policy`.

use actix_web::web::Data;
use colink_auth::RealmAdmin;
use colink_core::time::Timestamp;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::second_factor::policy::Policy;
use crate::state::State;

/// Who must have a second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MfaPolicy)]
pub(crate) struct View {
    /// The bearers of these realm roles.
    #[schema(example = json!(["admin"]))]
    required_for_realm_roles: Vec<String>,
    /// How long they have to enrol one, in hours.
    #[schema(example = 168)]
    grace_hours: u32,
    /// When it was tightened last; none while the configuration decides.
    effective_at: Option<Timestamp>,
}

impl View {
    pub(super) fn of(policy: Policy) -> Self {
        Self {
            required_for_realm_roles: policy.required_for_realm_roles,
            grace_hours: policy.grace_hours,
            effective_at: policy.effective_at.map(Timestamp::from),
        }
    }
}

/// Who must have a second factor?
///
/// For administrators of the installation.
#[utoipa::path(
    get,
    path = "/auth/mfa-policy",
    operation_id = "get_mfa_policy",
    tag = "mfa",
    responses((status = 200, description = "The policy.", body = Success<View>))
)]
pub(crate) async fn get_mfa_policy(
    state: Data<State>,
    RealmAdmin(_caller): RealmAdmin,
) -> ApiResult<Reply<View>> {
    Ok(Reply::ok(View::of(Policy::current(&state, &state.pool).await?)))
}
