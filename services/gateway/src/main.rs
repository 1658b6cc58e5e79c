//! The binary of the gateway.

fn main() -> std::process::ExitCode {
    colink_runtime::main::<gateway::Gateway>()
}
