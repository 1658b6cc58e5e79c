//! The archive: entries come in as they are collected, parts for the storage go out. Runs on a thread of its own, because
//! compressing is work.

use std::io::{self, Write};

use bytes::Bytes;
use colink_store::s3::Upload;
use tokio::sync::mpsc::{Receiver, Sender};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// What is put into the archive, in order.
#[derive(Debug)]
pub(super) enum Entry {
    /// A file begins; it goes on until the next one.
    Begin(&'static str),
    /// More of the file.
    Bytes(Vec<u8>),
    /// The end: without it something went wrong, and the archive is none.
    End,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// The format has a limit, or a part could not be handed on.
    #[error(transparent)]
    Zip(#[from] zip::result::ZipError),
    /// A part could not be handed on.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Collecting broke off.
    #[error("the entries broke off before the end")]
    BrokenOff,
}

/// Writes entries until the end, and hands the parts on.
pub(super) fn write(mut entries: Receiver<Entry>, parts: Sender<Bytes>) -> Result<(), ArchiveError> {
    let mut archive = ZipWriter::new_stream(Parts { parts, buffer: Vec::with_capacity(Upload::PART_BYTES) });
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        // Nobody else on the machine where it is unpacked is to read it.
        .unix_permissions(0o600);
    loop {
        match entries.blocking_recv() {
            Some(Entry::Begin(name)) => archive.start_file(name, options)?,
            Some(Entry::Bytes(bytes)) => archive.write_all(&bytes)?,
            Some(Entry::End) => break,
            None => return Err(ArchiveError::BrokenOff),
        }
    }
    archive.finish()?.into_inner().finish()?;
    Ok(())
}

/// Gathers bytes into parts.
#[derive(Debug)]
struct Parts {
    parts: Sender<Bytes>,
    buffer: Vec<u8>,
}

impl Parts {
    fn hand_on(&mut self) -> io::Result<()> {
        let part = std::mem::replace(&mut self.buffer, Vec::with_capacity(Upload::PART_BYTES));
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the upload has ended");
        self.parts.blocking_send(Bytes::from(part)).map_err(gone)
    }

    fn finish(mut self) -> io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { self.hand_on() }
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = Upload::PART_BYTES - self.buffer.len();
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() == Upload::PART_BYTES {
            self.hand_on()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use tokio::sync::mpsc;

    use super::*;

    fn archived(entries: Vec<Entry>) -> (Result<(), ArchiveError>, Vec<Bytes>) {
        let (to_compress, incoming) = mpsc::channel(64);
        let (outgoing, mut parts) = mpsc::channel(64);
        for entry in entries {
            to_compress.try_send(entry).unwrap();
        }
        drop(to_compress);
        let done = write(incoming, outgoing);
        (done, std::iter::from_fn(|| parts.try_recv().ok()).collect())
    }

    /// any ZIP reader gets back what went in, whatever the size of the parts.
    #[test]
    fn what_goes_in_comes_out() {
        // Does not compress, so that there is more than one part.
        let noise: Vec<u8> = (0..6 * 1024 * 1024).map(|_| rand::random::<u8>()).collect();
        let entries = vec![
            Entry::Begin("a.txt"),
            Entry::Bytes(b"one ".to_vec()),
            Entry::Bytes(b"two".to_vec()),
            Entry::Begin("noise"),
            Entry::Bytes(noise.clone()),
            Entry::End,
        ];
        let (done, parts) = archived(entries);
        done.unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].len(), Upload::PART_BYTES);
        let whole: Vec<u8> = parts.concat();
        let mut archive = zip::ZipArchive::new(Cursor::new(whole)).unwrap();
        let mut text = String::new();
        archive.by_name("a.txt").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "one two");
        let mut bytes = Vec::new();
        archive.by_name("noise").unwrap().read_to_end(&mut bytes).unwrap();
        assert!(bytes == noise);
    }

    /// half an archive is none.
    #[test]
    fn entries_that_break_off_are_an_error() {
        let (done, _) = archived(vec![Entry::Begin("a.txt"), Entry::Bytes(b"one".to_vec())]);
        assert!(matches!(done, Err(ArchiveError::BrokenOff)));
    }
}
