-- The outbox table of colink-bus, word for word.
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
    created_at timestamptz not null,
    -- Why the event can never be published as it is: it is set aside, and later ones of its key wait. Null again: it is tried.
    refusal    text
);

create unique index outbox_by_ordinal on outbox (ordinal);
create index outbox_set_aside on outbox (topic, key) where refusal is not null;
