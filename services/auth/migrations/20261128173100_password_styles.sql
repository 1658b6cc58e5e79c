-- How passwords are hashed (A-3): a refused password takes as long as the slowest hash there is. The expression is that of
-- store/password_styles.rs.
create index users_password_style
    on users ((substring(password_hash from '^([$]2[aby][$][0-9]{2}|[$]argon2id[$][^$]*[$][^$]*)[$]')))
    where password_hash is not null;
