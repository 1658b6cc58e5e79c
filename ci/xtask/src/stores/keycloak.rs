//! Keycloak with the realm `colink`, for sign-in through OpenID Connect. Its data are in memory: each start is a fresh realm.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Site, Store};
use crate::failure::{Failure, OrFail, Outcome};
use crate::http;
use crate::layout::{make_dir, write_file};
use crate::ports::{DEFAULT_BASE, Port, Ports};
use crate::process::Process;
use crate::setup::keycloak::{VERSION, zip};
use crate::setup::tools;

const REALM: &str = "infra/docker/keycloak/colink-realm.json";

/// A realm of a few people needs little, and it lives minutes.
const JVM: &str = "-XX:TieredStopAtLevel=1";
const HEAP: &str = "-Xms64m -Xmx384m";

pub(super) struct Keycloak;

impl Store for Keycloak {
    fn name(&self) -> &'static str {
        "keycloak"
    }

    fn port(&self) -> Port {
        Port::Keycloak
    }

    fn settings(&self, ports: Ports) -> Vec<(&'static str, String)> {
        vec![("COLINK_KEYCLOAK_URL", ports.http(Port::Keycloak))]
    }

    fn prepare(&self, site: &Site) -> Outcome<Process> {
        let home = unpacked(site)?;
        let realm = realm(site)?;
        let import = home.join("data/import");
        make_dir(&import)?;
        write_file(&import.join("colink-realm.json"), &realm)?;
        let script = home.join("bin/kc.sh").display().to_string();
        let port = site.ports.of(Port::Keycloak);
        let options =
            ["start-dev", "--import-realm", "--db=dev-mem", "--http-host=127.0.0.1", "--log-level=warn"];
        let args = std::iter::once(script)
            .chain(options.map(str::to_owned))
            .chain([format!("--http-port={port}")])
            .collect();
        let env = [
            ("JAVA_OPTS_APPEND", JVM),
            ("JAVA_OPTS_KC_HEAP", HEAP),
            ("KC_BOOTSTRAP_ADMIN_USERNAME", "admin"),
            ("KC_BOOTSTRAP_ADMIN_PASSWORD", "admin"),
        ];
        Ok(Process {
            name: "keycloak".to_owned(),
            program: tools::require("bash")?,
            args,
            env: env.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
            account: None,
            ports: vec![port],
            config: realm,
        })
    }

    fn ready(&self, site: &Site) -> bool {
        let document = "realms/colink/.well-known/openid-configuration";
        let url = format!("{}/{document}", site.ports.http(Port::Keycloak));
        http::get(&url).is_ok_and(|answer| answer.status == 200)
    }
}

/// Keycloak writes into its own folder, so each checkout has one. It is unpacked beside its place and renamed.
fn unpacked(site: &Site) -> Outcome<PathBuf> {
    let data = site.layout.data_dir("keycloak");
    let home = data.join(format!("keycloak-{VERSION}"));
    if home.is_dir() {
        return Ok(home);
    }
    let draft = data.join("draft");
    make_dir(&draft)?;
    unpack(&zip(&site.layout), &draft)?;
    let fresh = draft.join(format!("keycloak-{VERSION}"));
    std::fs::rename(&fresh, &home).or_fail(|| format!("rename {}", fresh.display()))?;
    Ok(home)
}

/// The development kit that preflight asks for unpacks zips.
fn unpack(zip: &Path, into: &Path) -> Outcome<()> {
    let output = Command::new(tools::require("jar")?)
        .arg("xf")
        .arg(zip)
        .current_dir(into)
        .stdin(Stdio::null())
        .output()
        .or_fail(|| "run jar".to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::new(format!("{} cannot be unpacked: {text}", zip.display())))
}

/// The realm, for the gateway of this checkout.
fn realm(site: &Site) -> Outcome<String> {
    let path = site.layout.root.join(REALM);
    let text = std::fs::read_to_string(&path).or_fail(|| format!("read {}", path.display()))?;
    let (usual, own) = (DEFAULT_BASE + Port::Gateway as u16, site.ports.of(Port::Gateway));
    Ok(text.replace(&format!(":{usual}/"), &format!(":{own}/")))
}
