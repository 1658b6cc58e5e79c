//! The URL table.
//!
//! Writes are idempotent by `Idempotency-Key`, but for creating an invitation: its answer holds a token, which is stored
//! nowhere.

use actix_web::web::{ServiceConfig, delete, get, patch, post, put, resource};
use colink_core::page::TableQuery;
use colink_http::idempotency::Idempotency;
use colink_http::openapi::KeysIgnored;
use colink_http::validate::Fields;
use colink_http::{ApiError, ApiResult};
use utoipa::OpenApi;

mod channel_members;
mod channels;
mod dms;
mod internal;
mod invite;
mod invites;
mod users;
mod workspace_members;
mod workspaces;

#[derive(OpenApi)]
#[openapi(
    info(title = "channels", description = "Workspaces, members, channels and direct conversations."),
    paths(
        workspaces::create::create_workspace,
        workspaces::list::list_workspaces,
        workspaces::get::get_workspace,
        workspaces::update::update_workspace,
        workspaces::patch::patch_workspace,
        workspaces::delete::delete_workspace,
        workspaces::leave::leave_workspace,
        users::list_workspaces::list_my_workspaces,
        workspace_members::list::list_workspace_members,
        workspace_members::add::add_workspace_member,
        workspace_members::update::update_workspace_member,
        workspace_members::patch::patch_workspace_member,
        workspace_members::remove::remove_workspace_member,
        invites::create::create_invite,
        invites::list::list_invites,
        invites::revoke::revoke_invite,
        invites::accept::accept_invite,
        invite::create::invite_to_workspace,
        invite::list::list_workspace_invites,
        channels::create::create_channel,
        channels::list::list_channels,
        channels::get::get_channel,
        channels::update::update_channel,
        channels::patch::patch_channel,
        channels::archive::archive_channel,
        channels::unarchive::unarchive_channel,
        channels::join::join_channel,
        channels::leave::leave_channel,
        channel_members::list::list_channel_members,
        channel_members::add::add_channel_member,
        channel_members::update::update_channel_member,
        channel_members::patch::patch_channel_member,
        channel_members::remove::remove_channel_member,
        dms::create::create_dm,
        dms::list::list_dms,
    ),
    modifiers(&UNWRAPPED)
)]
pub(crate) struct Document;

/// Their answer holds a token.
const UNWRAPPED: KeysIgnored = KeysIgnored(&["create_invite", "invite_to_workspace"]);

/// Every path of the service.
pub(crate) fn configure(routes: &mut ServiceConfig, once: &Idempotency) {
    configure_workspaces(routes, once);
    configure_invites(routes, once);
    configure_channels(routes, once);
    configure_internal(routes);
}

fn configure_workspaces(routes: &mut ServiceConfig, once: &Idempotency) {
    routes
        .service(
            resource("/workspaces")
                .wrap(once.clone())
                .route(post().to(workspaces::create::create_workspace))
                .route(get().to(workspaces::list::list_workspaces)),
        )
        .service(
            resource("/workspaces/{workspace_id}")
                .wrap(once.clone())
                .route(get().to(workspaces::get::get_workspace))
                .route(put().to(workspaces::update::update_workspace))
                .route(patch().to(workspaces::patch::patch_workspace))
                .route(delete().to(workspaces::delete::delete_workspace)),
        )
        .service(
            resource("/workspaces/{workspace_id}/leave")
                .wrap(once.clone())
                .route(post().to(workspaces::leave::leave_workspace)),
        )
        .service(
            resource("/workspaces/{workspace_id}/members")
                .wrap(once.clone())
                .route(post().to(workspace_members::add::add_workspace_member))
                .route(get().to(workspace_members::list::list_workspace_members)),
        )
        .service(
            resource("/workspaces/{workspace_id}/members/{user_id}")
                .wrap(once.clone())
                .route(put().to(workspace_members::update::update_workspace_member))
                .route(patch().to(workspace_members::patch::patch_workspace_member))
                .route(delete().to(workspace_members::remove::remove_workspace_member)),
        )
        .service(
            resource("/users/me/workspaces").route(get().to(users::list_workspaces::list_my_workspaces)),
        );
}

