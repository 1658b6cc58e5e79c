//! What this service asks of the others.

use colink_core::error::ErrorKind;
use colink_core::id::{FileId, UserId, WorkspaceId};
use colink_core::role::WorkspaceRole;
use colink_core::text::Slug;
use colink_http::client::InternalClient;
use colink_http::{ApiError, ApiResult};
use colink_runtime::{Boot, InternalConfig, StartError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The other services. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Peers {
    admin: InternalClient,
    channels: InternalClient,
    files: InternalClient,
    messaging: InternalClient,
}

/// A list of another service that is read page by page.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Paged {
    /// What a user wrote.
    Messages,
    /// How he reacted.
    Reactions,
    /// What he uploaded.
    Files,
    /// What he did, as the audit log keeps it.
    AuditLog,
}

/// A page of such a list, as the other service tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    #[serde(alias = "messages", alias = "reactions", alias = "files", alias = "entries")]
    pub(crate) items: Vec<Value>,
    /// Where to go on; none at the end.
    pub(crate) next_after: Option<String>,
}

/// A workspace of which somebody is the only owner.
#[derive(Debug, Deserialize)]
pub(crate) struct OwnedWorkspace {
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) name: String,
}

/// Where a picture's bytes are for now.
#[derive(Debug, Deserialize)]
pub(crate) struct AvatarLink {
    pub(crate) url: String,
    /// How long the URL holds, in seconds.
    pub(crate) expires_in_s: u64,
}

/// Whether two users meet in a workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Shared {
    /// They do.
    pub(crate) shared: bool,
    /// But only in such as are closed to sessions that were not proven by a second factor.
    #[serde(default)]
    pub(crate) require_mfa: bool,
}

#[derive(Debug, Deserialize)]
struct Owned {
    workspaces: Vec<OwnedWorkspace>,
}

/// What somebody is in a workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) role: WorkspaceRole,
    /// The workspace is closed to sessions that were not proven by a second factor.
    #[serde(default)]
    pub(crate) require_mfa: bool,
}

#[derive(Debug, Deserialize)]
struct Named {
    workspace_id: WorkspaceId,
}

/// The answer; `None` when there is no such thing.
fn found<T>(answer: ApiResult<T>) -> ApiResult<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Serialize)]
struct Claim {
    user_id: UserId,
}

impl Peers {
    /// # Errors
    /// When the place of a service is not configured.
    pub(crate) fn new(boot: &Boot, internal: &InternalConfig) -> Result<Self, StartError> {
        Ok(Self {
            admin: boot.peer("admin", internal)?,
            channels: boot.peer("channels", internal)?,
            files: boot.peer("files", internal)?,
            messaging: boot.peer("messaging", internal)?,
        })
    }

    /// Whether two users are members of one workspace now.
    ///
    /// # Errors
    /// When channels does not answer.
    pub(crate) async fn shared(&self, one: UserId, other: UserId) -> ApiResult<Shared> {
        self.channels.get_json(&format!("/internal/users/{one}/shared-with/{other}")).await
    }

    /// The workspaces with other members in which the user is the only owner.
    ///
    /// # Errors
    /// When channels does not answer.
    pub(crate) async fn sole_ownerships(&self, user: UserId) -> ApiResult<Vec<OwnedWorkspace>> {
        let answer: Owned =
            self.channels.get_json(&format!("/internal/users/{user}/sole-ownerships")).await?;
        Ok(answer.workspaces)
    }

    /// The user's place in a workspace; `None` when he is no active member, or there is no such workspace.
    ///
    /// # Errors
    /// When channels does not answer.
    pub(crate) async fn member(&self, workspace: WorkspaceId, user: UserId) -> ApiResult<Option<Member>> {
        found(self.channels.get_json(&format!("/internal/workspaces/{workspace}/members/{user}")).await)
    }

    /// Whether there is such a workspace; a deleted one is none.
    ///
    /// # Errors
    /// When channels does not answer.
    pub(crate) async fn has_workspace(&self, workspace: WorkspaceId) -> ApiResult<bool> {
        let path = format!("/internal/workspaces/{workspace}");
        Ok(found(self.channels.get_json::<Named>(&path).await)?.is_some())
    }

    /// The workspace with this slug.
    ///
    /// # Errors
    /// When channels does not answer.
    pub(crate) async fn find_workspace(&self, slug: &Slug) -> ApiResult<Option<WorkspaceId>> {
        let path = format!("/internal/workspaces/by-slug/{slug}");
        Ok(found(self.channels.get_json::<Named>(&path).await)?.map(|named| named.workspace_id))
    }

    /// Where a user is and was, as channels tells it.
    ///
    /// # Errors
    /// When channels does not answer.
    pub(crate) async fn memberships(&self, user: UserId) -> ApiResult<Value> {
        self.channels.get_json(&format!("/internal/users/{user}/memberships")).await
    }

    /// A page of what a user did, behind `after`.
    ///
    /// # Errors
    /// When the other service does not answer.
    pub(crate) async fn page(&self, list: Paged, user: UserId, after: Option<&str>) -> ApiResult<Page> {
        let (service, name) = match list {
            Paged::Messages => (&self.messaging, "messages"),
            Paged::Reactions => (&self.messaging, "reactions"),
            Paged::Files => (&self.files, "files"),
            Paged::AuditLog => (&self.admin, "audit-log"),
        };
        let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
        service.get_json(&format!("/internal/users/{user}/{name}{query}")).await
    }

    /// Makes a file the user's picture; `false` when it cannot be one.
    ///
    /// # Errors
    /// When files does not answer.
    pub(crate) async fn claim_avatar(&self, user_id: UserId, file: FileId) -> ApiResult<bool> {
        let claimed = self.files.post(&format!("/internal/files/{file}/avatar"), &Claim { user_id }).await;
        match claimed {
            Ok(()) => Ok(true),
            Err(refusal) if refused(&refusal) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Where the bytes of a picture are; `None` when the file is gone.
    ///
    /// # Errors
    /// When files does not answer.
    pub(crate) async fn avatar_link(&self, file: FileId) -> ApiResult<Option<AvatarLink>> {
        match self.files.get_json(&format!("/internal/files/{file}/avatar-url")).await {
            Ok(link) => Ok(Some(link)),
            Err(refusal) if refused(&refusal) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The other service understood, and said no.
fn refused(error: &ApiError) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Validation)
}
