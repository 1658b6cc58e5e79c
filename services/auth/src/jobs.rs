//! Work behind the requests. What is queued or recurs is a job of the table `jobs` (crate colink-jobs) and runs on one replica;
//! what each process needs for itself is a task of its own.

pub(crate) mod answer_mail_request;
pub(crate) mod clean_up;
pub(crate) mod deny_sessions;
pub(crate) mod end_api_keys;
pub(crate) mod end_sessions;
pub(crate) mod expire_registrations;
pub(crate) mod expire_statuses;
pub(crate) mod make_export;
pub(crate) mod measure_passwords;
pub(crate) mod read_keys;
pub(crate) mod reencrypt_secrets;
pub(crate) mod remove_archives;
pub(crate) mod rotate_keys;
pub(crate) mod send_mail;

use std::time::Duration;

use colink_jobs::Runner;

use crate::config::KeysConfig;
use crate::state::State;

const HOUR: Duration = Duration::from_secs(3600);

/// Names every kind of job to the runner.
pub(crate) fn register(runner: Runner<State>, keys: KeysConfig) -> Runner<State> {
    runner
        .on::<send_mail::SendMail>()
        .on::<answer_mail_request::AnswerMailRequest>()
        .on::<make_export::MakeExport>()
        .every::<remove_archives::RemoveArchives>(remove_archives::EVERY)
        .every::<end_api_keys::EndApiKeys>(end_api_keys::EVERY)
        .every::<end_sessions::EndSessions>(end_sessions::EVERY)
        .every::<expire_statuses::ExpireStatuses>(expire_statuses::EVERY)
        .on::<deny_sessions::DenySessions>()
        .on::<reencrypt_secrets::ReencryptSecrets>()
        .every::<clean_up::CleanUp>(HOUR)
        .every::<rotate_keys::RotateKeys>(keys.reload())
}

#[cfg(test)]
mod tests {
    /// the table is the one that the crate knows.
    #[test]
    fn the_migration_makes_the_table_of_the_crate() {
        let migration = include_str!("../migrations/20261121110000_jobs.sql");
        assert!(migration.contains(colink_jobs::SCHEMA));
    }
}
