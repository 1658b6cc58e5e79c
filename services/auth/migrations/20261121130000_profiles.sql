-- What a user tells of himself, beside his names (A-12). A text that is taken away is null.
alter table users
    add column bio               text,
    add column title             text,
    add column pronouns          text,
    -- A name of the IANA database.
    add column time_zone         text,
    -- A language tag (BCP 47).
    add column locale            text,
    -- The file in the files service that `avatar_url` leads to.
    add column avatar_file_id    uuid,
    add column status_text       text,
    add column status_emoji      text,
    -- From then on the status is over; a job takes it away.
    add column status_expires_at timestamptz;

create index users_status_due on users (status_expires_at) where status_expires_at is not null;
