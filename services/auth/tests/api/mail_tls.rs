//! Mail over TLS, with an authority of the operator's own.

use std::time::Duration;

use colink_test::{SOON, Settings, eventually};

use crate::authority::Authority;
use crate::harness::{World, clock, settings};
use crate::smtp::{Begins, Scripted};

/// What a server says that wants to know who sends.
const SIGN_IN: &[(&str, &str)] = &[("EHLO", "250-test\r\n250 AUTH PLAIN"), ("AUTH", "235 welcome")];
const NAME: &str = "127.0.0.1";

fn url(server: &Scripted, begins: Begins) -> String {
    match begins {
        Begins::AtOnce => format!("smtps://ada:Sm-tp-secret@{}", server.address()),
        Begins::WithStartTls => format!("smtp://ada:Sm-tp-secret@{}?tls=required", server.address()),
    }
}

/// State, attempts and class of the last failure of the only mail.
async fn mail(world: &World) -> (String, i32, Option<String>) {
    sqlx::query_as("select state, attempts, error_class from jobs where kind = 'send_mail'")
        .fetch_one(world.database())
        .await
        .unwrap()
}

async fn is_sent(world: &World, server: &Scripted, address: &str) {
    eventually("the mail has left", SOON, async || (mail(world).await.0 == "done").then_some(())).await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains(&format!("To: {address}")) && mails[0].contains("verify-email#token="));
    for word in ["AUTH", "MAIL", "RCPT", "DATA"] {
        assert_eq!((server.heard_in_clear(word), server.heard_in_tls(word)), (0, 1), "{word}");
    }
}

/// The mail waits after the server was refused, which heard nothing that is anybody's business.
async fn is_kept(world: &World, server: &Scripted) {
    let row = eventually("the mail could not leave", SOON, async || {
        Some(mail(world).await).filter(|row| row.0 == "waiting" && row.2.is_some())
    })
    .await;
    assert_eq!((row.1, row.2.as_deref()), (1, Some("unreachable")));
    eventually("the circuit is open", SOON, async || {
        let metrics = world.anonymous().get("/metrics").await;
        let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
        let is_open = |line: &str| line.starts_with("auth_mail_circuit{") && line.ends_with(" 2");
        metrics.lines().any(is_open).then_some(())
    })
    .await;
    for word in ["AUTH", "MAIL", "RCPT", "DATA"] {
        assert_eq!(server.heard(word), 0, "{word}");
    }
    assert!(server.mails().is_empty());
}

fn cautious(url: String) -> Settings {
    settings().set("mail.smtp_url", url).set("mail.circuit_failures", 1)
}

/// with the certificate of one's own authority mail leaves over `smtps://` and over STARTTLS; names, password and mail
/// travel in TLS alone.
#[tokio::test]
async fn mail_leaves_over_tls_that_an_own_authority_vouches_for() {
    let authority = Authority::new();
    for begins in [Begins::AtOnce, Begins::WithStartTls] {
        let server = Scripted::with_tls(SIGN_IN, begins, authority.server(NAME)).await;
        let settings = cautious(url(&server, begins)).set("mail.ca_file", authority.file());
        let world = World::with(settings).await;
        let ada = world.stranger("ada");
        world.register(&ada).await.expect(201);
        is_sent(&world, &server, &ada.email).await;
        // Before TLS a server learns that a client is there.
        let in_clear = if begins == Begins::AtOnce { (0, 0) } else { (1, 1) };
        assert_eq!((server.heard_in_clear("EHLO"), server.heard_in_clear("")), (in_clear.0, 2 * in_clear.1));
    }
}

/// a server that nobody vouches for gets neither password nor mail, also not in clear. The mail is kept, and leaves
/// when the authority is named.
#[tokio::test]
async fn a_server_that_is_not_trusted_gets_nothing_and_the_mail_is_kept() {
    let authority = Authority::new();
    for begins in [Begins::AtOnce, Begins::WithStartTls] {
        let server = Scripted::with_tls(SIGN_IN, begins, authority.server(NAME)).await;
        let clock = clock();
        let mut world = World::with(cautious(url(&server, begins)).clock(clock.clone())).await;
        let ada = world.stranger("ada");
        world.register(&ada).await.expect(201);
        is_kept(&world, &server).await;

        world.service.stop().await;
        world.service.change("mail.ca_file", authority.file());
        clock.advance(Duration::from_secs(60));
        world.service.restart().await;
        is_sent(&world, &server, &ada.email).await;
    }
}

/// an own authority is trusted for the name in its certificate and no other, and besides it no stranger is.
#[tokio::test]
async fn a_certificate_of_another_name_or_authority_is_not_trusted() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for acceptor in [authority.server("mail.example.test"), stranger.server(NAME)] {
        let server = Scripted::with_tls(SIGN_IN, Begins::AtOnce, acceptor).await;
        let settings = cautious(url(&server, Begins::AtOnce)).set("mail.ca_file", authority.file());
        let world = World::with(settings).await;
        world.register(&world.stranger("ada")).await.expect(201);
        is_kept(&world, &server).await;
    }
}

/// whoever takes STARTTLS out of what the server offers, and asks for a password, gets neither.
#[tokio::test]
async fn a_server_without_starttls_gets_no_password() {
    let (server, authority) = (Scripted::start(SIGN_IN).await, Authority::new());
    let settings = cautious(url(&server, Begins::WithStartTls)).set("mail.ca_file", authority.file());
    let world = World::with(settings).await;
    world.register(&world.stranger("ada")).await.expect(201);
    is_kept(&world, &server).await;
    assert!(server.heard_in_clear("EHLO") > 0);
}
