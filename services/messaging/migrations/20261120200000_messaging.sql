-- The store of messaging. Forward only.
--
-- Lock order, everywhere: the row of channel_heads first. Whoever holds it owns the channel, so everything that
-- takes a sequence number is serial per channel, and a number is taken only by a transaction that commits the
-- change it stands for: no holes, ever (M-3).
--
-- There are no foreign keys to channel_heads: on the send path the row is locked by the same statement already,
-- and a projection may learn of a member before it learns of the channel.

-- One row a channel: what the channels service says about it, and the end of its log.
create table channel_heads (
    channel_id    uuid primary key,
    workspace_id  uuid not null,
    kind          text not null check (kind in ('public', 'private', 'dm')),
    archived      boolean not null default false,
    -- version of the channel's row in the channels service; 0 while only a membership told of the channel
    version       bigint not null default 0,
    -- the last sequence number that was given out
    last_seq      bigint not null default 0 check (last_seq >= 0),
    -- the relay has the broker's acknowledgement up to here
    published_seq bigint not null default 0 check (published_seq >= 0 and published_seq <= last_seq),
    shard         smallint not null
-- Updated by every post: half-empty pages, vacuumed often.
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- The relay's sweep, four times a second. It costs a post some 7 % of its time in the database, and keeps the sweep
-- as cheap with a million channels as with ten.
create index channel_heads_behind on channel_heads (channel_id) where last_seq > published_seq;

-- Projections of the channels service, guarded by the version of each row there. A removal stays as a row with
-- active = false, so that an older event that comes late cannot bring the member back.
create table workspace_members (
    workspace_id uuid not null,
    user_id      uuid not null,
    role         text not null check (role in ('owner', 'admin', 'moderator', 'member', 'guest')),
    active       boolean not null,
    version      bigint not null,
    primary key (workspace_id, user_id)
);

create index workspace_members_user on workspace_members (user_id, workspace_id) where active;

create table channel_members (
    channel_id   uuid not null,
    user_id      uuid not null,
    role         text not null check (role in ('owner', 'moderator', 'member')),
    active       boolean not null,
    version      bigint not null,
    -- what was posted up to here, before the member came, does not count as unread
    joined_seq   bigint not null default 0,
    primary key (channel_id, user_id)
);

create index channel_members_user on channel_members (user_id, channel_id) where active;

-- Projection of auth's users: what stands beside a message.
create table users (
    user_id  uuid primary key,
    -- lower case, for @mentions
    username text not null,
    -- the finished JSON object that stands as "author" in events and answers
    summary  text not null,
    version  bigint not null
);

-- Not unique: events of two users who swap a name may arrive in either order.
create index users_username on users (username);

create table messages (
    id                 uuid primary key,
    channel_id         uuid not null,
    workspace_id       uuid not null,
    -- the sequence number of message.created; also the place of the message in the history
    seq                bigint not null,
    -- the sequence number of the last change to this message: its revision, for ETag
    changed_seq        bigint not null,
    -- the root of the thread; null for a message of the channel itself
    -- (no foreign key: the check would be queued for every message, and replies look at the root anyway)
    thread_id          uuid,
    -- a reply that is also shown in the channel
    in_channel         boolean not null,
    author_id          uuid not null,
    client_msg_id      text,
    idempotency_key    text,
    -- SHA-256 of the request, to tell a retry from another request under the same key (M-2)
    fingerprint        bytea not null,
    content            text not null,
    content_html       text not null,
    file_ids           uuid[] not null default '{}',
    -- the finished JSON array that stands as "mentions" in events and answers
    mentions           text not null default '[]',
    -- @channel or @here
    mentions_everyone  boolean not null default false,
    reply_count        integer not null default 0,
    last_reply_at      timestamptz,
    last_reply_id      uuid,
    -- the first ten who replied, in order
    participants       uuid[] not null default '{}',
    pinned_by          uuid,
    pinned_at          timestamptz,
    edited_at          timestamptz,
    -- the text stays for audit until retention or erasure; the API never shows it (M-5)
    deleted_at         timestamptz,
    deleted_by         uuid,
    created_at         timestamptz not null
) with (fillfactor = 90);

-- A key is the sender's for the life of the message (M-2).
create unique index messages_client_msg_id_key on messages (author_id, client_msg_id)
    where client_msg_id is not null;
create unique index messages_idempotency_key_key on messages (author_id, idempotency_key)
    where idempotency_key is not null;
-- History and unread counts: what is shown in the channel, by place.
create unique index messages_history on messages (channel_id, seq) where in_channel;
create index messages_thread on messages (thread_id, seq) where thread_id is not null;
create index messages_pins on messages (channel_id, pinned_at, id) where pinned_at is not null;
create index messages_everyone on messages (channel_id, seq) where mentions_everyone and deleted_at is null;

-- Who was named, for exact mention counts however long the unread stretch is (M-11).
create table message_mentions (
    user_id    uuid not null,
    channel_id uuid not null,
    seq        bigint not null,
    message_id uuid not null references messages (id),
    primary key (user_id, channel_id, seq)
);

create index message_mentions_message on message_mentions (message_id);

-- Earlier wordings, the oldest first by revision (M-4).
create table message_edits (
    message_id   uuid not null references messages (id),
    -- changed_seq of the edit that replaced this wording
    replaced_seq bigint not null,
    content      text not null,
    content_html text not null,
    written_at   timestamptz not null,
    replaced_at  timestamptz not null,
    primary key (message_id, replaced_seq)
);

create table reactions (
    id         uuid primary key,
    message_id uuid not null references messages (id),
    user_id    uuid not null,
    emoji      text not null,
    created_at timestamptz not null,
    constraint reactions_once unique (message_id, user_id, emoji)
);

-- The channel's log: outbox, catch-up and socket resume in one. The event is stored finished: head is the
-- envelope up to and with "data":, data the payload; head || data || '}' is what the broker gets, byte for byte,
-- and data alone is what a member may see (head names the actor's address and agent).
create table channel_events (
    channel_id uuid not null,
    seq        bigint not null,
    event_id   uuid not null,
    type       text not null,
    at         timestamptz not null,
    head       text not null,
    data       text not null,
    primary key (channel_id, seq)
);

create table reads (
    user_id       uuid not null,
    channel_id    uuid not null,
    last_read_seq bigint not null,
    updated_at    timestamptz not null,
    primary key (user_id, channel_id)
);

-- colink_http::idempotency::SCHEMA.
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

-- colink_bus::outbox::SCHEMA: only for what is no change in a channel, such as access.bypassed.
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
