-- Exports of a user's data. The archive is an object in the storage, under a key that nobody can guess; it is deleted
-- with `expires_at`, and with the user.
create table exports (
    id            uuid        primary key,
    user_id       uuid        not null references users (id) on delete cascade,
    status        text        not null check (status in ('preparing', 'ready', 'failed')),
    object_key    text        not null,
    created_at    timestamptz not null,
    ready_at      timestamptz,
    expires_at    timestamptz not null,
    attempts      integer     not null default 0,
    -- Whoever makes it has it until then; afterwards somebody else may.
    claimed_until timestamptz not null
);
create unique index exports_preparing on exports (user_id) where status = 'preparing';
create index exports_due on exports (claimed_until) where status = 'preparing';
create index exports_user on exports (user_id, created_at desc);
create index exports_expires_at on exports (expires_at);

-- Archives of erased users, whose exports are gone with them: to be deleted from the storage.
create table orphaned_archives (
    object_key text primary key
);
