-- The mail queue becomes one kind of job among others.

-- Work to be done behind the requests (crate colink-jobs), one row a job. No secret, token or mail address stands in it.
create table jobs (
    id           uuid        primary key,
    -- Which code runs it.
    kind         text        not null,
    payload      jsonb       not null,
    -- Of the jobs of a kind that wait or run, one has this key.
    dedupe_key   text,
    -- The row comes back after each run, instead of ending.
    recurring    boolean     not null default false,
    -- Who caused it and within which request.
    cause        jsonb       not null,
    state        text        not null check (state in ('waiting', 'running', 'done', 'dead')),
    -- Runs that were begun.
    attempts     integer     not null default 0,
    max_attempts integer     not null check (max_attempts > 0),
    -- When anybody may take it: its time while it waits, the end of the lease while it runs.
    due_at       timestamptz not null,
    -- The claim of the present run; who has another one has lost the job.
    lease        uuid,
    -- How the last run failed: a word for programs, a sentence for people.
    error_class  text,
    error        text,
    created_at   timestamptz not null,
    -- When it was done or given up; of a recurring one, when its last run ended.
    finished_at  timestamptz
);
create index jobs_due on jobs (kind, due_at) where state in ('waiting', 'running');
create unique index jobs_dedupe on jobs (kind, dedupe_key) where dedupe_key is not null and state in ('waiting', 'running');
create index jobs_dead on jobs (kind, id) where state = 'dead';
create index jobs_finished on jobs (finished_at) where state in ('done', 'dead');

-- Mails that wait go on where they are; those that were given up are dead jobs.
insert into jobs (id, kind, payload, cause, state, attempts, max_attempts, due_at, error_class, created_at, finished_at)
select id, 'send_mail',
       jsonb_strip_nulls(jsonb_build_object(
           'user_id', user_id, 'template', template,
           'about', case when registration_id is not null
                         then jsonb_build_object('registration', registration_id) end)),
       '{}', case when failed_at is null then 'waiting' else 'dead' end, attempts, greatest(12, attempts + 1),
       next_attempt_at, case when failed_at is not null then 'failed' end, created_at, failed_at
  from mail_queue;

drop table mail_queue;
