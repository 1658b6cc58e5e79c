//! `POST /auth/register`.

use colink_events::Topic;
use colink_events::users::UserRegistered;
use colink_test::Answer;
use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, World, refuses_malformed, refuses_values, settings};

/// an account, a hash, a mail in text and HTML, an event without the address.
#[tokio::test]
async fn a_registration_creates_an_account_and_sends_a_link() {
    let world = World::start().await;
    let mut users = world.stage.probe(Topic::Users).await;
    let ada = world.stranger("ada");
    let answer = world.register(&ada).await.expect(201);
    assert_eq!(answer.value("/status"), json!("verification_sent"));
    assert_eq!(answer.text("/registration_secret").len(), 43);
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let (hash, roles, verified): (String, Vec<String>, bool) = sqlx::query_as(
        "select password_hash, realm_roles, email_verified_at is not null from users where username = $1",
    )
    .bind(&ada.username)
    .fetch_one(world.database())
    .await
    .unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains(PASSWORD));
    assert_eq!((roles, verified), (vec!["user".to_owned()], false));

    let mail = world.verification_mail(&ada).await;
    assert_eq!(mail.link(), format!("https://chat.example.test/verify-email#token={}", mail.token()));
    assert!(mail.html.contains(&mail.token()));
    let (event, envelope) =
        users.await_event::<UserRegistered>(|event| event.0.username == ada.username).await;
    assert_eq!((event.0.version, event.0.display_name.as_str()), (1, "Ada Lovelace"));
    assert!(!String::from_utf8(envelope.to_bytes().unwrap().to_vec()).unwrap().contains('@'));
}

/// the token of the link is nowhere in clear.
#[tokio::test]
async fn only_the_hash_of_a_token_is_stored() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    world.register(&ada).await.expect(201);
    let token = world.verification_mail(&ada).await.token();
    let stored: Vec<u8> =
        sqlx::query_scalar("select token_hash from email_tokens").fetch_one(world.database()).await.unwrap();
    assert_eq!(stored.len(), 32);
    assert_ne!(stored, token.as_bytes());
    let dump: String = sqlx::query_scalar("select coalesce(string_agg(j::text, ''), '') from jobs j")
        .fetch_one(world.database())
        .await
        .unwrap();
    assert!(!dump.contains(&token));
}

/// a known address gets the same answer, and its owner another mail; nothing changes.
#[tokio::test]
async fn a_known_address_gets_the_same_answer_and_another_mail() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let mut again = world.stranger("eve");
    again.email.clone_from(&ada.email);
    again.password = "An0ther!password".to_owned();
    let known = world.register(&again).await.expect(201);
    let unknown = world.register(&world.stranger("bob")).await.expect(201);
    let shape = |answer: &Answer| {
        let keys: Vec<String> = answer.value("").as_object().unwrap().keys().cloned().collect();
        (answer.text("/status"), answer.text("/registration_secret").len(), keys)
    };
    assert_eq!(shape(&known), shape(&unknown));

    let mail = world.mailbox.await_mail(&ada.email, "You already have an account").await;
    assert!(!mail.text.contains("token="));
    assert_eq!(world.count("select count(*) from users where email_normalised = $1", &ada.email).await, 1);
    world.try_login(&ada.email, &again.password).await.expect(401);
    world.login(&ada).await;
}

/// whether a name is free afterwards tells nothing about the address.
#[tokio::test]
async fn a_name_is_taken_whether_the_address_was_known_or_not() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let mut probe = world.stranger("eve");
    probe.email.clone_from(&ada.email);
    world.register(&probe).await.expect(201);
    let mut second = world.stranger("eve2");
    second.username.clone_from(&probe.username);
    let answer = world.register(&second).await.expect(409);
    assert_eq!(
        (answer.error_code().as_str(), answer.error_fields()),
        ("ALREADY_EXISTS", vec!["username".to_owned()])
    );

    let mut third = world.stranger("bob");
    third.username = ada.username.to_uppercase();
    world.register(&third).await.expect(409);
}

/// capitals and compatibility forms of an address are the same address, and mail goes to the one that was
/// registered, not to the one that was typed.
#[tokio::test]
async fn look_alikes_of_an_address_are_one_address() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let wide: String = ada.email.replacen('a', "\u{ff41}", 1);
    for email in [ada.email.to_uppercase(), format!("  {}  ", ada.email), wide.clone()] {
        let mut twin = world.stranger("twin");
        twin.email = email.clone();
        world.register(&twin).await.expect(201);
        assert_eq!(
            world.count("select count(*) from users where username = $1", &twin.username).await,
            0,
            "{email}"
        );
        world.try_login(&email, PASSWORD).await.expect(200);
    }
    world.mailbox.await_mail(&ada.email, "You already have an account").await;
    assert!(world.mailbox.list(&wide).await.is_empty());

    // A letter of another script is another mailbox, and so another address.
    let mut cyrillic = world.stranger("cyrillic");
    cyrillic.email = ada.email.replacen('a', "\u{430}", 1);
    world.register(&cyrillic).await.expect(201);
    assert_eq!(world.count("select count(*) from users where username = $1", &cyrillic.username).await, 1);
}

