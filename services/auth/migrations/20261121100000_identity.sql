-- Bots and erased accounts have no address.
alter table users
    alter column email drop not null,
    alter column email_normalised drop not null,
    add column kind text not null default 'person' check (kind in ('person', 'bot')),
    -- Closed by its owner; an administrator may open it again.
    add column deactivated_at timestamptz,
    -- Personal data is gone for good.
    add column erased_at timestamptz;

-- When somebody last proved in this session who he is: sensitive changes ask for a proof that is not old.
alter table sessions add column authenticated_at timestamptz;
update sessions set authenticated_at = created_at;
alter table sessions alter column authenticated_at set not null;

-- Keys that were stored as they are end with this: the service makes a sealed one when it starts, and sessions get
-- tokens of the new key with their next refresh.
delete from signing_keys;
alter table signing_keys drop column seed;
-- The Ed25519 seed in an envelope; the public half follows from it.
alter table signing_keys add column sealed_seed bytea not null;
