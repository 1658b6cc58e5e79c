//! `PUT /auth/mfa-policy`.

use actix_web::web::Data;
use colink_auth::RealmAdmin;
use colink_core::error::{FieldError, Invalid};
use colink_events::users::MfaPolicyUpdated;
use colink_http::validate::{all, each, field};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::show_policy::View;
use crate::domain::realm_role;
use crate::reauthentication;
use crate::second_factor::policy::Policy;
use crate::state::State;
use crate::store::mfa_policy::{self, StoredPolicy};

/// A year.
const GRACE_HOURS_MAX: i32 = 8784;

/// The whole policy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateMfaPolicy)]
pub(crate) struct Request {
    /// The realm roles whose bearers must have a second factor: `user`, `admin`; none for nobody.
    required_for_realm_roles: Option<Vec<String>>,
    /// How long they have to enrol one, in hours.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 8784)]
    grace_hours: i32,
}

/// Decide who must have a second factor
///
/// For administrators of the installation; needs a proof of identity that is not old. Takes the place of what the
/// configuration says. The grace period begins anew when a role is added. Whoever has no second factor when it is over
/// can do nothing but enrol one, at the latest when his access token is refreshed.
#[utoipa::path(
    put,
    path = "/auth/mfa-policy",
    operation_id = "update_mfa_policy",
    tag = "mfa",
    request_body(content = Request, example = json!({"required_for_realm_roles": ["admin"], "grace_hours": 168})),
    responses(
        (status = 200, description = "The policy as it is now.", body = Success<View>),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
    )
)]
pub(crate) async fn update_mfa_policy(
    state: Data<State>,
    RealmAdmin(caller): RealmAdmin,
    Body(request): Body<Request>,
) -> ApiResult<Reply<View>> {
    let (roles, grace_hours) = all((
        roles(request.required_for_realm_roles),
        field("grace_hours", grace_hours(request.grace_hours)),
    ))?;
    reauthentication::require(&state, &caller).await?;

    let mut transaction = state.begin().await?;
    mfa_policy::lock(&mut transaction).await?;
    let before = Policy::current(&state, &mut *transaction).await?;
    let now = state.clock.now();
    let tightened = roles.iter().any(|role| !before.required_for_realm_roles.contains(role));
    let effective_at = before.effective_at.filter(|_| !tightened).unwrap_or(now);
    let policy = StoredPolicy { required_for_realm_roles: roles, grace_hours, effective_at };
    mfa_policy::update(&mut transaction, &policy, now).await?;
    let event = MfaPolicyUpdated {
        user_id: caller.user_id(),
        required_for_realm_roles: policy.required_for_realm_roles.clone(),
        grace_hours: i64::from(grace_hours),
        at: now.into(),
    };
    state.emit(&mut transaction, &event, &caller.cause()).await?;
    state.commit(transaction).await?;
    Ok(Reply::ok(View::of(Policy::of(policy))))
}

fn roles(given: Option<Vec<String>>) -> Result<Vec<String>, FieldError> {
    const FIELD: &str = "required_for_realm_roles";
    let given = given.ok_or_else(|| Invalid::required().at(FIELD))?;
    let mut roles = each(FIELD, given, realm_role::parse)?;
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

fn grace_hours(hours: i32) -> Result<i32, Invalid> {
    if (0..=GRACE_HOURS_MAX).contains(&hours) {
        Ok(hours)
    } else {
        Err(Invalid::new(format!("must be between 0 and {GRACE_HOURS_MAX}")))
    }
}
