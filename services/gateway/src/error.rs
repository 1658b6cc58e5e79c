//! How a tunnel that could not be opened is answered.

use colink_core::error::ErrorKind;
use colink_http::ApiError;

use crate::tunnel::TunnelError;

impl From<TunnelError> for ApiError {
    fn from(error: TunnelError) -> Self {
        let answer = match &error {
            TunnelError::Unreachable(_) | TunnelError::Broken => Self::unavailable("service presence"),
            TunnelError::TimedOut => Self::of(ErrorKind::UpstreamTimeout),
            TunnelError::Refused(status) if status.as_u16() == 403 => {
                Self::forbidden("This origin may not open a socket.")
            }
            TunnelError::Refused(status) if status.is_client_error() => {
                Self::new(ErrorKind::InvalidRequest, "Open this URL as a WebSocket.")
            }
            TunnelError::Refused(_) => Self::unavailable("service presence"),
        };
        answer.caused_by(error)
    }
}
