//! The binary of the admin service.

fn main() -> std::process::ExitCode {
    colink_runtime::main::<admin::Admin>()
}
