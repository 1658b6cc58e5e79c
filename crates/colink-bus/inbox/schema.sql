-- Events whose effect is in this database. The row is written in the transaction of the effect.
create table inbox (
    consumer    text not null,
    event_id    uuid not null,
    received_at timestamptz not null,
    primary key (consumer, event_id)
);

create index inbox_by_age on inbox (received_at);