fn configure_invites(routes: &mut ServiceConfig, once: &Idempotency) {
    routes
        .service(
            resource("/workspaces/{workspace_id}/invites")
                .route(post().to(invites::create::create_invite))
                .route(get().to(invites::list::list_invites)),
        )
        .service(
            resource("/workspaces/{workspace_id}/invite")
                .route(post().to(invite::create::invite_to_workspace))
                .route(get().to(invite::list::list_workspace_invites)),
        )
        .service(
            resource("/workspaces/{workspace_id}/invites/{invite_id}")
                .wrap(once.clone())
                .route(delete().to(invites::revoke::revoke_invite)),
        )
        .service(
            resource("/invites/{token}/accept")
                .wrap(once.clone())
                .route(post().to(invites::accept::accept_invite)),
        );
}

fn configure_channels(routes: &mut ServiceConfig, once: &Idempotency) {
    routes
        .service(
            resource("/channels")
                .wrap(once.clone())
                .route(post().to(channels::create::create_channel))
                .route(get().to(channels::list::list_channels)),
        )
        .service(
            resource("/channels/{channel_id}")
                .wrap(once.clone())
                .route(get().to(channels::get::get_channel))
                .route(put().to(channels::update::update_channel))
                .route(patch().to(channels::patch::patch_channel))
                .route(delete().to(channels::archive::archive_channel)),
        )
        .service(
            resource("/channels/{channel_id}/unarchive")
                .wrap(once.clone())
                .route(post().to(channels::unarchive::unarchive_channel)),
        )
        .service(
            resource("/channels/{channel_id}/join")
                .wrap(once.clone())
                .route(post().to(channels::join::join_channel)),
        )
        .service(
            resource("/channels/{channel_id}/leave")
                .wrap(once.clone())
                .route(post().to(channels::leave::leave_channel)),
        )
        .service(
            resource("/channels/{channel_id}/members")
                .wrap(once.clone())
                .route(get().to(channel_members::list::list_channel_members))
                .route(post().to(channel_members::add::add_channel_member)),
        )
        .service(
            resource("/channels/{channel_id}/members/{user_id}")
                .wrap(once.clone())
                .route(put().to(channel_members::update::update_channel_member))
                .route(patch().to(channel_members::patch::patch_channel_member))
                .route(delete().to(channel_members::remove::remove_channel_member)),
        )
        .service(
            resource("/dms")
                .wrap(once.clone())
                .route(post().to(dms::create::create_dm))
                .route(get().to(dms::list::list_dms)),
        );
}

fn configure_internal(routes: &mut ServiceConfig) {
    routes
        .service(
            resource("/internal/channels/{channel_id}/standing/{user_id}")
                .route(get().to(internal::get_standing::get_standing)),
        )
        .service(
            resource("/internal/channels/{channel_id}/members")
                .route(get().to(internal::list_channel_members::list_channel_members)),
        )
        .service(
            resource("/internal/users/{user_id}/channels")
                .route(get().to(internal::list_user_channels::list_user_channels)),
        )
        .service(
            resource("/internal/workspaces/by-slug/{slug}")
                .route(get().to(internal::find_workspace::find_workspace)),
        )
        .service(
            resource("/internal/users/{user_id}/shared-with/{other_id}")
                .route(get().to(internal::get_shared::get_shared)),
        )
        .service(
            resource("/internal/users/{user_id}/sole-ownerships")
                .route(get().to(internal::list_sole_ownerships::list_sole_ownerships)),
        )
        .service(
            resource("/internal/users/{user_id}/memberships")
                .route(get().to(internal::list_memberships::list_memberships)),
        )
        .service(
            resource("/internal/workspaces/{workspace_id}")
                .route(get().to(internal::get_workspace::get_workspace)),
        )
        .service(
            resource("/internal/workspaces/{workspace_id}/members/{user_id}")
                .route(get().to(internal::get_workspace_member::get_workspace_member)),
        );
}

/// Checks the page that was asked for together with the other parameters, so that every refused one is listed.
fn checked<F: Fields>(
    page: Option<u32>,
    page_size: Option<u32>,
    fields: F,
) -> ApiResult<(TableQuery, F::Values)> {
    match (TableQuery::parse(page, page_size), fields.split()) {
        (Ok(table), Ok(values)) => Ok((table, values)),
        (table, values) => {
            let refused = table.err().into_iter().chain(values.err()).flatten();
            Err(ApiError::validation(refused.collect()))
        }
    }
}
