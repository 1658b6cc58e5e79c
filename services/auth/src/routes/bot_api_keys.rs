//! The API keys of a bot, for its owner: as [`super::api_keys`], under the bot's path.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod rotate;

use actix_web::web::{ServiceConfig, resource};

use crate::state::State;

/// The paths. Those that are answered with a secret are not wrapped in idempotency.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    app.service(
        resource("/auth/bots/{bot_id}/api-keys")
            .get(list::list_bot_api_keys)
            .post(create::create_bot_api_key),
    )
    .service(
        resource("/auth/bots/{bot_id}/api-keys/{api_key_id}")
            .delete(revoke::revoke_bot_api_key)
            .wrap(state.idempotency.clone()),
    )
    .service(resource("/auth/bots/{bot_id}/api-keys/{api_key_id}/rotate").post(rotate::rotate_bot_api_key));
}
