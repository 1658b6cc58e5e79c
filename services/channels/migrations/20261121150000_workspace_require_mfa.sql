-- Whether the workspace is closed to sessions that were not proven by a second factor.
alter table workspaces add column require_mfa boolean not null default false;
