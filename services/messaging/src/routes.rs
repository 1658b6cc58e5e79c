//! The URL space, and the document that describes it.

mod dms;
mod events;
mod internal;
mod messages;
mod params;
mod pins;
mod reactions;
mod reads;
mod threads;

use actix_web::web::{Data, ServiceConfig, delete, get, patch, post, put, resource};
use colink_http::idempotency::Idempotency;
use utoipa::OpenApi;

use crate::state::State;

/// Mounts everything. Sends keep their keys for the life of the message (M-2) and do so themselves; the keys of other
/// writes are kept for a day by the middleware.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    app.app_data(Data::new(state.for_worker()));
    app.service(
        resource("/channels/{channel_id}/messages")
            .route(post().to(messages::post::post_message))
            .route(get().to(messages::list::list_messages)),
    )
    .service(
        resource("/dms/{channel_id}/messages")
            .route(post().to(dms::post::post_dm_message))
            .route(get().to(dms::list::list_dm_messages)),
    )
    .service(
        resource("/messages/{message_id}/threads")
            .route(post().to(threads::reply::reply_to_message))
            .route(get().to(threads::list::list_replies)),
    )
    .service(resource("/messages/{message_id}/edits").route(get().to(messages::edits::list_edits)))
    .service(resource("/channels/{channel_id}/events").route(get().to(events::list::list_channel_events)))
    .service(resource("/channels/{channel_id}/pins").route(get().to(pins::list::list_pins)))
    .service(resource("/unreads").route(get().to(reads::list::list_unreads)))
    .service(
        resource("/internal/channels/{channel_id}/events")
            .route(get().to(internal::events::read_channel_events)),
    )
    .service(
        resource("/internal/channels/{channel_id}/head").route(get().to(internal::head_at::lookup_head_at)),
    )
    .service(resource("/internal/channels/heads").route(post().to(internal::heads::lookup_heads)))
    .service(
        resource("/internal/users/{user_id}/messages")
            .route(get().to(internal::user_messages::list_user_messages)),
    )
    .service(
        resource("/internal/users/{user_id}/reactions")
            .route(get().to(internal::user_reactions::list_user_reactions)),
    );
    configure_repeatable(app, &state.idempotency);
}

fn configure_repeatable(app: &mut ServiceConfig, once: &Idempotency) {
    app.service(
        resource("/messages/{message_id}")
            .wrap(once.clone())
            .route(get().to(messages::get::get_message))
            .route(put().to(messages::edit::edit_message))
            .route(patch().to(messages::patch::patch_message))
            .route(delete().to(messages::delete::delete_message)),
    )
    .service(
        resource("/messages/{message_id}/reactions")
            .wrap(once.clone())
            .route(post().to(reactions::add::add_reaction))
            .route(get().to(reactions::list::list_reactions)),
    )
    .service(
        resource("/messages/{message_id}/reactions/{emoji}")
            .wrap(once.clone())
            .route(delete().to(reactions::remove::remove_reaction)),
    )
    .service(
        resource("/reactions/{reaction_id}")
            .wrap(once.clone())
            .route(delete().to(reactions::remove_by_id::remove_reaction_by_id)),
    )
    .service(
        resource("/messages/{message_id}/pin")
            .wrap(once.clone())
            .route(post().to(pins::add::pin_message))
            .route(delete().to(pins::remove::unpin_message)),
    )
    .service(
        resource("/channels/{channel_id}/read").wrap(once.clone()).route(put().to(reads::mark::mark_read)),
    );
}

/// The public paths. `/internal` is between services and not described here.
#[derive(OpenApi)]
#[openapi(
    paths(
        messages::post::post_message,
        messages::list::list_messages,
        dms::post::post_dm_message,
        dms::list::list_dm_messages,
        messages::get::get_message,
        messages::edit::edit_message,
        messages::patch::patch_message,
        messages::delete::delete_message,
        messages::edits::list_edits,
        threads::reply::reply_to_message,
        threads::list::list_replies,
        reactions::add::add_reaction,
        reactions::list::list_reactions,
        reactions::remove::remove_reaction,
        reactions::remove_by_id::remove_reaction_by_id,
        pins::add::pin_message,
        pins::remove::unpin_message,
        pins::list::list_pins,
        events::list::list_channel_events,
        reads::mark::mark_read,
        reads::list::list_unreads,
    ),
    tags(
        (name = "messages", description = "Messages, their history and their edits"),
        (name = "threads", description = "Replies"),
        (name = "reactions", description = "Reactions"),
        (name = "pins", description = "Pinned messages"),
        (name = "events", description = "The gap-free log of a channel"),
        (name = "reads", description = "Read state and unread counts"),
    )
)]
pub(crate) struct Document;
