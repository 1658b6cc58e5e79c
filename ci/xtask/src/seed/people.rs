//! Accounts: register, verify the address by mail, log in.

use serde_json::json;

use super::api::{Api, Reply, text};
use super::{PASSWORD, Person, mailbox};
use crate::failure::{Failure, Outcome};

/// A demo user who is logged in.
#[derive(Debug)]
pub(super) struct User {
    /// Acts as this user.
    pub(super) api: Api,
    /// His id.
    pub(super) id: String,
}

/// Logs in, after registering and verifying where that was not done yet.
pub(super) fn log_in(gateway: &str, mail_api: &str, person: &Person) -> Outcome<User> {
    let api = Api::anonymous(gateway);
    let mut session = session(&api, person)?;
    if session.status == 401 {
        register(&api, person)?;
        verify(&api, mail_api, person)?;
        session = self::session(&api, person)?;
    }
    let data = session.expect(&format!("log {} in (did someone change the password?)", person.username))?;
    Ok(User { api: api.with_token(&text(&data, "/access_token")?), id: text(&data, "/user/id")? })
}

fn session(api: &Api, person: &Person) -> Outcome<Reply> {
    api.post("/auth/login", &json!({ "email": person.email, "password": PASSWORD }))
}

fn register(api: &Api, person: &Person) -> Outcome<()> {
    let body = json!({
        "email": person.email,
        "username": person.username,
        "display_name": person.display_name,
        "password": PASSWORD,
    });
    let reply = api.post("/auth/register", &body)?;
    if reply.status == 409 {
        // The address was never verified, because an earlier run was cut short; else the password is another one, no mail
        // comes, and the wait for it says so.
        let again = json!({ "email": person.email });
        return api.post("/auth/resend-verification", &again)?.expect("ask for the mail again").map(|_| ());
    }
    reply.expect(&format!("register {}", person.username)).map(|_| ())
}

fn verify(api: &Api, mail_api: &str, person: &Person) -> Outcome<()> {
    let token = mailbox::await_token(mail_api, person.email).map_err(|error| {
        Failure::new(format!(
            "{error} (does {} exist with another password? `cargo xtask reset` starts afresh)",
            person.username
        ))
    })?;
    let proof = json!({ "token": token, "password": PASSWORD });
    api.post("/auth/verify-email", &proof)?.expect("verify an address").map(|_| ())
}
