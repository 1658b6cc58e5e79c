#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "a command line tool talks to its user")]

mod fixture;
mod http;
mod login;
mod login_report;
mod machine;
mod open_loop;
mod processes;
mod report;
mod saturate;
mod socket;
mod spent;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::fixture::Fixture;

/// What went wrong, in a sentence for the person at the terminal.
pub(crate) type BenchError = Box<dyn std::error::Error + Send + Sync>;

/// Posts per second of the warm-up.
const WARM_UP_RATE: u32 = 500;

#[derive(Parser)]
#[command(name = "bench", about = "Measures a running fleet through its gateway.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Acknowledgement latency at given rates, then posts per second at saturation.
    Send(Load),
    /// Delivery latency at given rates with sockets listening, then saturation with them.
    Deliver(Load),
    /// Sign-ins per second and their latency, and that of other calls meanwhile; the cost of verifying a token.
    Login(login::LoginLoad),
}

/// The load: every figure has the default that `docs/performance.md` reports.
#[derive(Args, Clone)]
pub(crate) struct Load {
    /// The gateway's address, `host:port`.
    #[arg(long, default_value = "127.0.0.1:15000")]
    gateway: String,
    /// The mail catcher's API: bench users verify their addresses like anybody else.
    #[arg(long, default_value = "http://127.0.0.1:15027")]
    mail_api: String,
    /// Posts per second to try, one after the other.
    #[arg(long, value_delimiter = ',', default_value = "200")]
    rates: Vec<u32>,
    /// Seconds measured at each rate; a fifth of it, unmeasured, comes before.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Seconds at 500 posts per second before the first rate, unmeasured: JVMs compile what they run often.
    #[arg(long, default_value_t = 30)]
    warm_up: u64,
    /// Channels that the posts go to in turn.
    #[arg(long, default_value_t = 10)]
    channels: usize,
    /// Sockets that follow each channel (`deliver` only).
    #[arg(long, default_value_t = 10)]
    receivers: usize,
    /// Users that post and listen in turn.
    #[arg(long, default_value_t = 10)]
    users: usize,
    /// Connections that post without a pause at saturation; 0 leaves saturation out.
    #[arg(long, default_value_t = 64)]
    posters: usize,
    /// Seconds of saturation.
    #[arg(long, default_value_t = 15)]
    saturate_seconds: u64,
    /// Bytes of each message.
    #[arg(long, default_value_t = 200)]
    bytes: usize,
    /// Folder of `<name>.pid` files: CPU and memory of these processes and their children are reported.
    #[arg(long)]
    run_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let outcome = match cli.command {
        Command::Send(load) => runtime.block_on(run("send", Load { receivers: 0, ..load })),
        Command::Deliver(load) => runtime.block_on(run("deliver", load)),
        Command::Login(load) => runtime.block_on(login::run(load)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &BenchError) -> ExitCode {
    println!("bench: {error}");
    ExitCode::FAILURE
}

async fn run(name: &'static str, load: Load) -> Result<(), BenchError> {
    let fixture = Fixture::create(&load).await?;
    let mut report = report::Report::new(name, &load)?;
    report.at_rest(load.run_dir.as_deref())?;
    if load.warm_up > 0 {
        open_loop::run(&fixture, &Load { seconds: load.warm_up, ..load.clone() }, WARM_UP_RATE).await?;
    }
    for &rate in &load.rates {
        report.step(open_loop::run(&fixture, &load, rate).await?);
    }
    if load.posters > 0 {
        report.step(saturate::run(&fixture, &load).await?);
    }
    report.print();
    Ok(())
}
