//! `POST /workspaces/{id}/invites`: invites one address, or whoever has the link.

use actix_web::web::Data;
use chrono::Duration;
use colink_auth::{Scoped, needs};
use colink_core::error::Invalid;
use colink_core::id::{InviteId, WorkspaceId};
use colink_core::permission::{Action, may_change_role};
use colink_core::role::WorkspaceRole;
use colink_core::text::Email;
use colink_events::channels::MemberInvited;
use colink_http::validate::{all, field, optional, require};
use colink_http::{ApiResult, Body, Path as PathParam, Reply, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::InviteView;
use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::config::InvitesConfig;
use crate::domain::invite_token::{InviteToken, email_hash};
use crate::state::State;
use crate::store::invites::{self, Invite};

const MAX_USES: i64 = 10_000;

/// Whom to invite, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateInvite {
    /// The address of the only user who may accept; left out, whoever has the link may.
    #[schema(value_type = Option<Email>)]
    email: Option<String>,
    /// The role that waits: `member` when left out, and none above the caller's own.
    #[schema(value_type = Option<WorkspaceRole>)]
    role: Option<String>,
    /// How many may accept, 1 to 10,000; 1 when left out, and always for an address.
    #[schema(minimum = 1, maximum = 10_000)]
    max_uses: Option<i64>,
    /// How long it holds; 168 (7 days) when left out.
    #[schema(minimum = 1)]
    expires_in_hours: Option<i64>,
}

/// A new invitation. The token is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedInvite {
    #[serde(flatten)]
    invite: InviteView,
    /// What `POST /invites/{token}/accept` takes.
    token: String,
    /// The link to hand on.
    #[schema(example = "http://localhost:8000/invite#token=4n0pT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0ke")]
    url: String,
}

/// Invites into a workspace. No mail is sent: hand the link on. The answer is not kept for an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/workspaces/{workspace_id}/invites", operation_id = "create_invite", tag = "invites",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace")),
    request_body(content = CreateInvite, example = json!({ "email": "grace@example.com", "role": "member" })),
    responses((status = 201, description = "Invited; the token is shown this once", body = Success<CreatedInvite>))
)]
pub(crate) async fn create_invite(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam(workspace): PathParam<WorkspaceId>,
    Body(request): Body<CreateInvite>,
) -> ApiResult<Reply<CreatedInvite>> {
    let Terms { email, role, max_uses, hours } = Terms::parse(request, &state.invites)?;

    let mut change = Change::begin(&state, &caller).await?;
    // Held, so that no invitation is made while its maker is removed.
    let access = WorkspaceAccess::lock(change.connection(), &caller, workspace).await?;
    let permit = access
        .permit_over(Action::InviteToWorkspace, |actor| may_change_role(actor, WorkspaceRole::Guest, role))?;
    let at = change.at();
    let invite = Invite {
        id: InviteId::generate(state.clock.as_ref()),
        workspace_id: workspace,
        email: email.map(Email::into_string),
        role,
        max_uses,
        uses: 0,
        created_by: caller.user_id(),
        created_at: at,
        expires_at: (at.as_datetime() + Duration::hours(hours)).into(),
    };
    let token = InviteToken::generate();
    invites::insert(change.connection(), &invite, &token.hash()).await?;
    change.emit(&invited(&invite)).await?;
    change.audit(permit).await?;
    change.commit().await?;

    let token = token.reveal();
    // Behind the `#`, which no browser sends: no log of a server and no preview of a link has the token.
    let url = format!("{}/invite#token={token}", state.invites.public_url.trim_end_matches('/'));
    Ok(Reply::created(CreatedInvite { invite: invite.into(), token, url }))
}

/// What was asked for, checked.
struct Terms {
    email: Option<Email>,
    role: WorkspaceRole,
    max_uses: i32,
    hours: i64,
}

impl Terms {
    fn parse(request: CreateInvite, config: &InvitesConfig) -> ApiResult<Self> {
        let longest = i64::from(config.max_expires_in_hours);
        let hours = request.expires_in_hours.unwrap_or(i64::from(config.expires_in_hours));
        let uses = request.max_uses.unwrap_or(1);
        let one = request.email.is_none() || uses == 1 || !(1..=MAX_USES).contains(&uses);
        let (email, role, max_uses, hours, ()) = all((
            optional("email", request.email, |email| Email::parse(&email)),
            optional("role", request.role, |role| role.parse::<WorkspaceRole>()),
            field("max_uses", within(uses, MAX_USES).and_then(|uses| i32::try_from(uses).map_err(too_large))),
            field("expires_in_hours", within(hours, longest)),
            require("max_uses", one, "must be 1 for an invitation of one address"),
        ))?;
        Ok(Self { email, role: role.unwrap_or(WorkspaceRole::Member), max_uses, hours })
    }
}

fn within(value: i64, most: i64) -> Result<i64, Invalid> {
    if (1..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Invalid::new(format!("must be between 1 and {most}")))
    }
}

fn too_large(_: std::num::TryFromIntError) -> Invalid {
    Invalid::new("is too large")
}

fn invited(invite: &Invite) -> MemberInvited {
    MemberInvited {
        workspace_id: invite.workspace_id,
        invite_id: invite.id,
        email_hash: invite.email.as_deref().map(email_hash),
        role: invite.role,
        invited_by: invite.created_by,
    }
}
