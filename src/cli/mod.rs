//! x
pub mod failure;
pub mod demo;
pub mod logging;
pub mod out;
/// Runs.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
