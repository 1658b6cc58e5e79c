//! Preflight: installs what is missing, and nothing else. A second run finds everything and takes milliseconds.

pub(crate) mod apt;
pub(crate) mod jars;
pub(crate) mod keycloak;
pub(crate) mod tools;
pub(crate) mod user;

use crate::failure::Outcome;
use crate::layout::Layout;
use crate::step::Step;

/// Installs missing system packages and fetches missing jars, and Keycloak where it is wanted.
pub(crate) fn run(layout: &Layout, sso: bool) -> Outcome<()> {
    apt::install_missing(layout, &[apt::STORES, apt::BUILD])?;
    jars::fetch_missing(layout)?;
    if sso {
        keycloak::fetch_missing(layout)?;
    }
    Step::begin("setup").done("everything is installed");
    Ok(())
}
