//! What is sent over SMTP is found in the mailbox.

use colink_test::{Environment, Mailbox, unique};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_mail_is_found_by_its_words_and_gives_its_token() {
    let address = format!("{}@example.test", unique());
    let body = "Confirm: http://localhost/verify#token=abc-123";
    send(&address, body).await;
    let mail = Mailbox::new().await_mail(&address, "Confirm").await;
    assert_eq!(mail.subject, "Welcome");
    assert_eq!(mail.token(), "abc-123");
    assert_eq!(Mailbox::new().list(&address).await.len(), 1);
}

async fn send(address: &str, body: &str) {
    let server = Environment::get().value("COLINK_SMTP_URL").trim_start_matches("smtp://");
    let mut stream = BufReader::new(TcpStream::connect(server).await.unwrap());
    let mail = format!("Subject: Welcome\r\nTo: {address}\r\n\r\n{body}\r\n.\r\n");
    let commands = [
        String::new(),
        "HELO test\r\n".to_owned(),
        "MAIL FROM:<noreply@example.test>\r\n".to_owned(),
        format!("RCPT TO:<{address}>\r\n"),
        "DATA\r\n".to_owned(),
        mail,
        "QUIT\r\n".to_owned(),
    ];
    for command in commands {
        stream.write_all(command.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).await.unwrap();
        assert!(answer.starts_with(['2', '3']), "{command}: {answer}");
    }
}
