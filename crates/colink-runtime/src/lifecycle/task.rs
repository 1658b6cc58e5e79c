//! How a task may end, and what that means.

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Display};

use crate::error::chain;

/// Any error that may cross threads.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a background task ended the process.
#[derive(Debug, thiserror::Error)]
#[error("the task `{task}` {ending}")]
pub struct TaskFailure {
    /// The name given to [`Lifecycle::spawn`].
    pub task: &'static str,
    /// How it ended.
    pub ending: Ending,
}

/// How a task ended that should not have.
#[derive(Debug)]
pub enum Ending {
    /// It returned although nobody asked the process to stop.
    Returned,
    /// It returned an error.
    Failed(BoxError),
    /// It panicked with this text.
    Panicked(String),
}

impl Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned => f.write_str("ended although the process was not asked to stop"),
            Self::Failed(error) => write!(f, "failed: {}", chain(error.as_ref())),
            Self::Panicked(text) => write!(f, "panicked: {text}"),
        }
    }
}

/// What a task may return: nothing, or a `Result` whose error fails the process.
pub trait Outcome {
    /// The same as a result.
    ///
    /// # Errors
    /// The task's own error.
    fn into_result(self) -> Result<(), BoxError>;
}

impl Outcome for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: Into<BoxError>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a text".to_owned())
}
