-- A message that mentions an erased user may be indexed after the erasure was handled: his former name is looked for again
-- and again for a time. When that was first done and when it is next; null before the first time.
alter table users add column first_pass_at timestamptz;
alter table users add column next_pass_at timestamptz;
drop index users_being_erased;
create index users_being_erased on users (next_pass_at) where former_username is not null;
