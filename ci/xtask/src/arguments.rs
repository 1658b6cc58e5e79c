//! The command line.

use crate::failure::{Failure, Outcome};

/// What may stand behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// These switches, and at most this many words.
    Switches(&'static [&'static str], usize),
    /// Whatever the program behind the command understands.
    Anything,
}

/// What stood behind a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `--port-base N`, which every command takes.
    pub(crate) port_base: Option<u16>,
    switches: Vec<String>,
    /// Everything else, in order.
    pub(crate) words: Vec<String>,
}

impl Arguments {
    /// Reads what stands behind a command that takes `accepts`.
    pub(crate) fn parse(given: &[String], accepts: Accepts) -> Outcome<Self> {
        let mut arguments = Self::default();
        let mut given = given.iter();
        while let Some(word) = given.next() {
            if word == "--" {
                arguments.words.push(word.clone());
                arguments.words.extend(given.cloned());
                break;
            }
            if word == "--port-base" {
                arguments.port_base = Some(port_base(given.next().map(String::as_str))?);
            } else if let Some(value) = word.strip_prefix("--port-base=") {
                arguments.port_base = Some(port_base(Some(value))?);
            } else {
                arguments.take(word, accepts)?;
            }
        }
        Ok(arguments)
    }

    /// Whether the switch was given.
    pub(crate) fn has(&self, switch: &str) -> bool {
        self.switches.iter().any(|given| given == switch)
    }

    fn take(&mut self, word: &str, accepts: Accepts) -> Outcome<()> {
        match accepts {
            Accepts::Anything => self.words.push(word.to_owned()),
            Accepts::Switches(known, _) if known.contains(&word) => self.switches.push(word.to_owned()),
            Accepts::Switches(_, count) if !word.starts_with('-') && self.words.len() < count => {
                self.words.push(word.to_owned());
            }
            Accepts::Switches(..) => {
                return Err(Failure::new(format!("`{word}` is not understood here: see `cargo xtask help`")));
            }
        }
        Ok(())
    }
}

fn port_base(value: Option<&str>) -> Outcome<u16> {
    value
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::new("--port-base needs a number, such as 16000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Accepts = Accepts::Switches(&["--release"], 0);

    fn parse(text: &str, accepts: Accepts) -> Outcome<Arguments> {
        Arguments::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), accepts)
    }

    #[test]
    fn both_ways_to_give_a_port_base_are_read() {
        for text in ["--release --port-base 16000", "--port-base=16000 --release"] {
            let arguments = parse(text, UP).unwrap();
            assert_eq!(arguments.port_base, Some(16_000));
            assert!(arguments.has("--release"));
        }
        assert!(parse("--port-base", UP).is_err());
        assert!(parse("--port-base=many", UP).is_err());
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(parse("--releas", UP).is_err());
        assert!(parse("word", UP).is_err());
        assert_eq!(parse("auth", Accepts::Switches(&[], 1)).unwrap().words, ["auth"]);
        assert!(parse("auth files", Accepts::Switches(&[], 1)).is_err());
    }

    #[test]
    fn words_for_another_program_keep_their_order() {
        let arguments = parse("-p auth --port-base 16000 name -- --port-base 1", Accepts::Anything).unwrap();
        assert_eq!(arguments.words, ["-p", "auth", "name", "--", "--port-base", "1"]);
        assert_eq!(arguments.port_base, Some(16_000));
    }
}
