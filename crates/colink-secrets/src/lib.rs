#![doc = include_str!("../README.md")]

mod config;
mod sealer;

pub use config::SecretsConfig;
pub use sealer::{SealError, Sealer};
pub use zeroize::Zeroizing;
