-- The index over messages and files, and copies of the names that are shown beside what was found.

-- Copies of auth's users; version 0 for what a message told of its author.
create table users (
  user_id uuid primary key,
  username text not null,
  display_name text not null,
  avatar_url text,
  version bigint not null
);
-- from:name
create index users_username on users (lower(username));
create index users_display_name on users (lower(display_name));

-- Copies of channels' channels. A direct conversation has no name.
create table channels (
  channel_id uuid primary key,
  workspace_id uuid not null,
  kind text not null,
  name text,
  slug text,
  version bigint not null
);

-- One row a message that was ever heard of; a deleted one stays as a tombstone, so that a late event cannot bring it back.
create table messages (
  message_id uuid primary key,
  channel_id uuid not null,
  workspace_id uuid not null,
  author_id uuid not null,
  -- The number of the last event that was applied.
  seq bigint not null,
  thread_id uuid,
  content text not null,
  file_ids uuid[] not null default '{}',
  created_at timestamptz not null,
  edited_at timestamptz,
  deleted boolean not null default false,
  -- Made by the service: words with positions, and facets without.
  tsv tsvector not null
);
-- Without a pending list a search costs the same at any time.
create index messages_tsv on messages using gin (tsv) with (fastupdate = off);
-- Read backwards: the newest first.
create index messages_recent on messages (workspace_id, created_at, message_id) where not deleted;
create index messages_recent_of_channel on messages (channel_id, created_at, message_id) where not deleted;

-- What hangs on a message, as its own events say: 'pin', or 'r:' and an emoji.
create table message_marks (
  message_id uuid not null,
  mark text not null,
  present boolean not null,
  seq bigint not null,
  primary key (message_id, mark)
);

create table files (
  file_id uuid primary key,
  channel_id uuid not null,
  workspace_id uuid not null,
  uploader_id uuid,
  filename text not null,
  content_type text not null,
  size bigint not null,
  created_at timestamptz not null,
  deleted boolean not null default false,
  tsv tsvector not null
);
create index files_tsv on files using gin (tsv) with (fastupdate = off);
create index files_recent on files (workspace_id, created_at, file_id) where not deleted;
