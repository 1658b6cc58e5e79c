-- Erased users (A-12). The profile is anonymous at once; what mentions the former name is rewritten by a job, which needs
-- it until it is done: then this is null again.
alter table users add column former_username text;
create index users_being_erased on users (user_id) where former_username is not null;

-- What somebody wrote, for his export and for erasing him.
create index messages_author on messages (author_id, id);
-- Deleted messages, which no mention leads to any more.
create index messages_deleted on messages (id) where deleted_at is not null;
-- How somebody reacted, for his export.
create index reactions_user on reactions (user_id, id);
