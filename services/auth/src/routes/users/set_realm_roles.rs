//! `PUT /auth/users/{user_id}/realm-roles`.

use actix_web::web::Data;
use colink_auth::{REALM_ADMIN, RealmAdmin};
use colink_core::error::{FieldError, Invalid};
use colink_core::id::UserId;
use colink_http::validate::{all, each};
use colink_http::{ApiError, ApiResult, Body, Failure, Path, Reply, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::realm_role;
use crate::error::AuthError;
use crate::role_change::change;
use crate::state::State;
use crate::store::realm_roles;
use crate::store::users::User;
use crate::{administration, reauthentication};

const FIELD: &str = "realm_roles";

/// All of the roles.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetRealmRoles)]
pub(crate) struct Request {
    /// `user`, `admin`. Every account has `user`, named or not.
    realm_roles: Option<Vec<String>>,
}

/// What somebody is in the whole installation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RealmRoles)]
pub(crate) struct View {
    user_id: UserId,
    #[schema(example = json!(["user", "admin"]))]
    realm_roles: Vec<String>,
}

/// Change a user's realm roles
///
/// For administrators of the installation; needs a proof of identity that is not old. The user's sessions and his API keys
/// with `admin:*` end within 2 s, and he gets a mail. Somebody must remain an administrator. The same roles again change
/// nothing.
#[utoipa::path(
    put,
    path = "/auth/users/{user_id}/realm-roles",
    operation_id = "set_realm_roles",
    tag = "auth",
    params(("user_id" = UserId, Path, description = "Whose roles.")),
    request_body(content = Request, example = json!({"realm_roles": ["user", "admin"]})),
    responses(
        (status = 200, description = "The roles as they are now.", body = Success<View>),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
        (status = 409, description = "CONFLICT: he is the last administrator", body = Failure),
    )
)]
pub(crate) async fn set_realm_roles(
    state: Data<State>,
    RealmAdmin(caller): RealmAdmin,
    Path(user_id): Path<UserId>,
    Body(request): Body<Request>,
) -> ApiResult<Reply<View>> {
    let (roles,) = all((roles(request.realm_roles),))?;
    reauthentication::require(&state, &caller).await?;
    let mut transaction = state.begin().await?;
    let locked = realm_roles::lock_with_admins(&mut transaction, user_id).await.map_err(AuthError::from)?;
    let user = locked.iter().find(|user| user.id() == user_id && administration::is_proven_person(user));
    let user = user.ok_or_else(|| ApiError::not_found("user"))?;
    if realm_role::complete(&user.realm_roles) != roles {
        check_administered(&locked, caller.user_id(), user_id, &roles)?;
        let ended = change(&state, &mut transaction, user, &roles, &caller.cause()).await?;
        state.commit(transaction).await?;
        for ended in ended {
            ended.announce(&state).await;
        }
    }
    Ok(Reply::ok(View { user_id, realm_roles: roles }))
}

fn roles(given: Option<Vec<String>>) -> Result<Vec<String>, FieldError> {
    let given = given.ok_or_else(|| Invalid::required().at(FIELD))?;
    Ok(realm_role::complete(&each(FIELD, given, realm_role::parse)?))
}

/// Refuses what would leave nobody who administers the installation, and a caller who lost the role in this moment: of two
/// who take it from one another, one has it afterwards.
fn check_administered(locked: &[User], caller: UserId, user_id: UserId, roles: &[String]) -> ApiResult<()> {
    let is_caller = |user: &User| user.id() == caller;
    if !locked.iter().filter(|user| administration::is_administrator(user)).any(is_caller) {
        return Err(ApiError::forbidden("Only administrators of the installation may do this."));
    }
    if !roles.iter().any(|role| role == REALM_ADMIN) {
        administration::check_succeeded(locked, user_id)?;
    }
    Ok(())
}
