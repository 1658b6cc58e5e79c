-- Why an event can never be published as it is: it is set aside, and later ones of its key wait. Null again: it is tried.
alter table outbox add column refusal text;

create index outbox_set_aside on outbox (topic, key) where refusal is not null;
