//! Which fields of an event's payload are recorded.
//!
//! A rule is for one type in one version and names what is copied; everything else stays out. So a field that is
//! added to an event is not in the log before somebody decides that here. Never copied: what users wrote (messages,
//! topics, descriptions, reports), names of files and people, hashes of files and addresses.

/// What is recorded of one type and version.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) kind: &'static str,
    pub(super) version: u16,
    pub(super) resource: Target,
    /// Paths of the payload, parts separated by `/`.
    pub(super) details: &'static [&'static str],
}

/// Where a payload says what the action was done to.
#[derive(Debug)]
pub(super) enum Target {
    /// Sort and path of the id: the first whose path is there.
    First(&'static [(&'static str, &'static str)]),
    /// The payload names the sort itself.
    Named { kind: &'static str, id: &'static str },
}

const MESSAGE: Target = Target::First(&[("message", "id")]);
const OF_MESSAGE: Target = Target::First(&[("message", "message_id")]);
const ROOT_MESSAGE: Target = Target::First(&[("message", "root_id")]);
const WORKSPACE: Target = Target::First(&[("workspace", "workspace/id")]);
const INVITE: Target = Target::First(&[("invite", "invite_id")]);
/// A membership is a member's: what was done to a user is found under his id.
const USER: Target = Target::First(&[("user", "user_id")]);
const CHANNEL: Target = Target::First(&[("channel", "channel/id")]);
const CONVERSATION: Target = Target::First(&[("channel", "channel_id")]);
const DOOR: Target =
    Target::First(&[("channel", "channel_id"), ("workspace", "workspace_id"), ("user", "user_id")]);
const API_KEY: Target = Target::First(&[("api_key", "api_key_id")]);
const SIGNING_KEY: Target = Target::First(&[("signing_key", "kid")]);
const SSO_PROVIDER: Target = Target::First(&[("sso_provider", "provider")]);
const JOB: Target = Target::First(&[("job", "job_id")]);
const FILE: Target = Target::First(&[("file", "file/id")]);
const OF_FILE: Target = Target::First(&[("file", "file_id")]);
const MODERATED: Target = Target::Named { kind: "target_type", id: "target_id" };

const MESSAGE_IDS: &[&str] = &["channel_id", "author/id", "thread_id", "seq"];
const MESSAGE_GONE: &[&str] = &["channel_id", "author_id", "thread_id", "seq", "deleted_by"];
const BY_USER: &[&str] = &["channel_id", "user_id", "seq"];
const THREAD_IDS: &[&str] = &["channel_id", "last_reply_id", "seq"];
/// What every workspace has. That it asks for a second factor is a change of it.
const WORKSPACE_FACTS: &[&str] = &[
    "workspace/name",
    "workspace/slug",
    "workspace/owner_id",
    "workspace/plan",
    "workspace/member_limit",
    "workspace/version",
];
const WORKSPACE_STATE: &[&str] = &[
    "workspace/name",
    "workspace/slug",
    "workspace/owner_id",
    "workspace/plan",
    "workspace/member_limit",
    "workspace/require_mfa",
    "workspace/version",
];
const MEMBERSHIP: &[&str] = &["role", "version", "by"];
const CHANNEL_STATE: &[&str] = &[
    "channel/kind",
    "channel/name",
    "channel/slug",
    "channel/archived",
    "channel/created_by",
    "channel/version",
];
const CHANNEL_MEMBERSHIP: &[&str] = &["channel_id", "kind", "role", "version", "by"];
const FILE_STATE: &[&str] = &["file/channel_id", "file/uploader_id", "file/content_type", "file/size"];

const fn rule(kind: &'static str, version: u16, resource: Target, details: &'static [&'static str]) -> Rule {
    Rule { kind, version, resource, details }
}

/// One rule for every type and version of `colink-events`.
pub(super) static RULES: &[Rule] = &[
    rule("message.created", 1, MESSAGE, MESSAGE_IDS),
    rule("message.updated", 1, MESSAGE, MESSAGE_IDS),
    rule("message.deleted", 1, MESSAGE, MESSAGE_GONE),
    rule("reaction.added", 1, OF_MESSAGE, BY_USER),
    rule("reaction.removed", 1, OF_MESSAGE, BY_USER),
    rule("thread.updated", 1, ROOT_MESSAGE, THREAD_IDS),
    rule("pin.added", 1, OF_MESSAGE, BY_USER),
    rule("pin.removed", 1, OF_MESSAGE, BY_USER),
    rule("workspace.created", 1, WORKSPACE, WORKSPACE_FACTS),
    rule("workspace.updated", 1, WORKSPACE, WORKSPACE_STATE),
    rule("workspace.deleted", 1, WORKSPACE, WORKSPACE_FACTS),
    rule("member.invited", 1, INVITE, &["role", "invited_by"]),
    rule("member.joined", 1, USER, MEMBERSHIP),
    rule("member.role_changed", 1, USER, MEMBERSHIP),
    rule("member.left", 1, USER, MEMBERSHIP),
    rule("member.removed", 1, USER, MEMBERSHIP),
    rule("channel.created", 1, CHANNEL, CHANNEL_STATE),
    rule("channel.updated", 1, CHANNEL, CHANNEL_STATE),
    rule("channel.archived", 1, CHANNEL, CHANNEL_STATE),
    rule("channel.unarchived", 1, CHANNEL, CHANNEL_STATE),
    rule("channel_member.added", 1, USER, CHANNEL_MEMBERSHIP),
    rule("channel_member.removed", 1, USER, CHANNEL_MEMBERSHIP),
    rule("channel_member.role_changed", 1, USER, CHANNEL_MEMBERSHIP),
    rule("dm.created", 1, CONVERSATION, &["participant_ids", "created_by"]),
    rule("access.bypassed", 1, DOOR, &["action", "channel_id", "user_id"]),
    rule("user.registered", 1, USER, &["version"]),
    rule("user.verified", 1, USER, &[]),
    rule("user.updated", 1, USER, &["version"]),
    rule("user.suspended", 1, USER, &["reason"]),
    rule("user.unsuspended", 1, USER, &["reason"]),
    rule("user.deactivated", 1, USER, &[]),
    rule("user.reactivated", 1, USER, &[]),
    rule("user.roles_changed", 1, USER, &["old_roles", "new_roles"]),
    rule("user.erased", 1, USER, &[]),
    rule("session.started", 1, USER, &["session_id", "method", "second_factor"]),
    rule("session.revoked", 1, USER, &["session_id", "reason"]),
    rule("session.downgraded", 1, USER, &["session_id", "reason"]),
    rule("login.failed", 1, USER, &["reason"]),
    rule("account.locked", 1, USER, &["until"]),
    rule("token.reused", 1, USER, &["session_id"]),
    rule("password.changed", 1, USER, &[]),
    rule("passkey.added", 1, USER, &["passkey_id"]),
    rule("passkey.removed", 1, USER, &["passkey_id"]),
    rule("passkey.cloned", 1, USER, &["passkey_id"]),
    rule("signing_key.rotated", 1, SIGNING_KEY, &[]),
    rule("provider.linked", 1, USER, &["provider", "by"]),
    rule("provider.unlinked", 1, USER, &["provider"]),
    rule("user.provisioned", 1, USER, &["workspace_id", "provider"]),
    rule("sso_provider.changed", 1, SSO_PROVIDER, &["user_id", "change", "trusted"]),
    rule("api_key.created", 1, API_KEY, &["user_id", "session_id", "scopes", "expires_at", "created_by"]),
    rule("api_key.rotated", 1, API_KEY, &["user_id", "session_id", "previous_until"]),
    rule("api_key.revoked", 1, API_KEY, &["user_id", "reason"]),
    rule("api_key.used", 1, API_KEY, &["user_id", "session_id", "new_address"]),
    rule("bot.created", 1, USER, &["owner_id"]),
    rule("mfa.enabled", 1, USER, &["method"]),
    rule("mfa.disabled", 1, USER, &["method", "reason"]),
    rule("recovery_code.used", 1, USER, &["remaining"]),
    rule("recovery_codes.regenerated", 1, USER, &[]),
    rule("mfa_policy.updated", 1, USER, &["required_for_realm_roles", "grace_hours"]),
    rule("export.requested", 1, USER, &["export_id"]),
    rule("export.opened", 1, USER, &["export_id"]),
    rule("job.requeued", 1, JOB, &["user_id", "service", "kind"]),
    rule("file.uploaded", 1, FILE, FILE_STATE),
    rule("file.scanned", 1, OF_FILE, &["channel_id", "status"]),
    rule("file.deleted", 1, OF_FILE, &["channel_id", "deleted_by"]),
    rule("moderation.action", 1, MODERATED, &["action", "moderator_id", "reason"]),
    rule("moderation.flagged", 1, MODERATED, &["flag_id", "flagged_by"]),
];

/// The rule of a type and version.
pub(super) fn find(kind: &str, version: u16) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.kind == kind && rule.version == version)
}
