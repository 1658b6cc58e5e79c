-- Keys of closed accounts were refused, and would have come back with the account. They end with it now, those of its bots
-- too; a bot whose owner was erased is out of use.
update api_keys k set revoked_at = now()
  from users u
  left join bots b on b.user_id = u.id
  left join users o on o.id = b.owner_id
 where u.id = k.user_id and k.revoked_at is null
   and (u.deactivated_at is not null or o.deactivated_at is not null or (u.kind = 'bot' and b.user_id is null));
update api_key_secrets s set ended_at = now()
  from api_keys k
 where k.id = s.api_key_id and k.revoked_at is not null and s.ended_at is null;
update users u set deactivated_at = now(), updated_at = now()
 where u.kind = 'bot' and u.deactivated_at is null and not exists (select from bots b where b.user_id = u.id);
