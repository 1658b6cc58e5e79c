use std::net::SocketAddr;

use colink_core::clock::ManualClock;
use colink_telemetry::Metrics;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::domain::letter::Letter;

const REST: Duration = Duration::from_secs(10);

/// One whose circuit opens after two failures.
fn mailer(server: SocketAddr, clock: SharedClock) -> Mailer {
    let config = MailConfig {
        smtp_url: format!("smtp://{server}").into(),
        ca_file: "".into(),
        from: "CoLink <no-reply@colink.local>".to_owned(),
        public_url: "https://chat.example.test".to_owned(),
        max_attempts: 1,
        circuit_failures: 2,
        circuit_rest_s: 10,
    };
    let metrics = AuthMetrics::new(&Metrics::new("auth").unwrap()).unwrap();
    Mailer::new(&config, clock, metrics).unwrap()
}

fn wait_at_most(mailer: &mut Mailer, patience: Duration) {
    Arc::get_mut(&mut mailer.0).unwrap().patience = patience;
}

fn mail(has_link: bool) -> Composed {
    let letter = Letter { subject: "Hello", text: "Hello".to_owned(), html: "<p>Hello".to_owned() };
    Composed { address: "ada@example.test".to_owned(), letter, has_link }
}

/// Answers until the client goes, or until a mail is there that it does not take; then the connection stays open.
async fn talk(stream: TcpStream, takes: bool) -> Lines<BufReader<TcpStream>> {
    let mut lines = BufReader::new(stream).lines();
    let (mut answer, mut is_in_mail) = ("220 test\r\n", false);
    loop {
        lines.get_mut().write_all(answer.as_bytes()).await.unwrap();
        let line = loop {
            match lines.next_line().await.unwrap_or_default() {
                Some(line) if is_in_mail && line != "." => {}
                Some(line) => break line,
                None => return lines,
            }
        };
        if is_in_mail && !takes {
            return lines;
        }
        is_in_mail = line == "DATA";
        answer = if is_in_mail { "354 go on\r\n" } else { "250 test\r\n" };
    }
}

/// a server that accepts and says nothing, or takes a mail without a word, is not waited for as long as the job lasts; it
/// counts as away, and no later mail is sent over a connection that owes an answer.
#[tokio::test]
async fn a_silent_server_counts_as_away() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Arc::new(ManualClock::default());
    let mut mailer = mailer(server.local_addr().unwrap(), clock.clone());
    let id = JobId::generate(clock.as_ref());
    wait_at_most(&mut mailer, Duration::from_millis(500));

    let (sent, mut mute) =
        tokio::join!(mailer.send(id, mail(false)), async { server.accept().await.unwrap().0 });
    assert_eq!(sent, Err(no_answer()));
    assert_eq!(mute.read(&mut [0; 1]).await.unwrap(), 0, "the client has closed");
    let (sent, owing) = tokio::join!(mailer.send(id, mail(false)), async {
        talk(server.accept().await.unwrap().0, false).await
    });
    assert_eq!(sent, Err(no_answer()));
    assert_eq!(mailer.rest(), Some(REST));
    assert_eq!(mailer.send(id, mail(false)).await, Err(MailFailure::Resting(REST)));

    clock.advance(REST);
    wait_at_most(&mut mailer, PATIENCE);
    let (sent, _) = tokio::join!(mailer.send(id, mail(false)), async {
        talk(server.accept().await.unwrap().0, true).await
    });
    assert_eq!((sent, mailer.rest()), (Ok(()), None));
    drop(owing);
}

/// the second of two mails can be told from the first where it has another link, and only there.
#[tokio::test]
async fn a_repeated_mail_has_the_same_name_unless_it_has_a_link() {
    let clock = Arc::new(ManualClock::default());
    let mailer = mailer(SocketAddr::from(([127, 0, 0, 1], 1)), clock.clone());
    let id = JobId::generate(clock.as_ref());
    let name = |has_link| {
        let message = mailer.message(id, mail(has_link)).unwrap().formatted();
        let text = String::from_utf8(message).unwrap();
        text.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned()
    };
    assert_eq!(name(false), format!("Message-ID: <{id}@colink.local>"));
    assert_ne!(name(true), name(true));
    assert!(name(true).starts_with(&format!("Message-ID: <{id}.")));
}
