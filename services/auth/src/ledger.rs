//! What it takes to leave the events, jobs and mails of a change in its transaction. The running service has it, and so has a
//! command that works beside it: what it leaves is published, done and sent by the service.

use std::time::Duration;

use actix_web::web::Data;
use colink_core::clock::{Clock, SystemClock};

use crate::config::Config;
use crate::state::State;

/// See the module.
pub(crate) trait Ledger: Sync {
    fn clock(&self) -> &dyn Clock;

    /// For how long access tokens of a session that ends now are taken: a while beyond their end, because clocks differ.
    fn access_outlives(&self) -> Duration;

    /// How often a mail is tried.
    fn mail_attempts(&self) -> u16;
}

impl Ledger for State {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn access_outlives(&self) -> Duration {
        self.tokens.access() + self.leeway
    }

    fn mail_attempts(&self) -> u16 {
        self.mailer.max_attempts()
    }
}

/// As handlers hold it.
impl Ledger for Data<State> {
    fn clock(&self) -> &dyn Clock {
        self.get_ref().clock()
    }

    fn access_outlives(&self) -> Duration {
        self.get_ref().access_outlives()
    }

    fn mail_attempts(&self) -> u16 {
        self.get_ref().mail_attempts()
    }
}

/// That of a command.
impl Ledger for Config {
    fn clock(&self) -> &dyn Clock {
        &SystemClock
    }

    fn access_outlives(&self) -> Duration {
        self.tokens.access() + Duration::from_secs(self.auth.leeway_s)
    }

    fn mail_attempts(&self) -> u16 {
        self.mail.max_attempts
    }
}
