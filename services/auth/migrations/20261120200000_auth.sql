-- Accounts. Mail goes to `email`, as it was given; `email_normalised` (NFKC, lower case) is what must be unique.
create table users (
    id                uuid        primary key,
    email             text        not null,
    email_normalised  text        not null constraint users_email_unique unique,
    username          text        not null constraint users_username_unique unique,
    display_name      text        not null,
    avatar_url        text,
    -- PHC string; null for an account that signs in by other means.
    password_hash     text,
    email_verified_at timestamptz,
    realm_roles       text[]      not null,
    suspended_at      timestamptz,
    -- Counts the profile's changes; projections of other services are guarded by it.
    version           bigint      not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null
);

-- Who has a name, and until when. A registration with an address that has an account holds its name for a while
-- without a user, so that a free name does not tell that the address was known.
create table usernames (
    username        text        primary key,
    -- Null: the name belongs to a user.
    held_until      timestamptz,
    -- The pending registration that it is held for, if it is held for one.
    registration_id bigint
);
create index usernames_held_until on usernames (held_until) where held_until is not null;

-- Who wants an account whose address nobody has proven yet. There may be several for one account, also by people who do
-- not own the address: the one whose link is used fills the account, and all of them go.
create table registrations (
    id            bigint      generated always as identity primary key,
    user_id       uuid        not null references users (id) on delete cascade,
    username      text        not null,
    display_name  text        not null,
    password_hash text        not null,
    created_at    timestamptz not null
);
create index registrations_user on registrations (user_id, id);

-- Links sent by mail. Only the hash is stored; the token itself is made when the mail is sent. A used one goes with its
-- registration.
create table email_tokens (
    token_hash      bytea       primary key,
    registration_id bigint      not null references registrations (id) on delete cascade,
    purpose         text        not null,
    created_at      timestamptz not null,
    expires_at      timestamptz not null
);
create index email_tokens_registration on email_tokens (registration_id, purpose);
create index email_tokens_expires_at on email_tokens (expires_at);

-- One sign-in on one device. It is also the family of its refresh tokens.
create table sessions (
    id             uuid        primary key,
    user_id        uuid        not null references users (id) on delete cascade,
    device_name    text,
    user_agent     text,
    ip             text,
    -- How the user proved who he is, for the claim `amr`.
    amr            text[]      not null,
    created_at     timestamptz not null,
    last_seen_at   timestamptz not null,
    expires_at     timestamptz not null,
    revoked_at     timestamptz,
    revoked_reason text
);
create index sessions_open on sessions (user_id, created_at desc) where revoked_at is null;
create index sessions_expires_at on sessions (expires_at);

create table refresh_tokens (
    token_hash bytea       primary key,
    session_id uuid        not null references sessions (id) on delete cascade,
    issued_at  timestamptz not null,
    expires_at timestamptz not null,
    -- First use. A second one later than the grace period is theft.
    used_at    timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);
create index refresh_tokens_expires_at on refresh_tokens (expires_at);

create table signing_keys (
    kid          text        primary key,
    alg          text        not null check (alg = 'EdDSA'),
    -- The Ed25519 seed; the public half follows from it.
    seed         bytea       not null check (length(seed) = 32),
    created_at   timestamptz not null,
    -- Published from `created_at`, signs from here on.
    activates_at timestamptz not null,
    -- Published until then; null for the newest key.
    retires_at   timestamptz
);

-- Mails to be sent. No address and no token: both are looked up or made at the moment of sending.
create table mail_queue (
    id              uuid        primary key,
    user_id         uuid        not null references users (id) on delete cascade,
    template        text        not null,
    -- Whose link the mail carries; null for a mail without one.
    registration_id bigint      references registrations (id) on delete cascade,
    created_at      timestamptz not null,
    attempts        integer     not null default 0,
    next_attempt_at timestamptz not null,
    -- Given up.
    failed_at       timestamptz
);
create index mail_queue_due on mail_queue (next_attempt_at) where failed_at is null;
create index mail_queue_registration on mail_queue (registration_id) where registration_id is not null;

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

-- Events whose effect is in this database. The row is written in the transaction of the effect.
create table inbox (
    consumer    text not null,
    event_id    uuid not null,
    received_at timestamptz not null,
    primary key (consumer, event_id)
);

create index inbox_by_age on inbox (received_at);

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
