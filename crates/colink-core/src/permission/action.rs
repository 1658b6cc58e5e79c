//! The closed list of what can be asked of [`decide`](super::decide).

use std::fmt;

use super::Scope;

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $word:literal needs $scope:ident;)+) => {
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

            /// The scope that a token needs for it. An action without one cannot be written down.
            pub const fn scope(self) -> Scope {
                match self {
                    $(Self::$variant => Scope::$scope),+
                }
            }
        }
    };
}

actions! {
    /// See the channel's details and members.
    ViewChannel = "view_channel" needs ChannelsRead;
    /// Read messages, threads, reactions and pins.
    ReadMessages = "read_messages" needs MessagesRead;
    /// Find messages and files by what is in them.
    Search = "search" needs SearchRead;
    /// See and download files.
    ReadFiles = "read_files" needs FilesRead;
    /// Write a message or a reply.
    SendMessage = "send_message" needs MessagesWrite;
    /// Edit a message he wrote.
    EditOwnMessage = "edit_own_message" needs MessagesWrite;
    /// Delete a message he wrote.
    DeleteOwnMessage = "delete_own_message" needs MessagesWrite;
    /// Delete a message of somebody else.
    DeleteAnyMessage = "delete_any_message" needs MessagesWrite;
    /// Add or take back his reaction.
    React = "react" needs MessagesWrite;
    /// Pin or unpin a message.
    Pin = "pin" needs MessagesWrite;
    /// Notify everybody with `@channel` or `@here`.
    MentionAll = "mention_all" needs MessagesWrite;
    /// Add a file.
    UploadFile = "upload_file" needs FilesWrite;
    /// Delete a file he added.
    DeleteOwnFile = "delete_own_file" needs FilesWrite;
    /// Delete a file of somebody else.
    DeleteAnyFile = "delete_any_file" needs FilesWrite;
    /// Become a member by himself.
    JoinChannel = "join_channel" needs ChannelsWrite;
    /// Stop being a member.
    LeaveChannel = "leave_channel" needs ChannelsWrite;
    /// Make somebody else a member.
    InviteToChannel = "invite_to_channel" needs ChannelsWrite;
    /// End somebody else's membership.
    RemoveFromChannel = "remove_from_channel" needs ChannelsWrite;
    /// Change a member's role.
    ChangeChannelRole = "change_channel_role" needs ChannelsWrite;
    /// Change name, topic or description.
    UpdateChannel = "update_channel" needs ChannelsWrite;
    /// Make the channel read-only; doing it again changes nothing.
    ArchiveChannel = "archive_channel" needs ChannelsWrite;
    /// Make an archived channel writable again.
    UnarchiveChannel = "unarchive_channel" needs ChannelsWrite;
    /// Receive the channel's changes live.
    Subscribe = "subscribe" needs MessagesRead;
    /// Show that he is typing.
    Type = "type" needs MessagesWrite;
    /// See the workspace's details.
    ViewWorkspace = "view_workspace" needs WorkspacesRead;
    /// Change name, slug or settings.
    UpdateWorkspace = "update_workspace" needs WorkspacesAdmin;
    /// Delete the workspace.
    DeleteWorkspace = "delete_workspace" needs WorkspacesAdmin;
    /// Invite by address or link, and see or withdraw invitations.
    InviteToWorkspace = "invite_to_workspace" needs WorkspacesAdmin;
    /// Make a bot a member of the workspace, without an invitation.
    AddBot = "add_bot" needs WorkspacesAdmin;
    /// End somebody else's membership; see also [`may_remove_member`](super::may_remove_member).
    RemoveFromWorkspace = "remove_from_workspace" needs WorkspacesAdmin;
    /// Change a member's role; see also [`may_change_role`](super::may_change_role).
    ChangeWorkspaceRole = "change_workspace_role" needs WorkspacesAdmin;
    /// See who is in the workspace.
    ListWorkspaceMembers = "list_workspace_members" needs WorkspacesRead;
    /// See which of its channels and conversations he can see.
    ListChannels = "list_channels" needs ChannelsRead;
    /// Create a public channel.
    CreatePublicChannel = "create_public_channel" needs ChannelsWrite;
    /// Create a private channel.
    CreatePrivateChannel = "create_private_channel" needs ChannelsWrite;
    /// Stop being a member.
    LeaveWorkspace = "leave_workspace" needs WorkspacesAdmin;
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
