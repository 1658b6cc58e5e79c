//! `auth import-users`.

use std::io::Write;
use std::process::{Command, Output};

use colink_events::Topic;
use colink_events::users::{UserRegistered, UserVerified};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Person, World};
use crate::operator::{command, said};

fn import(world: &World, lines: &[String]) -> Output {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    command(world, "import-users").arg(file.path()).output().unwrap()
}

fn line(person: &Person, hash: &str) -> Value {
    json!({
        "email": person.email, "username": person.username, "display_name": "Ada Lovelace", "password_hash": hash,
        "email_verified": true,
    })
}

async fn stored_hash(world: &World, person: &Person) -> String {
    sqlx::query_scalar("select password_hash from users where username = $1")
        .bind(&person.username)
        .fetch_one(world.database())
        .await
        .unwrap()
}

/// bcrypt hashes in all their spellings sign in, are argon2id afterwards, and sign in again; a wrong password does
/// neither.
#[tokio::test]
async fn imported_accounts_sign_in_and_get_a_hash_of_today() {
    let world = World::start().await;
    let bcrypt = bcrypt::hash(PASSWORD, 4).unwrap();
    let people = ["a", "b", "y"]
        .map(|letter| (world.stranger("imported"), bcrypt.replacen("$2b", &format!("$2{letter}"), 1)));
    let lines: Vec<String> = people.iter().map(|(person, hash)| line(person, hash).to_string()).collect();
    let output = import(&world, &lines);
    assert!(
        output.status.success() && said(&output).contains("3 imported, 0 there before, 0 refused"),
        "{}",
        said(&output)
    );

    for (person, hash) in &people {
        world.try_login(&person.email, "Wr0ng!password").await.expect(401);
        assert_eq!(stored_hash(&world, person).await, *hash);
        world.login(person).await;
        assert!(stored_hash(&world, person).await.starts_with("$argon2id$v=19$m=256,t=1,p=1$"));
        world.try_login(&person.email, "Wr0ng!password").await.expect(401);
        world.login(person).await;
    }
    let mut users = world.stage.probe(Topic::Users).await;
    let (person, _) = &people[0];
    let registered = users.await_event::<UserRegistered>(|event| event.0.username == person.username).await.0;
    users.await_event::<UserVerified>(|event| event.user_id == registered.0.user_id).await;
}

/// run again the file changes nothing; lines with mistakes are named, and the others are taken.
#[tokio::test]
async fn a_file_can_be_run_again() {
    let world = World::start().await;
    let (ada, bob, carol) = (world.stranger("ada"), world.stranger("bob"), world.member("carol").await);
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let mut squatter = world.stranger("dave");
    squatter.username.clone_from(&carol.username);
    let mut unproven = line(&world.stranger("eve"), &hash);
    unproven["email_verified"] = json!(false);
    let mut twin = line(&ada, &bcrypt::hash("An0ther!password", 4).unwrap());
    twin["email"] = json!(ada.email.to_uppercase());
    twin["username"] = json!(format!("{}x", bob.username));
    let lines = [
        line(&ada, &hash).to_string(),
        "{".to_owned(),
        line(&squatter, &hash).to_string(),
        String::new(),
        unproven.to_string(),
        line(&world.stranger("frank"), "geheim").to_string(),
        line(&carol, &hash).to_string(),
        twin.to_string(),
        line(&bob, &hash).to_string(),
    ];
    let first = import(&world, &lines);
    assert_eq!(first.status.code(), Some(1));
    let told = said(&first);
    assert!(told.contains("2 imported, 2 there before, 4 refused"), "{told}");
    for expected in
        ["line 2: ", "line 3: username: is taken", "line 5: email_verified", "line 6: password_hash"]
    {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!told.contains("geheim") && !told.contains(&hash), "{told}");
    assert!(said(&import(&world, &lines)).contains("0 imported, 4 there before, 4 refused"));
    for person in [&ada, &bob, &carol] {
        world.login(person).await;
    }
}

/// an account that came without a password sets one by mail.
#[tokio::test]
async fn an_account_without_a_password_sets_one_by_mail() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    let body = json!({"email": ada.email, "username": ada.username, "email_verified": true});
    assert!(import(&world, &[body.to_string()]).status.success());
    world.try_login(&ada.email, &ada.password).await.expect(401);
    world.anonymous().post("/auth/forgot-password", &json!({"email": ada.email})).await.expect(200);
    let token = world.mailbox.await_mail(&ada.email, "Set a new password").await.token();
    let body = json!({"token": token, "new_password": ada.password});
    world.anonymous().post("/auth/reset-password", &body).await.expect(200);
    world.login(&ada).await;
}

/// A file that is not there.
#[tokio::test]
async fn a_missing_file_is_an_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_auth"))
        .args(["import-users", "/nowhere/users.jsonl"])
        .env("COLINK__SECRETS__KEYS", colink_test::SEALING_KEYS)
        .env("COLINK__INTERNAL__SECRET", colink_test::INTERNAL_SECRET)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("importing users failed"), "{}", said(&output));
}
