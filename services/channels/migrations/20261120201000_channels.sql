-- The store of channels. Forward only.
--
-- Locks. Whoever changes who is in a workspace holds the workspace's row first, so owners, limits and invitations are
-- counted by one transaction at a time; he takes no lock on a channel. Whoever changes a channel or who is in it holds
-- the channel's row. Whoever brings a user into a channel shares the user's workspace membership before he writes the
-- channel membership, so that the one cannot end meanwhile without ending the other.
--
-- A row's version counts its changes and never goes back: what consumers guard their copies by.

create table workspaces (
    id           uuid primary key,
    name         text not null,
    slug         text not null,
    owner_id     uuid not null,
    plan         text not null,
    -- most active members; null for no limit
    member_limit bigint check (member_limit > 0),
    features     text[] not null default '{}',
    version      bigint not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz
);

create unique index workspaces_slug on workspaces (slug) where deleted_at is null;

-- A membership that ended stays as a row: its version goes on when the user comes back.
create table workspace_members (
    workspace_id uuid not null references workspaces (id),
    user_id      uuid not null,
    role         text not null check (role in ('owner', 'admin', 'moderator', 'member', 'guest')),
    status       text not null check (status in ('active', 'left', 'removed')),
    version      bigint not null default 1,
    joined_at    timestamptz not null,
    updated_at   timestamptz not null,
    primary key (workspace_id, user_id)
);

create index workspace_members_of_user on workspace_members (user_id, workspace_id) where status = 'active';
create index workspace_members_by_age on workspace_members (workspace_id, joined_at, user_id) where status = 'active';
create index workspace_members_owners on workspace_members (workspace_id, joined_at)
    where status = 'active' and role = 'owner';

create table invites (
    id           uuid primary key,
    workspace_id uuid not null references workspaces (id),
    -- SHA-256 of the token; the token itself is shown once, to whoever invites
    token_hash   bytea not null,
    -- the normalised address of the only user who may accept; null for a link
    email        text,
    role         text not null check (role in ('owner', 'admin', 'moderator', 'member', 'guest')),
    max_uses     integer not null check (max_uses > 0),
    uses         integer not null default 0 check (uses between 0 and max_uses),
    created_by   uuid not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    revoked_at   timestamptz
);

create unique index invites_token on invites (token_hash);
create index invites_of_workspace on invites (workspace_id, created_at desc, id desc) where revoked_at is null;

create table channels (
    id           uuid primary key,
    workspace_id uuid not null references workspaces (id),
    kind         text not null check (kind in ('public', 'private', 'dm')),
    -- empty for a direct conversation
    name         text not null,
    -- null for a direct conversation
    slug         text,
    topic        text,
    description  text,
    -- everybody who joins the workspace is put into it
    is_default   boolean not null default false,
    archived_at  timestamptz,
    -- a direct conversation: its participants' ids, sorted, separated by commas
    dm_key       text,
    created_by   uuid not null,
    version      bigint not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    check ((kind = 'dm') = (dm_key is not null)),
    check ((kind = 'dm') = (slug is null))
);

create unique index channels_slug on channels (workspace_id, slug) where slug is not null;
create unique index channels_dm_key on channels (workspace_id, dm_key) where dm_key is not null;
create index channels_by_name on channels (workspace_id, lower(name), id) where kind <> 'dm';
create index channels_by_age on channels (workspace_id, created_at, id) where kind <> 'dm';
create index channels_default on channels (workspace_id, id) where is_default;

create table channel_members (
    channel_id   uuid not null references channels (id),
    user_id      uuid not null,
    -- that of the channel, which never changes: all of a user's channels in a workspace are found by one index
    workspace_id uuid not null,
    role         text not null check (role in ('owner', 'moderator', 'member')),
    active       boolean not null default true,
    version      bigint not null default 1,
    joined_at    timestamptz not null,
    updated_at   timestamptz not null,
    primary key (channel_id, user_id)
);

create index channel_members_of_user on channel_members (user_id, workspace_id, channel_id) where active;
create index channel_members_by_age on channel_members (channel_id, joined_at, user_id) where active;

-- Projection of auth's users: what stands beside a member. Version 0 is what the user's own token said when he
-- came, until the first event arrives.
create table users (
    id           uuid primary key,
    username     text not null,
    display_name text not null,
    avatar_url   text,
    erased       boolean not null default false,
    version      bigint not null
);

-- Events that were committed and are not published yet. A row is deleted when the broker has stored its event.
create table outbox (
    id         uuid primary key,
    -- The order of publishing. Two transactions that change the same aggregate hold its row lock in turn, so the order of
    -- this number is the order of their commits as long as the event is enqueued after the aggregate was locked.
    ordinal    bigint generated always as identity,
    topic      text not null,
    key        text not null,
    type       text not null,
    payload    bytea not null,
    shard      smallint not null check (shard between 0 and 15),
    created_at timestamptz not null
);

create unique index outbox_by_ordinal on outbox (ordinal);

-- Requests that carry an Idempotency-Key, and their answers (expire after 24 h; a job purges them).
CREATE TABLE idempotency_keys (
    caller        text        NOT NULL,
    key           text        NOT NULL,
    fingerprint   bytea       NOT NULL,
    claim         uuid        NOT NULL,
    claimed_until timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    -- The answer; null while the request runs.
    status        smallint,
    headers       jsonb,
    body          bytea,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);
