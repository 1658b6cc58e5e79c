//! Where the frames of a WebSocket begin and end (RFC 6455, section 5.2), counted from its bytes.

/// Follows one direction of a socket, so that a frame of one's own can go between two of the other side's.
#[derive(Debug, Clone, Default)]
pub struct Boundary {
    /// What has come of the head of the present frame.
    head: [u8; 14],
    filled: usize,
    /// Bytes of the present frame's payload that have yet to come.
    left: u64,
}

impl Boundary {
    /// Follows the next bytes.
    pub fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let step = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                self.left -= step as u64;
                bytes = &bytes[step..];
                continue;
            }
            self.head[self.filled] = bytes[0];
            self.filled += 1;
            bytes = &bytes[1..];
            if self.filled >= 2 && self.filled == self.head_length() {
                self.left = self.payload_length();
                self.filled = 0;
            }
        }
    }

    /// Whether the last frame is complete and no other one has begun.
    pub fn is_between_frames(&self) -> bool {
        self.filled == 0 && self.left == 0
    }

    fn head_length(&self) -> usize {
        let mask = if self.head[1] & 0x80 == 0 { 0 } else { 4 };
        mask + match self.head[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    fn payload_length(&self) -> u64 {
        let [_, short, high, low, rest @ ..] = self.head;
        match short & 0x7f {
            126 => u64::from(u16::from_be_bytes([high, low])),
            127 => u64::from_be_bytes([high, low, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]]),
            short => u64::from(short),
        }
    }
}

/// A close frame of a server.
pub fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    /// A control frame carries at most 125 bytes, two of which are the code.
    const REASON_MAX: usize = 123;
    let reason = &reason.as_bytes()[..reason.len().min(REASON_MAX)];
    let length = u8::try_from(reason.len() + 2).unwrap_or(2);
    let mut frame = vec![0x88, length];
    frame.extend_from_slice(&code.to_be_bytes());
    frame.extend_from_slice(reason);
    frame
}

#[cfg(test)]
mod tests {
    use super::{Boundary, close_frame};

    fn frame(length: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match length {
            0..126 => frame.push(u8::try_from(length).unwrap()),
            126..65_536 => {
                frame.push(126);
                frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + length, b'x');
        frame
    }

    /// G-9
    #[test]
    fn it_is_between_frames_only_after_the_last_byte_of_one() {
        for length in [0, 1, 125, 126, 300, 65_535, 65_536, 70_000] {
            for step in [1, 3, 8192] {
                let (mut boundary, frame) = (Boundary::default(), frame(length));
                assert!(boundary.is_between_frames());
                let (last, most) = frame.split_last().unwrap();
                most.chunks(step).for_each(|bytes| boundary.pass(bytes));
                assert!(!boundary.is_between_frames(), "{length} in steps of {step}");
                boundary.pass(&[*last]);
                assert!(boundary.is_between_frames(), "{length} in steps of {step}");
            }
        }
    }

    /// G-9
    #[test]
    fn frames_that_come_together_are_told_apart() {
        let mut boundary = Boundary::default();
        let bytes = [frame(5), frame(200), close_frame(4011, "bye"), frame(0)].concat();
        boundary.pass(&bytes);
        assert!(boundary.is_between_frames());
        boundary.pass(&[0x81]);
        assert!(!boundary.is_between_frames());
    }
}
