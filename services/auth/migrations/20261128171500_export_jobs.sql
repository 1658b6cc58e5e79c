-- Exports are made by jobs (crate colink-jobs) and need no lease of their own.

-- Those that wait go on as jobs.
insert into jobs (id, kind, payload, dedupe_key, cause, state, max_attempts, due_at, created_at)
select gen_random_uuid(), 'make_export', jsonb_build_object('user_id', user_id, 'export_id', id), id::text, '{}',
       'waiting', 10, now(), created_at
  from exports where status = 'preparing';

-- Nobody uses `attempts` and `claimed_until` any more. They stay for one release, because replicas of the one before still
-- write them: to those a new export is one that somebody else has taken.
update exports set claimed_until = 'infinity' where status = 'preparing';
alter table exports alter column claimed_until set default 'infinity';
drop index exports_due;
