//! Demo data, made through the public API as a user would make it. Running it again changes nothing.

mod api;
mod content;
mod mailbox;
mod people;
mod rooms;

use crate::env_file;
use crate::failure::Outcome;
use crate::fleet::ADMIN_EMAIL;
use crate::ports::Port;
use crate::step::Step;
use crate::stores::{self, Site};

/// The password of every demo user. The fleet listens on the loopback address only.
pub(crate) const PASSWORD: &str = "Welcome-to-the-team-1!";

/// Someone who tries the product.
struct Person {
    email: &'static str,
    username: &'static str,
    display_name: &'static str,
    what: &'static str,
}

/// The first one is the realm admin and owns the workspace.
const PEOPLE: &[Person] = &[
    Person {
        email: ADMIN_EMAIL,
        username: "ada",
        display_name: "Ada Lovelace",
        what: "realm admin, workspace owner",
    },
    Person {
        email: "grace@demo.example",
        username: "grace",
        display_name: "Grace Hopper",
        what: "workspace admin",
    },
    Person { email: "alan@demo.example", username: "alan", display_name: "Alan Turing", what: "member" },
    Person {
        email: "edsger@demo.example",
        username: "edsger",
        display_name: "Edsger Dijkstra",
        what: "member",
    },
    Person {
        email: "barbara@demo.example",
        username: "barbara",
        display_name: "Barbara Liskov",
        what: "member",
    },
];

/// Address and role of each demo user.
pub(crate) fn logins() -> impl Iterator<Item = (&'static str, &'static str)> {
    PEOPLE.iter().map(|person| (person.email, person.what))
}

/// Makes what is missing.
pub(crate) fn run(site: &Site) -> Outcome<()> {
    let step = Step::begin("demo data");
    let settings = stores::settings(site.ports);
    let mail_api = env_file::lookup(&settings, "COLINK_MAIL_API_URL").unwrap_or_default();
    let gateway = site.ports.http(Port::Gateway);
    let users = PEOPLE
        .iter()
        .map(|person| people::log_in(&gateway, mail_api, person))
        .collect::<Outcome<Vec<_>>>()?;
    let rooms = rooms::furnish(&users)?;
    let messages = content::talk(&users, &rooms)?;
    step.done(&format!("{} users, {} channels, {messages} messages", users.len(), rooms.len()));
    Ok(())
}
