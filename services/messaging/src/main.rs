//! The messaging service.

fn main() -> std::process::ExitCode {
    colink_runtime::main::<messaging::Messaging>()
}
