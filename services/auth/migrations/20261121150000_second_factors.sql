-- Second factors (A-8): seeds of authenticators, recovery codes, sign-ins that wait for a second factor, and who must
-- have one.

-- The seed of a user's authenticator. It counts only once a code of it was shown.
create table totp_secrets (
    user_id        uuid        primary key references users (id) on delete cascade,
    -- 20 bytes, sealed under `totp_secrets.sealed_secret/<user id>`.
    sealed_secret  bytea       not null,
    -- The session that asked for it: only there it can be proven.
    session_id     uuid        not null,
    created_at     timestamptz not null,
    -- Null while no code of it was shown.
    enabled_at     timestamptz,
    -- The time step of the newest code that was taken; it and older ones are not taken again.
    last_used_step bigint
);
create index totp_secrets_pending on totp_secrets (created_at) where enabled_at is null;

-- Codes for whoever has lost his authenticator. A code has 80 random bits, so a fast hash without a salt is enough.
create table recovery_codes (
    user_id    uuid        not null references users (id) on delete cascade,
    code_hash  bytea       not null,
    created_at timestamptz not null,
    used_at    timestamptz,
    primary key (user_id, code_hash)
);

-- The first factor was good, the second is awaited. A row is deleted with its use.
create table mfa_tickets (
    ticket_hash bytea       primary key,
    user_id     uuid        not null references users (id) on delete cascade,
    -- How the first factor was proven, for the session to come.
    method      text        not null,
    amr         text[]      not null,
    device_name text,
    -- The program that gave the first factor; it gives the second one too.
    user_agent  text,
    failures    integer     not null default 0,
    created_at  timestamptz not null,
    expires_at  timestamptz not null
);
create index mfa_tickets_user on mfa_tickets (user_id);
create index mfa_tickets_expires_at on mfa_tickets (expires_at);

-- Wrong codes since the last right one, over all tickets and sessions of a user.
create table mfa_failures (
    user_id      uuid        primary key references users (id) on delete cascade,
    failures     integer     not null,
    -- Codes are not looked at until then.
    locked_until timestamptz
);

-- Who must have a second factor. One row; none while the configuration decides.
create table mfa_policy (
    only_row                 boolean     primary key default true check (only_row),
    required_for_realm_roles text[]      not null,
    grace_hours              integer     not null check (grace_hours >= 0),
    -- When it was tightened last: the grace period begins here.
    effective_at             timestamptz not null,
    updated_at               timestamptz not null
);
