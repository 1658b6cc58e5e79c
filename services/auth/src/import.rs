//! `import-users`: takes over the accounts of another system, with their password hashes (A-2).
//!
//! The file has one JSON object a line, see [`Line`]. Each line is a transaction of its own and each address is taken once,
//! so a run that was cut short, or a file with mistakes that were mended, is simply run again: what is there stays as it
//! is. The running service publishes the events.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use colink_bus::outbox;
use colink_core::clock::{Clock, SystemClock};
use colink_core::error::Invalid;
use colink_core::id::UserId;
use colink_core::text::{DisplayName, Email, Username};
use colink_events::Cause;
use colink_events::users::{UserRegistered, UserVerified};
use colink_runtime::StartError;
use colink_store::postgres;
use serde::Deserialize;
use sqlx::PgPool;

use crate::config::Config;
use crate::domain::foreign_hash;
use crate::error::AuthError;
use crate::store::users::NewUser;
use crate::store::{usernames, users};

/// The name of the command.
pub(crate) const NAME: &str = "import-users";

/// One account of the other system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    email: String,
    username: String,
    /// The username where there is none.
    display_name: Option<String>,
    /// bcrypt or argon2id; without one the owner signs in by other means, or sets a password by mail.
    password_hash: Option<String>,
    /// Whether the other system has proven the address. Only such accounts are taken over: the owners of the others
    /// register.
    email_verified: bool,
}

/// A line that can be taken over.
struct Account {
    email: Email,
    username: Username,
    display_name: DisplayName,
    password_hash: Option<String>,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Imported,
    /// The address has an account.
    Known,
    /// Somebody else has the username.
    NameTaken,
}

/// What became of the file.
#[derive(Debug, Default)]
struct Report {
    imported: usize,
    known: usize,
    /// Line number, and what is wrong with it.
    refused: Vec<(usize, String)>,
}

/// Some lines were refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// The command.
pub(crate) async fn command(config: &Config, file: &Path) -> Result<String, StartError> {
    let failed = "importing users";
    let lines = File::open(file).map_err(StartError::running(failed))?;
    let pool = postgres::connect(&config.postgres, "auth").await?;
    let report = run(&pool, BufReader::new(lines)).await.map_err(StartError::running(failed));
    pool.close().await;
    let report = report?;
    let text = report.render();
    if report.refused.is_empty() { Ok(text) } else { Err(StartError::running(failed)(Refused(text))) }
}

async fn run(pool: &PgPool, lines: impl BufRead + Send) -> Result<Report, ImportError> {
    let mut report = Report::default();
    for (index, line) in lines.lines().enumerate() {
        let (number, line) = (index + 1, line?);
        if line.trim().is_empty() {
            continue;
        }
        let account = match read(&line) {
            Ok(account) => account,
            Err(problem) => {
                report.refused.push((number, problem));
                continue;
            }
        };
        match import(pool, &account, &SystemClock).await? {
            Fate::Imported => report.imported += 1,
            Fate::Known => report.known += 1,
            Fate::NameTaken => report.refused.push((number, "username: is taken".to_owned())),
        }
    }
    Ok(report)
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
enum ImportError {
    /// The file cannot be read to its end.
    #[error("the file cannot be read")]
    File(#[from] std::io::Error),
    /// The database refused.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The account of a line, or everything that is wrong with it.
fn read(line: &str) -> Result<Account, String> {
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let email = Email::parse(&line.email).map_err(named("email"));
    let username = Username::parse(&line.username).map_err(named("username"));
    let name = line.display_name.as_deref().unwrap_or(&line.username);
    let display_name = DisplayName::parse(name).map_err(named("display_name"));
    let password_hash = line.password_hash.as_deref().map(foreign_hash::parse).transpose();
    let password_hash = password_hash.map_err(named("password_hash"));
    let proven = if line.email_verified { Ok(()) } else { Err("email_verified: must be true".to_owned()) };
    match (email, username, display_name, password_hash, proven) {
        (Ok(email), Ok(username), Ok(display_name), Ok(password_hash), Ok(())) => {
            Ok(Account { email, username, display_name, password_hash })
        }
        (email, username, display_name, password_hash, proven) => {
            let problems =
                [email.err(), username.err(), display_name.err(), password_hash.err(), proven.err()];
            Err(problems.into_iter().flatten().collect::<Vec<_>>().join("; "))
        }
    }
}

fn named(field: &'static str) -> impl FnOnce(Invalid) -> String {
    move |reason| format!("{field}: {}", reason.message())
}

async fn import(pool: &PgPool, account: &Account, clock: &dyn Clock) -> Result<Fate, AuthError> {
    let (now, id) = (clock.now(), UserId::generate(clock));
    let mut transaction = pool.begin().await?;
    if users::find_by_email(&mut *transaction, &account.email).await?.is_some() {
        return Ok(Fate::Known);
    }
    if !usernames::insert(&mut transaction, &account.username).await? {
        return Ok(Fate::NameTaken);
    }
    let new = NewUser {
        id,
        email: &account.email,
        username: &account.username,
        display_name: account.display_name.as_str(),
        password_hash: account.password_hash.as_deref(),
        is_proven: true,
        now,
    };
    // Somebody registered with the address at this moment.
    let Some(user) = users::insert(&mut transaction, &new).await? else { return Ok(Fate::Known) };
    let cause = Cause::default();
    outbox::enqueue(&mut transaction, &UserRegistered(user.payload(now.into())), &cause, clock).await?;
    let verified = UserVerified { user_id: id, at: now.into() };
    outbox::enqueue(&mut transaction, &verified, &cause, clock).await?;
    transaction.commit().await?;
    Ok(Fate::Imported)
}

impl Report {
    fn render(&self) -> String {
        let Self { imported, known, refused } = self;
        let mut text = format!("{imported} imported, {known} there before, {} refused", refused.len());
        for (number, problem) in refused {
            text.push_str(&format!("\nline {number}: {problem}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A-2: everything that is wrong with a line is said at once, and no secret is repeated.
    #[test]
    fn a_bad_line_says_everything() {
        let good = r#"{"email":"ada@example.com","username":"ada","email_verified":true}"#;
        assert_eq!(read(good).unwrap().display_name.as_str(), "ada");
        let bad = r#"{"email":"ada","username":"a","display_name":"","password_hash":"geheim","email_verified":false}"#;
        let problems = read(bad).err().unwrap();
        for field in ["email: ", "username: ", "display_name: ", "password_hash: ", "email_verified: "] {
            assert!(problems.contains(field), "{problems}");
        }
        assert!(!problems.contains("geheim"));
        for line in ["", "{}", "[]", r#"{"email":"ada@example.com","username":"ada"}"#] {
            assert!(read(line).is_err(), "{line}");
        }
        let unknown = r#"{"email":"ada@example.com","username":"ada","email_verified":true,"admin":true}"#;
        assert!(read(unknown).err().unwrap().contains("admin"));
    }

    #[test]
    fn a_report_lists_the_refused_lines() {
        let refused = vec![(7, "username: is taken".to_owned())];
        let report = Report { imported: 2, known: 1, refused };
        assert_eq!(report.render(), "2 imported, 1 there before, 1 refused\nline 7: username: is taken");
    }
}
