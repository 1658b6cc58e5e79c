//! [`WorkspaceScope`]: which workspace a call is about (W-3). There is no default workspace.

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use colink_core::error::{ErrorKind, FieldError};
use colink_core::id::WorkspaceId;
use futures_util::future::{Ready, ready};

use crate::error::{ApiError, ApiResult};
use crate::query;

/// The header that names the workspace.
pub const WORKSPACE_ID: HeaderName = HeaderName::from_static("x-workspace-id");

const HEADER: &str = "X-Workspace-Id";
const PARAMETER: &str = "workspace_id";

/// Extractor: the workspace that the header `X-Workspace-Id` or the query parameter `workspace_id` names. A
/// [`crate::Query`] type of the same handler that denies unknown fields lists `workspace_id` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkspaceScope(Option<WorkspaceId>);

impl WorkspaceScope {
    /// The workspace of a call without a body.
    ///
    /// # Errors
    /// 400 `WORKSPACE_REQUIRED` when none is named.
    pub fn require(self) -> ApiResult<WorkspaceId> {
        self.resolve(None)
    }

    /// The workspace of a call whose body may name it too.
    ///
    /// # Errors
    /// 400 `WORKSPACE_REQUIRED` when none is named, 400 `VALIDATION_ERROR` when two are.
    pub fn resolve(self, in_body: Option<WorkspaceId>) -> ApiResult<WorkspaceId> {
        agreed(self.0, in_body)?.ok_or_else(|| ApiError::of(ErrorKind::WorkspaceRequired))
    }

    /// The workspace that is named, if any.
    pub fn named(self) -> Option<WorkspaceId> {
        self.0
    }
}

impl FromRequest for WorkspaceScope {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map(Self))
    }
}

fn read(request: &HttpRequest) -> ApiResult<Option<WorkspaceId>> {
    let header = request.headers().get(WORKSPACE_ID).map(|value| value.to_str().unwrap_or_default());
    let parameter = if request.query_string().contains(PARAMETER) {
        query::pairs(request.query_string())?
    } else {
        Vec::new()
    };
    let parameter = parameter.iter().find(|(name, value)| name == PARAMETER && !value.is_empty());
    let header = parse(HEADER, header)?;
    agreed(header, parse(PARAMETER, parameter.map(|(_, value)| value.as_str()))?)
}

fn parse(field: &str, text: Option<&str>) -> ApiResult<Option<WorkspaceId>> {
    text.map(|text| text.parse().map_err(|reason| ApiError::invalid(field, reason))).transpose()
}

fn agreed(one: Option<WorkspaceId>, other: Option<WorkspaceId>) -> ApiResult<Option<WorkspaceId>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => {
            let refused =
                FieldError::new(PARAMETER, "names another workspace than the request does elsewhere");
            Err(ApiError::validation(vec![refused]))
        }
        (one, other) => Ok(one.or(other)),
    }
}
