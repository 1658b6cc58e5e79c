//! The jobs of a service page by page, for an endpoint of its administrators.

use colink_core::error::{FieldError, Invalid};
use colink_core::page::{TablePage, TableQuery};
use serde::Deserialize;
use sqlx::{PgPool, Postgres, QueryBuilder};
use utoipa::IntoParams;

use crate::error::JobsError;
use crate::status::{JobState, JobStatus, Row, SELECT};

/// Longest name of a kind.
const KIND_CHARS: usize = 64;

/// The query of such an endpoint.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListJobs {
    /// Jobs of this kind.
    #[param(example = "send_mail", max_length = 64)]
    kind: Option<String>,
    /// Jobs in this state.
    #[param(value_type = Option<JobState>)]
    state: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

/// Which jobs; both conditions hold at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<JobState>,
}

impl ListJobs {
    /// What is asked for.
    ///
    /// # Errors
    /// Every field that was refused.
    pub fn check(self) -> Result<(JobFilter, TableQuery), Vec<FieldError>> {
        let kind = self.kind.map(kind).transpose().map_err(|reason| reason.at("kind"));
        let state = self.state.map(|text| state(&text)).transpose().map_err(|reason| reason.at("state"));
        match (kind, state, TableQuery::parse(self.page, self.page_size)) {
            (Ok(kind), Ok(state), Ok(table)) => Ok((JobFilter { kind, state }, table)),
            (kind, state, table) => Err(kind
                .err()
                .into_iter()
                .chain(state.err())
                .chain(table.err().into_iter().flatten())
                .collect()),
        }
    }
}

fn kind(text: String) -> Result<String, Invalid> {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if text.len() <= KIND_CHARS && text.bytes().all(known) {
        Ok(text)
    } else {
        Err(Invalid::new("must be the name of a kind, such as `send_mail`"))
    }
}

fn state(text: &str) -> Result<JobState, Invalid> {
    JobState::parse(text).ok_or_else(|| Invalid::new("must be `waiting`, `running`, `done` or `dead`"))
}

/// One page of jobs, the newest first.
///
/// # Errors
/// [`JobsError::Database`].
pub async fn list(
    pool: &PgPool,
    filter: &JobFilter,
    table: TableQuery,
) -> Result<TablePage<JobStatus>, JobsError> {
    let mut query = QueryBuilder::<Postgres>::new(SELECT);
    push_filter(&mut query, filter);
    query
        .push(" order by id desc limit ")
        .push_bind(table.limit())
        .push(" offset ")
        .push_bind(table.offset());
    let rows: Vec<Row> = query.build_query_as().fetch_all(pool).await?;
    let mut query = QueryBuilder::<Postgres>::new("select count(*) from jobs where ");
    push_filter(&mut query, filter);
    let total: i64 = query.build_query_scalar().fetch_one(pool).await?;
    Ok(TablePage::new(rows.into_iter().filter_map(Row::status).collect(), total, table))
}

/// The state stands in the text, so that the partial indexes are used.
fn push_filter(query: &mut QueryBuilder<Postgres>, filter: &JobFilter) {
    query.push("true");
    if let Some(state) = filter.state {
        query.push(" and state = '").push(state.name()).push("'");
    }
    if let Some(kind) = &filter.kind {
        query.push(" and kind = ").push_bind(kind.clone());
    }
}
