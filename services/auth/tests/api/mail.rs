//! Mail: what it looks like, and what happens while it cannot leave.

use std::time::Duration;

use colink_test::{SOON, eventually};
use serde_json::Value;

use crate::harness::{World, clock, settings};
use crate::smtp::{Line, Scripted};

/// One row of the queue: state, attempts, class and text of the last failure.
type Row = (String, i32, Option<String>, Option<String>);

async fn mails(world: &World) -> Vec<Row> {
    let rows = sqlx::query_as(
        "select state, attempts, error_class, error from jobs where kind = 'send_mail' order by id",
    );
    rows.fetch_all(world.database()).await.unwrap()
}

/// The value of a metric without labels of its own, or with these.
async fn metric(world: &World, name: &str, labels: &str) -> f64 {
    let answer = world.anonymous().get("/metrics").await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{")) && line.contains(labels));
    line.and_then(|line| line.rsplit(' ').next()).map_or(-1.0, |value| value.parse().unwrap())
}

/// text and HTML that say the same, marked as written by a program, named by our domain.
#[tokio::test]
async fn a_mail_has_both_parts_and_the_right_headers() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    world.register(&ada).await.expect(201);
    let mail = world.verification_mail(&ada).await;
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("Hello Ada Lovelace,") && part.contains(&ada.username), "{part}");
        assert!(part.contains(&format!("https://chat.example.test/verify-email#token={}", mail.token())));
    }
    assert!(mail.html.starts_with("<!doctype html>") && mail.html.contains("prefers-color-scheme: dark"));
    let id: sqlx::types::Uuid = sqlx::query_scalar("select id from jobs where kind = 'send_mail'")
        .fetch_one(world.database())
        .await
        .unwrap();
    let has = |header: &str| mail.raw.lines().any(|line| line.eq_ignore_ascii_case(header));
    assert!(has("Auto-Submitted: auto-generated"), "{}", mail.raw);
    let name = mail.raw.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
    assert!(name.starts_with(&format!("<{id}.")) && name.ends_with("@colink.local>"), "{name}");
    assert!(has("From: CoLink <no-reply@colink.local>") && mail.raw.contains("multipart/alternative"));
}

/// a queued mail knows the request that caused it, and holds neither address nor token.
#[tokio::test]
async fn the_queue_knows_the_request_and_no_address() {
    let line = Line::cut_off().await;
    let world = World::with(settings().set("mail.smtp_url", line.url())).await;
    let ada = world.stranger("ada");
    let request = world.anonymous().request(reqwest::Method::POST, "/auth/register");
    let request = request.header("x-request-id", "reg-1").header("x-forwarded-for", "203.0.113.9");
    request.json(&ada.registration()).send().await.expect(201);
    let (whole, cause): (String, Value) =
        sqlx::query_as("select j::text, cause from jobs j where kind = 'send_mail'")
            .fetch_one(world.database())
            .await
            .unwrap();
    assert!(!whole.contains('@') && !whole.contains(&ada.email), "{whole}");
    assert_eq!((&cause["request_id"], &cause["actor"]["ip"]), (&"reg-1".into(), &"203.0.113.9".into()));
    line.mend();
    world.verification_mail(&ada).await;
}

/// while the server is away the queue rests after a few failures, no mail loses its attempts, a probe finds the server
/// again, and everything is sent.
#[tokio::test]
async fn an_outage_opens_the_circuit_and_loses_no_mail() {
    let (line, clock) = (Line::cut_off().await, clock());
    let settings = settings().set("mail.smtp_url", line.url()).set("mail.circuit_failures", 2);
    let world = World::with(settings.clock(clock.clone())).await;
    let people: Vec<_> = (0..12).map(|number| world.stranger(&format!("p{number}"))).collect();
    for person in &people {
        world.register(person).await.expect(201);
    }
    eventually("the circuit is open", SOON, async || {
        (metric(&world, "auth_mail_circuit", "").await == 2.0).then_some(())
    })
    .await;
    let attempts = |rows: &[Row]| rows.iter().map(|row| row.1).sum::<i32>();
    // At most as many as were under way together.
    let rows = eventually("nothing is under way", SOON, async || {
        Some(mails(&world).await).filter(|rows| rows.iter().all(|row| row.0 == "waiting"))
    })
    .await;
    let tried = attempts(&rows);
    assert!((2..=5).contains(&tried), "{rows:?}");
    assert!(rows.iter().any(|row| row.2.as_deref() == Some("unreachable")));

    // A probe at the end of the rest fails: one attempt, and a longer rest.
    clock.advance(Duration::from_secs(10));
    eventually("a probe", SOON, async || (attempts(&mails(&world).await) == tried + 1).then_some(())).await;
    eventually("open again", SOON, async || {
        (metric(&world, "auth_mail_circuit", "").await == 2.0).then_some(())
    })
    .await;

    line.mend();
    for person in &people {
        eventually("the mail", SOON, async || {
            clock.advance(Duration::from_secs(20));
            let mails = world.mailbox.list(&person.email).await;
            (mails.len() == 1).then_some(())
        })
        .await;
    }
    assert_eq!(metric(&world, "auth_mail_circuit", "").await, 0.0);
    eventually("all is noted", SOON, async || {
        mails(&world).await.iter().all(|row| row.0 == "done").then_some(())
    })
    .await;
}

