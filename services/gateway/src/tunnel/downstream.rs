//! From the presence node to the client, until either closes or this gateway stops.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::Bytes;
use colink_telemetry::metrics::IntGauge;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;
use tokio_util::sync::CancellationToken;

use crate::domain::frames::{Boundary, close_frame};

/// What a read takes at most. Frames are small; a burst takes several reads.
const CHUNK: usize = 8 * 1024;
/// The close code of the realtime protocol for a node that stops.
const DRAINING: u16 = 4011;
/// Clients of a stopping gateway come back spread over this time, in milliseconds.
const RECONNECT_WITHIN_MS: u32 = 5_000;

/// An open tunnel. Dropped with the response's body: then the client is gone, and the other direction ends.
pub(super) struct Open {
    tunnels: IntGauge,
    closed: CancellationToken,
}

impl Open {
    pub(super) fn count(tunnels: IntGauge, closed: CancellationToken) -> Self {
        tunnels.inc();
        Self { tunnels, closed }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.tunnels.dec();
        self.closed.cancel();
    }
}

/// Presence node to client.
pub(super) struct Downstream {
    reader: OwnedReadHalf,
    /// Counts the tunnel, and ends the other direction, as long as this one lives.
    _open: Open,
    soft: CancellationToken,
    boundary: Boundary,
}

impl Downstream {
    pub(super) fn new(reader: OwnedReadHalf, open: Open, soft: CancellationToken) -> Self {
        Self { reader, _open: open, soft, boundary: Boundary::default() }
    }

    /// The next bytes; with the last ones nothing is left to go on with. `None` at the end of the stream.
    async fn next(mut self) -> Option<(Bytes, Option<Self>)> {
        let soft = self.soft.clone();
        tokio::select! {
            biased;
            () = soft.cancelled(), if self.boundary.is_between_frames() => Some((farewell(), None)),
            chunk = read(&mut self.reader) => {
                let chunk = chunk?;
                self.boundary.pass(&chunk);
                Some((chunk, Some(self)))
            }
        }
    }
}

pub(super) fn downstream(
    mut rest: Downstream,
    first: Bytes,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    rest.boundary.pass(&first);
    let opening = stream::iter((!first.is_empty()).then_some(Ok(first)));
    let rest = stream::unfold(Some(rest), |rest| async {
        rest?.next().await.map(|(chunk, rest)| (Ok(chunk), rest))
    });
    opening.chain(rest)
}

/// What a stopping presence node says as well: come back, not all at once.
fn farewell() -> Bytes {
    let reason = format!("reconnect_in_ms={}", rand::random_range(0..RECONNECT_WITHIN_MS));
    close_frame(DRAINING, &reason).into()
}

/// The next bytes, or nothing at the end of the stream.
///
/// A tunnel has thousands of idle neighbours, so it owns no buffer: bytes are read onto the stack, and what is there is
/// copied. `poll_read` knows after a short read that the socket is empty; `try_read` would ask the kernel once more.
async fn read(reader: &mut OwnedReadHalf) -> Option<Bytes> {
    poll_fn(|context| {
        let mut space = [MaybeUninit::uninit(); CHUNK];
        let mut buffer = ReadBuf::uninit(&mut space);
        let read = ready!(Pin::new(&mut *reader).poll_read(context, &mut buffer));
        let bytes = buffer.filled();
        Poll::Ready((read.is_ok() && !bytes.is_empty()).then(|| Bytes::copy_from_slice(bytes)))
    })
    .await
}
