//! Tells a user of a sign-in from a device that he has not used before.
//!
//! A device is a program on a system in a network; see [`Device::fingerprint`]. The first one of an account is no news.

use colink_core::id::UserId;
use colink_events::Cause;
use colink_http::RequestContext;
use sqlx::PgConnection;

use crate::domain::device::Device;
use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail::{self, Mail};
use crate::state::State;
use crate::store::known_devices;

/// Notes where somebody signed in, and queues the mail when that is new. The user's row must be locked.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn note(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    context: &RequestContext,
    cause: &Cause,
) -> Result<(), AuthError> {
    let (now, device) = (state.clock.now(), Device::of(context.user_agent()));
    let fingerprint = device.fingerprint(user_id, context.ip());
    if !known_devices::insert(transaction, user_id, &fingerprint, now).await? {
        return Ok(());
    }
    let address =
        context.ip().map_or_else(|| "an unknown address".to_owned(), |ip| ip.to_canonical().to_string());
    let mail = Mail::new(user_id, Template::NewSignIn)
        .fact("device", &device.to_string())
        .fact("ip", &address)
        .at(now);
    mail::queue_filled(state, transaction, mail, cause).await
}
