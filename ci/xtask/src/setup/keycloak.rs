//! Keycloak's distribution: a zip that Maven fetches into the cache that all checkouts share.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::{Layout, make_dir, write_file};
use crate::setup::tools;
use crate::step::Step;

/// The version; also the name of the folder in the zip.
pub(crate) const VERSION: &str = "26.4.0";

const POM: &str = "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>colink</groupId>\n  \
    <artifactId>keycloak</artifactId>\n  <version>1</version>\n  <packaging>pom</packaging>\n  <dependencies>\n    \
    <dependency><groupId>org.keycloak</groupId><artifactId>keycloak-quarkus-dist</artifactId>\
    <version>26.4.0</version><type>zip</type>\
    <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>\n  \
    </dependencies>\n</project>\n";

/// Where the zip is.
pub(crate) fn zip(layout: &Layout) -> PathBuf {
    layout.cache.join("keycloak").join(format!("keycloak-quarkus-dist-{VERSION}.zip"))
}

/// Fetches the zip unless it is in the cache. It is fetched beside its place and renamed, so that a broken download leaves
/// nothing behind.
pub(crate) fn fetch_missing(layout: &Layout) -> Outcome<()> {
    let zip = zip(layout);
    if zip.is_file() {
        return Ok(());
    }
    let step = Step::begin("keycloak");
    let work = layout.state.join("pom/keycloak");
    make_dir(&work)?;
    write_file(&work.join("pom.xml"), POM)?;
    let draft = layout.cache.join(format!("keycloak.part-{}", std::process::id()));
    make_dir(&draft)?;
    let output = Command::new(tools::require("mvn")?)
        .args(["--batch-mode", "--quiet", "dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", draft.display()))
        .current_dir(&work)
        .stdin(Stdio::null())
        .output()
        .or_fail(|| "run mvn".to_owned())?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        let reason = text.lines().find(|line| line.contains("ERROR")).unwrap_or("no reason given");
        return Err(Failure::new(format!(
            "Maven could not fetch Keycloak: is the network up and the disk not full? ({reason})"
        )));
    }
    let fetched = draft.join(format!("keycloak-quarkus-dist-{VERSION}.zip"));
    make_dir(&layout.cache.join("keycloak"))?;
    std::fs::rename(&fetched, &zip).or_fail(|| format!("rename {}", fetched.display()))?;
    std::fs::remove_dir_all(&draft).or_fail(|| format!("remove {}", draft.display()))?;
    step.done(&format!("fetched into {}", zip.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pom_names_the_version() {
        assert!(POM.contains(&format!("<version>{VERSION}</version><type>zip</type>")));
    }
}
