//! The binary of the search service.

fn main() -> std::process::ExitCode {
    colink_runtime::main::<search::Search>()
}
