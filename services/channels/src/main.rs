//! The binary of the channels service.

fn main() -> std::process::ExitCode {
    colink_runtime::main::<channels::Channels>()
}