/// many at once with one address make one account.
#[tokio::test]
async fn simultaneous_registrations_make_one_account() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (client, mut body) = (world.anonymous(), ada.registration());
        body["username"] = json!(format!("{}-{number}", ada.username));
        waiting.spawn(async move { client.post("/auth/register", &body).await });
    }
    for answer in waiting.join_all().await {
        answer.expect(201);
    }
    assert_eq!(world.count("select count(*) from users where email_normalised = $1", &ada.email).await, 1);
}

/// every bad field at once, every bound.
#[tokio::test]
async fn bad_values_are_listed() {
    let world = World::start().await;
    let client = world.anonymous();
    let path = "/auth/register";
    refuses_malformed(&client, Method::POST, path, "email").await;
    refuses_values(&client, path, json!({}), &["email", "username", "display_name", "password"]).await;
    let good = world.stranger("ada").registration();
    let cases: &[(&str, &[&str])] = &[
        (
            "email",
            &["ada", "ada@", "@example.test", "a b@example.test", "ada@example", "ada@exa\u{1}mple.test"],
        ),
        ("username", &["ab", "a234567890123456789012345678901234", "ада", "a b c", "everyone", ".ada"]),
        ("display_name", &["", "   ", "\u{202e}ada", "a\nb"]),
        ("password", &["Sh0rt!a", "nocapital1!", "NoDigits!!", "N0Specials", "P@ssw0rd", "Welcome123!"]),
    ];
    for (field, values) in cases {
        for value in *values {
            let mut body = good.clone();
            body[*field] = json!(value);
            refuses_values(&client, path, body, &[field]).await;
        }
    }
    for (field, value) in [("display_name", "x".repeat(81)), ("password", format!("A1!{}", "x".repeat(126)))]
    {
        let mut body = good.clone();
        body[field] = json!(value);
        refuses_values(&client, path, body, &[field]).await;
    }
    assert_eq!(world.count("select count(*) from users where $1 <> ''", "x").await, 0);
}

/// a password names neither its owner nor the product; everything that is wrong is said, field by field.
#[tokio::test]
async fn a_password_does_not_name_its_owner() {
    let world = World::start().await;
    let (client, ada) = (world.anonymous(), world.stranger("ada"));
    let local = ada.email.split('@').next().unwrap().to_uppercase();
    for password in [format!("A1!{}", ada.username), format!("a1!{local}"), "In-CoLink-1815".to_owned()] {
        let mut body = ada.registration();
        body["password"] = json!(password);
        refuses_values(&client, "/auth/register", body, &["password"]).await;
    }
    let mut body = ada.registration();
    body["password"] = json!("colink");
    let answer = client.post("/auth/register", &body).await.expect(400);
    let told = answer.json()["error"]["details"][0]["message"].as_str().unwrap().to_owned();
    for part in
        ["at least 8 characters", "an upper case letter", "a digit", "a special character", "this product"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
}

/// the NIST style asks for length alone, and refuses common passwords all the same.
#[tokio::test]
async fn the_style_is_configured() {
    let world = World::with(settings().set("passwords.style", "nist").set("passwords.max_length", 64)).await;
    let client = world.anonymous();
    let with = |password: String| {
        let mut body = world.stranger("ada").registration();
        body["password"] = json!(password);
        body
    };
    let long = "all small letters, and long enough ".repeat(2);
    for refused in ["fourteen chars".to_owned(), "1234567890qwertyuiop".to_owned(), long[..65].to_owned()] {
        refuses_values(&client, "/auth/register", with(refused), &["password"]).await;
    }
    for taken in ["fifteen letters".to_owned(), long[..64].to_owned()] {
        client.post("/auth/register", &with(taken)).await.expect(201);
    }
}

/// one client cannot register without end.
#[tokio::test]
async fn registrations_of_a_client_are_limited() {
    let world = World::with(settings().set("limits.register_per_ip_per_minute", 2)).await;
    world.register(&world.stranger("a")).await.expect(201);
    world.register(&world.stranger("b")).await.expect(201);
    let answer = world.register(&world.stranger("c")).await.expect(429);
    assert_eq!(answer.error_code(), "RATE_LIMITED");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let other = world.anonymous().with_header("x-forwarded-for", "203.0.113.77");
    other.post("/auth/register", &world.stranger("d").registration()).await.expect(201);
}
