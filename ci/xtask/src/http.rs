//! A small HTTP/1.1 client (RFC 9112) for `http://host:port/path`: one connection per request, bounded in time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Connecting and each read or write may take this long.
const PATIENCE: Duration = Duration::from_secs(15);

/// No answer here is anywhere near this large.
const BODY_LIMIT: u64 = 64 * 1024 * 1024;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// Names in lower case, and values.
    headers: Vec<(String, String)>,
    /// The body, with its transfer coding removed.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// `GET url`.
pub(crate) fn get(url: &str) -> io::Result<Answer> {
    request("GET", url, &[], &[])
}

/// Sends one request with these headers and this body.
pub(crate) fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
    let (host, path) = split(url)?;
    let address = host.to_socket_addrs()?.next().ok_or_else(|| invalid("the host has no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method != "GET" {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())?;
    read_answer(BufReader::new(stream))
}

fn split(url: &str) -> io::Result<(&str, &str)> {
    let rest = url.strip_prefix("http://").ok_or_else(|| invalid("only http:// is spoken here"))?;
    Ok(match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    })
}

fn read_answer(mut from: impl BufRead) -> io::Result<Answer> {
    let status_line = read_line(&mut from)?;
    let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| invalid("the answer has no status"))?;
    let mut answer = Answer { status, headers: Vec::new(), body: Vec::new() };
    loop {
        let line = read_line(&mut from)?;
        let Some((name, value)) = line.split_once(':') else { break };
        answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = answer.header("content-length").and_then(|length| length.parse().ok());
    if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        read_chunks(&mut from, &mut answer.body)?;
    } else if !matches!(status, 204 | 304) {
        read_up_to(&mut from, length, &mut answer.body)?;
    }
    Ok(answer)
}

/// Exactly `length` bytes, or everything when the length is not known.
fn read_up_to(from: &mut impl Read, length: Option<u64>, body: &mut Vec<u8>) -> io::Result<()> {
    let got = from.by_ref().take(length.unwrap_or(BODY_LIMIT).min(BODY_LIMIT)).read_to_end(body)?;
    if length.is_some_and(|length| usize::try_from(length) != Ok(got)) {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    Ok(())
}

fn read_chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(from)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size =
            u64::from_str_radix(size, 16).map_err(|error| invalid(&format!("bad chunk size: {error}")))?;
        if size == 0 {
            return Ok(());
        }
        read_up_to(from, Some(size), body)?;
        read_line(from)?;
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    if !line.ends_with('\n') {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    Ok(line.trim_end().to_owned())
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_splits_into_host_and_path() {
        assert_eq!(split("http://127.0.0.1:1/a?b=c").unwrap(), ("127.0.0.1:1", "/a?b=c"));
        assert_eq!(split("http://localhost:1").unwrap(), ("localhost:1", "/"));
        assert!(split("https://localhost").is_err());
    }

    #[test]
    fn both_ways_to_end_a_body_are_read() {
        let plain = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello, more";
        let answer = read_answer(plain.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (201, "hello"));
        let chunked =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
        let answer = read_answer(chunked.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello world"));
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        assert!(read_answer("HTTP/1.1 200 OK\r\ncontent-le".as_bytes()).is_err());
        assert!(read_answer("".as_bytes()).is_err());
        assert!(read_answer("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell".as_bytes()).is_err());
        assert!(
            read_answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhell".as_bytes()).is_err()
        );
    }
}
