-- A user's memberships, ended ones too: for the export of his data. The indexes of active ones stay, being what requests ask.
create index workspace_members_ever_of_user on workspace_members (user_id);
create index channel_members_ever_of_user on channel_members (user_id);

-- Invitations to an address that is erased: the event names it by its hash.
create index invites_email_hash on invites (sha256(email::bytea)) where email is not null;
