//! System packages. What is there already, from whatever source, is not installed again.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::Layout;
use crate::output;
use crate::setup::{jars, tools, user};
use crate::step::Step;

/// A package, and how to see that it is not needed.
#[derive(Clone, Copy)]
pub(crate) struct Package {
    name: &'static str,
    present: fn(&Layout) -> bool,
}

/// What the backing services need.
pub(crate) const STORES: &[Package] = &[
    Package { name: "postgresql", present: |_| tools::postgres_bin(None).is_some() },
    Package { name: "redis-server", present: |_| tools::find("redis-server").is_some() },
    Package { name: "default-jdk-headless", present: |_| tools::has_java() },
    Package { name: "maven", present: |layout| jars::all_present(layout) || tools::find("mvn").is_some() },
];

/// What it takes to compile the services.
pub(crate) const BUILD: &[Package] = &[
    Package { name: "make", present: |_| tools::find("make").is_some() },
    Package { name: "g++", present: |_| tools::find("g++").is_some() },
    Package { name: "pkg-config", present: |_| tools::find("pkg-config").is_some() },
    Package { name: "libssl-dev", present: |_| header("openssl/ssl.h") },
    Package { name: "zlib1g-dev", present: |_| header("zlib.h") },
];

/// What tests in a browser run in, from whatever source.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Installs a browser for the tests that want one. Without it they are passed over, so nothing fails here. False when there
/// is none to be had: this is no Debian, nobody may install, or apt knows of no such package.
pub(crate) fn install_browser(layout: &Layout) -> Outcome<bool> {
    if BROWSERS.iter().any(|name| tools::find(name).is_some()) {
        return Ok(true);
    }
    let step = Step::begin("browser");
    let (installed, to_be_had) = match privilege().filter(|_| tools::find("apt-get").is_some()) {
        Some(prefix) => (install(prefix, &["chromium"], &layout.log_file("apt"))?, apt_knows("chromium")),
        None => (false, false),
    };
    step.done(if installed {
        "installed"
    } else {
        "there is none: install chromium for the tests in a browser"
    });
    Ok(installed || to_be_had)
}

/// Installs what the documents' examples are typed with, because tests run them. False when some of it is missing after that.
pub(crate) fn install_shell_tools(layout: &Layout) -> Outcome<bool> {
    let absent = || ["curl", "jq", "oathtool", "perl"].into_iter().filter(|name| tools::find(name).is_none());
    let missing: Vec<&str> = absent().collect();
    if missing.is_empty() {
        return Ok(true);
    }
    let step = Step::begin("shell tools");
    if let Some(prefix) = privilege().filter(|_| tools::find("apt-get").is_some()) {
        install(prefix, &missing, &layout.log_file("apt"))?;
    }
    let left: Vec<&str> = absent().collect();
    step.done(&if left.is_empty() {
        "installed".to_owned()
    } else {
        format!("missing: {}", left.join(", "))
    });
    Ok(left.is_empty())
}

fn apt_knows(package: &str) -> bool {
    let mut question = Command::new("apt-cache");
    question.args(["show", package]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    question.status().is_ok_and(|status| status.success())
}

/// Installs those of the packages that are missing, or says the one command that would.
pub(crate) fn install_missing(layout: &Layout, lists: &[&[Package]]) -> Outcome<()> {
    let packages = lists.concat();
    let absent = || packages.iter().filter(|package| !(package.present)(layout)).map(|package| package.name);
    let missing: Vec<&str> = absent().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if tools::find("apt-get").is_none() {
        return Err(Failure::new(format!(
            "this is not Debian or Ubuntu, and these are missing: {list}; install them with your package manager \
             (`cargo xtask up --docker` needs no more than a C compiler and what librdkafka is built with)"
        )));
    }
    let Some(prefix) = privilege() else {
        return Err(Failure::new(format!(
            "packages are missing: run `sudo apt-get install -y {list}` and try again"
        )));
    };
    output::line(format!("  installing    {list}"));
    let step = Step::begin("packages");
    let log = layout.log_file("apt");
    if !install(prefix, &missing, &log)? {
        return Err(Failure::new(format!(
            "apt-get could not install {list}: is the network up and the disk not full? Its output is in {}",
            log.display()
        )));
    }
    let still: Vec<&str> = absent().collect();
    if !still.is_empty() {
        return Err(Failure::new(format!(
            "{} of this distribution is missing or too old (Postgres 15, Java 17 are needed): use `cargo xtask up --docker`",
            still.join(", ")
        )));
    }
    step.done("installed");
    Ok(())
}

/// How to become root without being asked: nothing to do, `sudo`, or no way.
fn privilege() -> Option<&'static [&'static str]> {
    if user::is_root() {
        return Some(&[]);
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).stdin(Stdio::null()).stderr(Stdio::null()).status();
    sudo.is_ok_and(|status| status.success()).then_some(&["sudo", "-n"])
}

/// Whether the packages are there now.
fn install(prefix: &[&str], packages: &[&str], log: &Path) -> Outcome<bool> {
    let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
    // Lists of packages may be absent or old: then they are fetched, and it is tried once more.
    Ok(apt_get(prefix, &install, log)?
        || apt_get(prefix, &["update"], log)? && apt_get(prefix, &install, log)?)
}

fn apt_get(prefix: &[&str], args: &[&str], log: &Path) -> Outcome<bool> {
    let out =
        File::options().create(true).append(true).open(log).or_fail(|| format!("open {}", log.display()))?;
    let errors = out.try_clone().or_fail(|| "open the log a second time".to_owned())?;
    let lock_wait = ["-o", "DPkg::Lock::Timeout=300"];
    let words: Vec<&str> =
        [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], &lock_wait, args].concat();
    let (program, rest) = words.split_first().ok_or_else(|| Failure::new("there is no command to run"))?;
    let status = Command::new(program).args(rest).stdin(Stdio::null()).stdout(out).stderr(errors).status();
    Ok(status.or_fail(|| "run apt-get".to_owned())?.success())
}

fn header(name: &str) -> bool {
    let architecture = format!("{}-linux-gnu", std::env::consts::ARCH);
    ["/usr/include".to_owned(), "/usr/local/include".to_owned(), format!("/usr/include/{architecture}")]
        .iter()
        .any(|dir| Path::new(dir).join(name).is_file())
}
