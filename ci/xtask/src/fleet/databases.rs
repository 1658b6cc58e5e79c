//! One database and one role per service: a service cannot read what another one owns.

use super::{Data, MEMBERS, Member, database_secret};
use crate::failure::Outcome;
use crate::secrets::Secrets;
use crate::sql::Sql;
use crate::step::Step;
use crate::stores::Site;

/// The database of `member`, and the role that owns it.
pub(super) fn name(member: &Member) -> String {
    format!("colink_{}", member.name)
}

/// Makes the roles and databases that are missing, and gives each role the password it will be used with.
pub(super) fn create(site: &Site, sql: Sql, secrets: &Secrets) -> Outcome<()> {
    let step = Step::begin("databases");
    let present = sql.run(site, "SELECT datname FROM pg_database")?;
    let roles = sql.run(site, "SELECT rolname FROM pg_roles")?;
    let members: Vec<&Member> = MEMBERS.iter().filter(|member| member.data == Data::Postgres).collect();
    for member in &members {
        let name = name(member);
        let password = secrets.get(&database_secret(member))?;
        let verb = if roles.lines().any(|role| role == name) { "ALTER" } else { "CREATE" };
        sql.run(site, &format!("{verb} ROLE {name} LOGIN PASSWORD '{password}'"))?;
        if !present.lines().any(|database| database == name) {
            sql.run(site, &format!("CREATE DATABASE {name} OWNER {name}"))?;
            sql.run(site, &format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"))?;
        }
    }
    step.done(&format!("{} databases, each with its own role", members.len()));
    Ok(())
}

/// The address of `database` on the server at `server`, as `role`. Parameters behind `?` are kept.
pub(super) fn url(server: &str, role: &str, password: &str, database: &str) -> String {
    let (scheme, rest) = server.split_once("://").unwrap_or(("postgres", server));
    let (rest, parameters) = match rest.split_once('?') {
        Some((rest, parameters)) => (rest, format!("?{parameters}")),
        None => (rest, String::new()),
    };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split('/').next().unwrap_or_default();
    format!("{scheme}://{role}:{password}@{host}/{database}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_rewritten_for_a_role() {
        let expect = "postgres://r:p@127.0.0.1:15020/d";
        for server in [
            "postgres://a:b@127.0.0.1:15020",
            "postgres://127.0.0.1:15020/",
            "postgres://a:b@127.0.0.1:15020/x",
        ] {
            assert_eq!(url(server, "r", "p", "d"), expect, "{server}");
        }
        assert_eq!(
            url("postgres://a:b@db/postgres?sslmode=require", "r", "p", "d"),
            "postgres://r:p@db/d?sslmode=require"
        );
    }
}
