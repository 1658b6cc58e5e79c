//! Statements of the superuser, one at a time.

use std::process::{Command, Stdio};

use crate::compose::compose;
use crate::env_file;
use crate::failure::{Failure, OrFail, Outcome};
use crate::setup::tools::postgres_bin;
use crate::stores::{self, Site};

/// Whose client carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sql {
    /// `psql` of this machine, to the server at `COLINK_PG_URL`.
    Psql,
    /// The one inside the container: a machine with Docker need not have Postgres.
    Compose,
}

impl Sql {
    /// Runs one statement in the database `postgres` and answers the bare rows.
    pub(crate) fn run(self, site: &Site, statement: &str) -> Outcome<String> {
        let output = self
            .client(site)?
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .args(["--command", statement])
            .stdin(Stdio::null())
            .output()
            .or_fail(|| "run psql".to_owned())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(Failure::new(format!("Postgres refused: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }

    fn client(self, site: &Site) -> Outcome<Command> {
        if self == Self::Compose {
            let mut command = compose(site)?;
            command.args(["exec", "-T", "postgres", "psql", "--username=colink", "--dbname=postgres"]);
            return Ok(command);
        }
        let settings = stores::settings(site);
        let server = env_file::lookup(&settings, "COLINK_PG_URL").unwrap_or_default();
        let bin =
            postgres_bin(None).ok_or_else(|| Failure::new("psql is missing: run `cargo xtask setup`"))?;
        let mut command = Command::new(bin.join("psql"));
        command.args(["--dbname", &in_database(server, "postgres")]);
        Ok(command)
    }
}

/// The same server, another database; parameters behind `?` are kept.
fn in_database(server: &str, database: &str) -> String {
    let (rest, parameters) = match server.split_once('?') {
        Some((rest, parameters)) => (rest, format!("?{parameters}")),
        None => (server, String::new()),
    };
    let (scheme, rest) = rest.split_once("://").unwrap_or(("postgres", rest));
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}/{database}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_changes() {
        for server in ["postgres://a:b@h:1", "postgres://a:b@h:1/", "postgres://a:b@h:1/x"] {
            assert_eq!(in_database(server, "postgres"), "postgres://a:b@h:1/postgres");
        }
        assert_eq!(in_database("postgres://h?sslmode=require", "d"), "postgres://h/d?sslmode=require");
    }
}
