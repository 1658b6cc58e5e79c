-- Links that set a new password: of each account the newest. Only the hash is stored; the token itself is made when the
-- mail is sent. A used one is deleted.
create table password_resets (
    user_id    uuid        primary key references users (id) on delete cascade,
    token_hash bytea       not null constraint password_resets_token_unique unique,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index password_resets_expires_at on password_resets (expires_at);

-- Mails that anybody may ask for by naming an address. A row is written whether or not the address is known and answered
-- a moment later, so that neither answer nor time of the request tells which it was.
create table mail_requests (
    id               bigint      generated always as identity primary key,
    email_normalised text        not null,
    purpose          text        not null check (purpose in ('verify_email', 'reset_password')),
    requested_at     timestamptz not null
);

alter table registrations
    -- SHA-256 of what the one who registered was answered; whoever has it and the link is the same.
    add column secret_hash bytea,
    -- Where the registration came from; compared with where the link is used.
    add column client text;
create index registrations_created_at on registrations (created_at);

-- Accounts whose address nobody proved: they expire.
create index users_unverified on users (created_at) where email_verified_at is null;
