//! Which channels a user sees.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::page::TableQuery;
use colink_core::role::ChannelKind;
use sqlx::PgExecutor;

use super::channels::{SeatedChannel, channel_columns};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// How a list of channels is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelSort {
    /// By name, regardless of case.
    Name,
    /// By name, backwards.
    NameDescending,
    /// The oldest first.
    Created,
    /// The latest first.
    CreatedDescending,
}

/// Which channels are listed, to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChannelFilter<'a> {
    pub(crate) workspace: WorkspaceId,
    pub(crate) user: UserId,
    /// Also public ones that he is not in.
    pub(crate) with_public: bool,
    pub(crate) archived: bool,
    pub(crate) kind: Option<ChannelKind>,
    /// Only those he is in.
    pub(crate) mine: bool,
    /// A pattern of the name or topic.
    pub(crate) pattern: Option<&'a str>,
}

macro_rules! listed {
    ($columns:expr, $order:literal) => {
        concat!(
            "select ",
            $columns,
            " from channels c
              left join channel_members m on m.channel_id = c.id and m.user_id = $2 and m.active
              where c.workspace_id = $1 and c.kind <> 'dm'
                and (m.role is not null or ($3 and c.kind = 'public' and not $6))
                and (c.archived_at is not null) = $4
                and ($5::text is null or c.kind = $5)
                and ($7::text is null or c.name ilike $7 or c.topic ilike $7) ",
            $order
        )
    };
}

macro_rules! listed_seats {
    ($order:literal) => {
        listed!(
            concat!(
                channel_columns!(),
                ", null::text as workspace_role, m.role as member_role, m.version as member_version, \
                 false as require_mfa"
            ),
            $order
        )
    };
}

/// The channels that a user may see, with his place in each; `workspace_role` and `require_mfa` are not filled in.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    filter: ChannelFilter<'_>,
    sort: ChannelSort,
    page: TableQuery,
) -> Result<Vec<SeatedChannel>> {
    let query = match sort {
        ChannelSort::Name => listed_seats!("order by lower(c.name), c.id limit $8 offset $9"),
        ChannelSort::NameDescending => {
            listed_seats!("order by lower(c.name) desc, c.id desc limit $8 offset $9")
        }
        ChannelSort::Created => listed_seats!("order by c.created_at, c.id limit $8 offset $9"),
        ChannelSort::CreatedDescending => {
            listed_seats!("order by c.created_at desc, c.id desc limit $8 offset $9")
        }
    };
    sqlx::query_as(query)
        .bind(filter.workspace.as_uuid())
        .bind(filter.user.as_uuid())
        .bind(filter.with_public)
        .bind(filter.archived)
        .bind(filter.kind.map(ChannelKind::as_str))
        .bind(filter.mine)
        .bind(filter.pattern)
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(executor)
        .await
}

/// How many those are.
pub(crate) async fn count_listed(executor: impl PgExecutor<'_>, filter: ChannelFilter<'_>) -> Result<i64> {
    sqlx::query_scalar(listed!("count(*)", ""))
        .bind(filter.workspace.as_uuid())
        .bind(filter.user.as_uuid())
        .bind(filter.with_public)
        .bind(filter.archived)
        .bind(filter.kind.map(ChannelKind::as_str))
        .bind(filter.mine)
        .bind(filter.pattern)
        .fetch_one(executor)
        .await
}
