//! The binary of the presence service.

fn main() -> std::process::ExitCode {
    colink_runtime::main::<presence::Presence>()
}
