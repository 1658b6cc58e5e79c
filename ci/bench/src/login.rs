//! Sign-ins at the cost that is shipped, while other calls go on: how many there are a second, how long they take,
//! and what the other calls notice of them.
//!
//! Hashing a password is meant to be dear; verifying a token is not. Three steps: the calls alone, the calls with
//! sign-ins at given rates, the calls with as many sign-ins as the fleet takes. Rates are open-loop, as everywhere here.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::fixture::{Fixture, PASSWORD};
use crate::http::Connection;
use crate::login_report::{LoginReport, LoginStep};
use crate::open_loop::{Schedule, pace};
use crate::report::Latencies;
use crate::spent::Begun;
use crate::{BenchError, verify};

/// Connections that share the calls.
const CONNECTIONS: usize = 16;
/// Sign-ins a second before the first step.
const WARM_UP_RATE: u32 = 10;
/// Users that make the calls.
const CALLERS: usize = 4;
/// What is called meanwhile: both verify the token at the gateway and again at the service.
const CALLS: [&str; 2] = ["/api/auth/me", "/api/users/me/workspaces"];

/// The load of `login`.
#[derive(Args, Clone)]
pub(crate) struct LoginLoad {
    /// The gateway's address, `host:port`.
    #[arg(long, default_value = "127.0.0.1:15000")]
    pub(crate) gateway: String,
    /// The mail catcher's API: bench users verify their addresses like anybody else.
    #[arg(long, default_value = "http://127.0.0.1:15027")]
    pub(crate) mail_api: String,
    /// Sign-ins per second to try, one after the other.
    #[arg(long, value_delimiter = ',', default_value = "2,5,10")]
    pub(crate) rates: Vec<u32>,
    /// Other calls per second, all the while.
    #[arg(long, default_value_t = 100)]
    pub(crate) calls: u32,
    /// Seconds measured at each step; a fifth of it, unmeasured, comes before.
    #[arg(long, default_value_t = 20)]
    pub(crate) seconds: u64,
    /// Seconds of calls and ten sign-ins a second before the first step, unmeasured: JVMs compile what they run often.
    #[arg(long, default_value_t = 30)]
    pub(crate) warm_up: u64,
    /// Users that sign in in turn: so many that at the usual rates nobody comes to ten sessions, beyond which each sign-in ends
    /// another. The other calls are made by others, whose sessions go on.
    #[arg(long, default_value_t = 100)]
    pub(crate) users: usize,
    /// Connections that sign in without a pause at saturation; 0 leaves saturation out.
    #[arg(long, default_value_t = 4)]
    pub(crate) signers: usize,
    /// Folder of `<name>.pid` files: CPU and memory of these processes and their children are reported.
    #[arg(long)]
    pub(crate) run_dir: Option<PathBuf>,
}

/// Who signs in and calls.
struct Cast {
    logins: Vec<String>,
    tokens: Vec<String>,
}

/// One side of a step: what was done and how long it took.
struct Side {
    latencies: Latencies,
    done: u64,
}

pub(crate) async fn run(load: LoginLoad) -> Result<(), BenchError> {
    let cost = verify::run().await?;
    let signers = load.users.max(1);
    let people = Fixture::people(&load.gateway, &load.mail_api, signers + CALLERS).await?;
    let login = |email: &str| json!({"email": email, "password": PASSWORD}).to_string();
    let cast = Arc::new(Cast {
        logins: people.iter().take(signers).map(|(email, _)| login(email)).collect(),
        tokens: people.into_iter().skip(signers).map(|(_, token)| token).collect(),
    });
    let mut report = LoginReport::new(&load, cost)?;
    if load.warm_up > 0 {
        let load = LoginLoad { seconds: load.warm_up, ..load.clone() };
        step(&load, &cast, "warm-up", Logins::Rate(WARM_UP_RATE)).await?;
    }
    report.step(step(&load, &cast, "calls alone", Logins::None).await?);
    for &rate in &load.rates {
        report.step(step(&load, &cast, &format!("{rate} sign-ins/s"), Logins::Rate(rate)).await?);
    }
    if load.signers > 0 {
        let label = format!("saturation, {} signers", load.signers);
        report.step(step(&load, &cast, &label, Logins::Saturation).await?);
    }
    report.print();
    Ok(())
}

