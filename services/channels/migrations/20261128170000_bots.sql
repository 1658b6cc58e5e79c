-- Whether a user is a program; of bots made before this, known with their next event.
alter table users add column bot boolean not null default false;
