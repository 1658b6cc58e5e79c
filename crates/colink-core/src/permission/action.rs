//! The closed list of what can be asked of [`decide`](super::decide).

use std::fmt;

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)+) => {
        /// What a user wants to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[$doc])* $variant),+
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in the audit log and in `access.bypassed`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }
    };
}

actions! {
    /// See the channel's details and members.
    ViewChannel = "view_channel";
    /// Read messages, threads, reactions and pins, search them, and download files.
    ReadMessages = "read_messages";
    /// Write a message or a reply.
    SendMessage = "send_message";
    /// Edit a message he wrote.
    EditOwnMessage = "edit_own_message";
    /// Delete a message he wrote.
    DeleteOwnMessage = "delete_own_message";
    /// Delete a message of somebody else.
    DeleteAnyMessage = "delete_any_message";
    /// Add or take back his reaction.
    React = "react";
    /// Pin or unpin a message.
    Pin = "pin";
    /// Notify everybody with `@channel` or `@here`.
    MentionAll = "mention_all";
    /// Add a file.
    UploadFile = "upload_file";
    /// Delete a file he added.
    DeleteOwnFile = "delete_own_file";
    /// Delete a file of somebody else.
    DeleteAnyFile = "delete_any_file";
    /// Become a member by himself.
    JoinChannel = "join_channel";
    /// Stop being a member.
    LeaveChannel = "leave_channel";
    /// Make somebody else a member.
    InviteToChannel = "invite_to_channel";
    /// End somebody else's membership.
    RemoveFromChannel = "remove_from_channel";
    /// Change a member's role.
    ChangeChannelRole = "change_channel_role";
    /// Change name, topic or description.
    UpdateChannel = "update_channel";
    /// Make the channel read-only; doing it again changes nothing.
    ArchiveChannel = "archive_channel";
    /// Make an archived channel writable again.
    UnarchiveChannel = "unarchive_channel";
    /// Receive the channel's changes live.
    Subscribe = "subscribe";
    /// Show that he is typing.
    Type = "type";
    /// See the workspace's details.
    ViewWorkspace = "view_workspace";
    /// Change name, slug or settings.
    UpdateWorkspace = "update_workspace";
    /// Delete the workspace.
    DeleteWorkspace = "delete_workspace";
    /// Invite by address or link, and see or withdraw invitations.
    InviteToWorkspace = "invite_to_workspace";
    /// End somebody else's membership; see also [`may_remove_member`](super::may_remove_member).
    RemoveFromWorkspace = "remove_from_workspace";
    /// Change a member's role; see also [`may_change_role`](super::may_change_role).
    ChangeWorkspaceRole = "change_workspace_role";
    /// See who is in the workspace.
    ListWorkspaceMembers = "list_workspace_members";
    /// Create a public channel.
    CreatePublicChannel = "create_public_channel";
    /// Create a private channel.
    CreatePrivateChannel = "create_private_channel";
    /// Stop being a member.
    LeaveWorkspace = "leave_workspace";
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