/// How many sign-ins a step has.
#[derive(Clone, Copy)]
enum Logins {
    None,
    Rate(u32),
    Saturation,
}

async fn step(
    load: &LoginLoad,
    cast: &Arc<Cast>,
    label: &str,
    logins: Logins,
) -> Result<LoginStep, BenchError> {
    let costs = Begun::now(load.run_dir.as_deref())?;
    let begin = Instant::now();
    let calling = at_rate(load, cast, load.calls, Kind::Call);
    let signing = async {
        match logins {
            Logins::None => Ok(Side { latencies: Latencies::new()?, done: 0 }),
            Logins::Rate(rate) => at_rate(load, cast, rate, Kind::Login).await,
            Logins::Saturation => saturate(load, cast).await,
        }
    };
    let (calls, signed) = tokio::join!(calling, signing);
    let seconds = begin.elapsed().as_secs_f64();
    let (calls, signed) = (calls?, signed?);
    Ok(LoginStep {
        label: label.to_owned(),
        seconds,
        logins: signed.done,
        login_times: signed.latencies,
        calls: calls.done,
        call_times: calls.latencies,
        spent: costs.end()?,
    })
}

/// What is sent.
#[derive(Clone, Copy)]
enum Kind {
    Call,
    Login,
}

impl Kind {
    async fn send(self, connection: &mut Connection, cast: &Cast, turn: usize) -> Result<(), BenchError> {
        let status = match self {
            Self::Call => {
                let token = &cast.tokens[turn % cast.tokens.len()];
                connection.get(CALLS[turn % CALLS.len()], token).await?
            }
            Self::Login => {
                let body = &cast.logins[turn % cast.logins.len()];
                connection.post("/api/auth/login", "", body).await?
            }
        };
        match status {
            200 => Ok(()),
            other => Err(format!("a call was answered {other}: {}", connection.last_body()).into()),
        }
    }
}

async fn at_rate(load: &LoginLoad, cast: &Arc<Cast>, rate: u32, kind: Kind) -> Result<Side, BenchError> {
    let schedule = Schedule::new(rate, load.seconds);
    let numbers = Arc::new(Mutex::new(pace(schedule)));
    let mut senders = JoinSet::new();
    // A connection that sends nothing for five seconds is answered 408.
    for _ in 0..CONNECTIONS.min(usize::try_from(rate)?.saturating_mul(2)) {
        let mut connection = Connection::open(&load.gateway).await?;
        let (cast, numbers) = (Arc::clone(cast), Arc::clone(&numbers));
        senders.spawn(async move {
            let mut side = Side { latencies: Latencies::new()?, done: 0 };
            loop {
                let next = numbers.lock().await.recv().await;
                let Some(number) = next else { return Ok(side) };
                kind.send(&mut connection, &cast, usize::try_from(number)?).await?;
                side.done += 1;
                if schedule.measured(number) {
                    side.latencies.record(schedule.due(number).elapsed());
                }
            }
        });
    }
    gather(senders).await
}

/// As many sign-ins as the fleet takes, for as long as the calls of a step last.
async fn saturate(load: &LoginLoad, cast: &Arc<Cast>) -> Result<Side, BenchError> {
    let until = Instant::now() + Duration::from_secs(load.seconds + (load.seconds / 5).max(1));
    let mut signers = JoinSet::new();
    for signer in 0..load.signers {
        let mut connection = Connection::open(&load.gateway).await?;
        let (cast, signers_count) = (Arc::clone(cast), load.signers);
        signers.spawn(async move {
            let (mut side, mut turn) = (Side { latencies: Latencies::new()?, done: 0 }, signer);
            while Instant::now() < until {
                let sent = Instant::now();
                Kind::Login.send(&mut connection, &cast, turn).await?;
                side.latencies.record(sent.elapsed());
                side.done += 1;
                turn += signers_count;
            }
            Ok(side)
        });
    }
    gather(signers).await
}

async fn gather(mut senders: JoinSet<Result<Side, BenchError>>) -> Result<Side, BenchError> {
    let mut all = Side { latencies: Latencies::new()?, done: 0 };
    while let Some(sender) = senders.join_next().await {
        let side = sender??;
        all.latencies.merge(&side.latencies)?;
        all.done += side.done;
    }
    Ok(all)
}
