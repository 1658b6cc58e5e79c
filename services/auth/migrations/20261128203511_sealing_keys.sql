-- The id of the key that sealed an envelope (colink-secrets: layout, length of the id, id, …); empty for what is none.
create function sealing_key(envelope bytea) returns bytea
    language sql immutable parallel safe
    return case when length(envelope) < 2 then ''::bytea
                else substring(envelope from 3 for get_byte(envelope, 1)) end;

-- After a change of the key, what older ones sealed is found without reading the rest.
create index signing_keys_sealing_key on signing_keys (sealing_key(sealed_seed));
create index oidc_providers_sealing_key on oidc_providers (sealing_key(sealed_client_secret));
create index totp_secrets_sealing_key on totp_secrets (sealing_key(sealed_secret));
