//! Java programs, fetched by Maven with everything they need into the cache that all checkouts share.
//!
//! A set is complete when its folder exists: it is fetched beside it and renamed, so that a broken download leaves
//! nothing behind and two checkouts may fetch at once. Maven's own settings decide where from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::{Layout, make_dir, write_file};
use crate::setup::tools;
use crate::step::Step;

/// A program: its artifacts (group, name, version), and groups it declares but does not need here.
pub(crate) struct JarSet {
    name: &'static str,
    artifacts: &'static [(&'static str, &'static str, &'static str)],
    excluded_groups: &'static [&'static str],
}

/// Apache Kafka; its own logging goes through slf4j, which has no output without a binding.
pub(crate) const KAFKA: JarSet = JarSet {
    name: "kafka",
    artifacts: &[("org.apache.kafka", "kafka_2.13", "4.3.0"), ("org.slf4j", "slf4j-simple", "1.7.36")],
    excluded_groups: &[],
};

/// A server of the MongoDB protocol that keeps its data in an H2 file.
pub(crate) const MONGO: JarSet = JarSet {
    name: "mongo",
    artifacts: &[
        ("de.bwaldvogel", "mongo-java-server-h2-backend", "1.47.0"),
        ("org.slf4j", "slf4j-simple", "2.0.17"),
    ],
    excluded_groups: &[],
};

/// A server of the S3 protocol; the clients of the big clouds it could forward to are left out.
pub(crate) const S3PROXY: JarSet = JarSet {
    name: "s3proxy",
    artifacts: &[("org.gaul", "s3proxy", "3.1.0")],
    excluded_groups: &["software.amazon.awssdk", "com.azure", "com.google.cloud"],
};

/// A mail server that keeps what it receives in memory and shows it.
pub(crate) const GREENMAIL: JarSet = JarSet {
    name: "greenmail",
    artifacts: &[("com.icegreen", "greenmail-standalone", "2.1.8")],
    excluded_groups: &[],
};

const ALL: &[&JarSet] = &[&KAFKA, &MONGO, &S3PROXY, &GREENMAIL];

impl JarSet {
    /// Where its jars are.
    pub(crate) fn dir(&self, layout: &Layout) -> PathBuf {
        let version = self.artifacts.first().map_or("", |(_, _, version)| version);
        layout.cache.join("jars").join(format!("{}-{version}", self.name))
    }

    /// The class path: every jar.
    pub(crate) fn class_path(&self, layout: &Layout) -> String {
        format!("{}/*", self.dir(layout).display())
    }

    fn pom(&self) -> String {
        let excluded: String = self
            .excluded_groups
            .iter()
            .map(|group| {
                format!("<exclusion><groupId>{group}</groupId><artifactId>*</artifactId></exclusion>")
            })
            .collect();
        let dependencies: String = self
            .artifacts
            .iter()
            .map(|(group, artifact, version)| {
                format!(
                    "    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>\
                     <version>{version}</version><exclusions>{excluded}</exclusions></dependency>\n"
                )
            })
            .collect();
        format!(
            "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>colink</groupId>\n  \
             <artifactId>{}</artifactId>\n  <version>1</version>\n  <packaging>pom</packaging>\n  \
             <dependencies>\n{dependencies}  </dependencies>\n</project>\n",
            self.name
        )
    }

    fn fetch(&self, layout: &Layout) -> Outcome<()> {
        let step = Step::begin(self.name);
        let work = layout.state.join("pom").join(self.name);
        make_dir(&work)?;
        write_file(&work.join("pom.xml"), &self.pom())?;
        let target = self.dir(layout);
        let draft = target.with_extension(format!("part-{}", std::process::id()));
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
                "Maven could not fetch {}: is the network up and the disk not full? ({reason})",
                self.name
            )));
        }
        publish(&draft, &target)?;
        step.done(&format!("fetched into {}", target.display()));
        Ok(())
    }
}

/// Whether nothing is left to fetch.
pub(crate) fn all_present(layout: &Layout) -> bool {
    ALL.iter().all(|set| set.dir(layout).is_dir())
}

/// Fetches the sets that are not in the cache. One after the other: two Mavens must not share a repository.
pub(crate) fn fetch_missing(layout: &Layout) -> Outcome<()> {
    ALL.iter().filter(|set| !set.dir(layout).is_dir()).try_for_each(|set| set.fetch(layout))
}

/// Another checkout may have been faster: then its copy is as good as ours.
fn publish(draft: &Path, target: &Path) -> Outcome<()> {
    match fs::rename(draft, target) {
        Err(_) if target.is_dir() => {
            fs::remove_dir_all(draft).or_fail(|| format!("remove {}", draft.display()))
        }
        renamed => renamed.or_fail(|| format!("rename {}", draft.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pom_names_artifacts_and_exclusions() {
        let pom = S3PROXY.pom();
        assert!(pom.contains("<artifactId>s3proxy</artifactId><version>3.1.0</version>"), "{pom}");
        assert!(pom.contains("<groupId>com.azure</groupId><artifactId>*</artifactId>"), "{pom}");
        assert!(!KAFKA.pom().contains("<exclusion>"));
    }
}
