-- Requests for mails that name an address become jobs like any other (crate colink-jobs). Their row, with the address in it,
-- is deleted when they are answered.

-- Replicas of the release before still write into `mail_requests` and know no such job: what they write becomes one. The table
-- goes with the next release.
create function mail_request_job() returns trigger language plpgsql as $$
begin
    insert into jobs (id, kind, payload, cause, state, max_attempts, due_at, created_at)
    values (gen_random_uuid(), 'answer_mail_request',
            jsonb_build_object('email', new.email_normalised, 'purpose', new.purpose), '{}', 'waiting', 10,
            new.requested_at, new.requested_at);
    return null;
end $$;
create trigger mail_request_job before insert on mail_requests for each row execute function mail_request_job();

-- Those that wait; who caused them was not written down.
insert into jobs (id, kind, payload, cause, state, max_attempts, due_at, created_at)
select gen_random_uuid(), 'answer_mail_request', jsonb_build_object('email', email_normalised, 'purpose', purpose), '{}',
       'waiting', 10, requested_at, requested_at
  from mail_requests;
delete from mail_requests;
