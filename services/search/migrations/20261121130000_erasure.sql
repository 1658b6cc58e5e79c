-- Erased users (A-12): the name they had, while messages that mention it are being rewritten; null when done.
alter table users add column former_username text;
create index users_being_erased on users (user_id) where former_username is not null;
