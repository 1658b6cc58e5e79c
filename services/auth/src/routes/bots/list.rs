//! `GET /auth/bots`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::page::{TablePage, TableQuery};
use colink_http::{ApiError, ApiResult, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use super::View;
use crate::state::State;
use crate::store::bots;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListBots {
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

/// List my bots
///
/// Newest first. A realm admin is shown everybody's.
#[utoipa::path(
    get,
    path = "/auth/bots",
    operation_id = "list_bots",
    tag = "bots",
    params(ListBots),
    responses((status = 200, description = "One page.", body = Success<TablePage<View>>))
)]
pub(crate) async fn list_bots(
    state: Data<State>,
    caller: Caller,
    Query(query): Query<ListBots>,
) -> ApiResult<Reply<TablePage<View>>> {
    let table = TableQuery::parse(query.page, query.page_size).map_err(ApiError::validation)?;
    let owner = (!caller.realm_admin()).then(|| caller.user_id());
    let bots = bots::list(&state.pool, owner, table).await?;
    let page = TablePage::counted(bots, table, bots::count(&state.pool, owner)).await?;
    Ok(Reply::ok(page.map(View::from)))
}
