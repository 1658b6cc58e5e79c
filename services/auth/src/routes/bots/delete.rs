//! `DELETE /auth/bots/{bot_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::UserId;
use colink_http::{ApiResult, Path, Reply};

use crate::api_keys::error::ApiKeyError;
use crate::bots::take_out_of_use;
use crate::state::State;
use crate::store::bots;

/// Take one of my bots out of use
///
/// Its keys end at once, what it wrote stays. A realm admin may do so to any bot.
#[utoipa::path(
    delete,
    path = "/auth/bots/{bot_id}",
    operation_id = "delete_bot",
    tag = "bots",
    params(("bot_id" = UserId, Path, description = "The bot.")),
    responses((status = 204, description = "Out of use."))
)]
pub(crate) async fn delete_bot(
    state: Data<State>,
    caller: Caller,
    Path(id): Path<UserId>,
) -> ApiResult<Reply<()>> {
    let mut transaction = state.begin().await?;
    let bot = bots::lock(&mut transaction, id).await?.filter(|bot| bot.deactivated_at.is_none());
    let may = |owner: UserId| owner == caller.user_id() || caller.realm_admin();
    bot.filter(|bot| may(bot.owner_id())).ok_or(ApiKeyError::NoBot)?;
    let ended = take_out_of_use(&state, &mut transaction, id, &caller.cause()).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(Reply::no_content())
}
