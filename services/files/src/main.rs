//! The binary of the files service.

fn main() -> std::process::ExitCode {
    colink_runtime::main::<files::Files>()
}
