//! The program. See [`cartable::cli`].

use std::ffi::OsStr;
use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Requests are many small, short-lived values: `docs/decisions/0004-allocator.md` has what was measured.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let variables = std::env::vars_os().map(|(name, value)| (text(&name), text(&value)));
    cartable::cli::run(std::env::args_os(), variables)
}

fn text(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}
