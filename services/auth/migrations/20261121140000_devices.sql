-- Set for a session whose refresh token a browser keeps in a cookie: the hash of the token that a page must repeat with it.
alter table sessions add column csrf_hash bytea;
-- The word of `session.started`; null for sessions begun before it was noted.
alter table sessions add column method text;

-- From where a user has signed in: SHA-256 of user, program, system and network. A sign-in from elsewhere is told him by mail.
create table known_devices (
    user_id      uuid        not null references users (id) on delete cascade,
    fingerprint  bytea       not null,
    last_seen_at timestamptz not null,
    primary key (user_id, fingerprint)
);
create index known_devices_last_seen_at on known_devices (last_seen_at);
