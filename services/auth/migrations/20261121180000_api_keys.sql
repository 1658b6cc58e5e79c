-- What a program may do in a user's or bot's name (A-11). It keeps its name and scopes when its secret is replaced.
create table api_keys (
    id           uuid        primary key,
    user_id      uuid        not null references users (id) on delete cascade,
    name         text        not null,
    scopes       text[]      not null,
    -- Who made it: the user himself, or the owner of the bot.
    created_by   uuid        not null,
    created_at   timestamptz not null,
    -- Null: it goes on until somebody ends it.
    expires_at   timestamptz,
    revoked_at   timestamptz,
    -- By the day: a use is written down once a day, not once a request.
    last_used_on date
);
create index api_keys_open on api_keys (user_id, created_at desc) where revoked_at is null;
create index api_keys_revoked_at on api_keys (revoked_at) where revoked_at is not null;
create index api_keys_expires_at on api_keys (expires_at) where revoked_at is null;

-- The secrets of a key: one, and while it is replaced the one before. The id is the public part of what the client
-- sends, and the session of the tokens made for it.
create table api_key_secrets (
    id            uuid        primary key,
    api_key_id    uuid        not null references api_keys (id) on delete cascade,
    -- SHA-256 of 32 random bytes.
    hash          bytea       not null check (length(hash) = 32),
    created_at    timestamptz not null,
    expires_at    timestamptz,
    -- There is a newer one; this one goes on until `expires_at`.
    superseded_at timestamptz,
    -- It is over, and its tokens and sockets were ended.
    ended_at      timestamptz
);
create index api_key_secrets_key on api_key_secrets (api_key_id) where ended_at is null;
create index api_key_secrets_due on api_key_secrets (expires_at) where ended_at is null;

-- From which networks a key was used of late: its first use from another one is told to the audit log.
create table api_key_networks (
    api_key_id   uuid not null references api_keys (id) on delete cascade,
    network      text not null,
    last_used_on date not null,
    primary key (api_key_id, network)
);
create index api_key_networks_last_used_on on api_key_networks (last_used_on);

-- Users of the kind `bot`, and whose they are.
create table bots (
    user_id     uuid        primary key references users (id) on delete cascade,
    owner_id    uuid        not null references users (id) on delete cascade,
    description text,
    created_at  timestamptz not null
);
create index bots_owner on bots (owner_id, created_at desc);