/// a mail that the server will never take is a dead job at once; its error does not repeat the address, and the circuit
/// stays closed.
#[tokio::test]
async fn a_refused_mail_is_a_dead_job() {
    let server = Scripted::start(&[("RCPT", "550 5.1.1 <somebody@example.test> is unknown")]).await;
    let url = format!("smtp://{}", server.address());
    let world = World::with(settings().set("mail.smtp_url", url)).await;
    for name in ["ada", "ben", "cleo", "dave"] {
        world.register(&world.stranger(name)).await.expect(201);
    }
    let rows = eventually("four dead mails", SOON, async || {
        Some(mails(&world).await).filter(|rows| rows.iter().filter(|row| row.0 == "dead").count() == 4)
    })
    .await;
    for (_, attempts, class, error) in rows {
        assert_eq!((attempts, class.as_deref()), (1, Some("refused")));
        assert_eq!(error.as_deref(), Some("refused for good: status 550"));
    }
    assert_eq!(metric(&world, "auth_mails_total", "given_up").await, 4.0);
    assert_eq!(metric(&world, "auth_mail_circuit", "").await, 0.0);
}

/// "not now" is tried again.
#[tokio::test]
async fn a_deferred_mail_waits_for_its_next_attempt() {
    let server = Scripted::start(&[("RCPT", "451 try again")]).await;
    let url = format!("smtp://{}", server.address());
    let world = World::with(settings().set("mail.smtp_url", url)).await;
    world.register(&world.stranger("ada")).await.expect(201);
    eventually("a deferred mail", SOON, async || {
        let rows = mails(&world).await;
        (rows[0].0 == "waiting" && rows[0].2.as_deref() == Some("deferred")).then_some(())
    })
    .await;
}

/// where TLS is demanded, a server (or somebody in between) that does not offer it gets no mail, and no mail is lost
/// for it.
#[tokio::test]
async fn no_mail_leaves_without_the_tls_that_is_demanded() {
    let server = Scripted::start(&[]).await;
    let url = format!("smtp://{}?tls=required", server.address());
    let world = World::with(settings().set("mail.smtp_url", url)).await;
    world.register(&world.stranger("ada")).await.expect(201);
    eventually("a failed mail", SOON, async || {
        let rows = mails(&world).await;
        (rows[0].0 == "waiting" && rows[0].2.as_deref() == Some("unreachable")).then_some(())
    })
    .await;
    assert!(server.heard("EHLO") > 0);
    assert_eq!(server.heard("MAIL"), 0);
}

/// wrong credentials are no reason to give mails up.
#[tokio::test]
async fn a_server_that_does_not_know_us_costs_no_mail() {
    let server = Scripted::start(&[("MAIL", "530 authenticate first")]).await;
    let url = format!("smtp://{}", server.address());
    let world = World::with(settings().set("mail.smtp_url", url).set("mail.circuit_failures", 1)).await;
    world.register(&world.stranger("ada")).await.expect(201);
    eventually("the circuit is open", SOON, async || {
        (metric(&world, "auth_mail_circuit", "").await == 2.0).then_some(())
    })
    .await;
    let rows = mails(&world).await;
    assert_eq!((rows[0].0.as_str(), rows[0].2.as_deref()), ("waiting", Some("unreachable")));
}
