//! The program. See [`cartable::cli`].

use std::ffi::OsStr;
use std::process::ExitCode;

fn main() -> ExitCode {
    let variables = std::env::vars_os().map(|(name, value)| (text(&name), text(&value)));
    cartable::cli::run(std::env::args_os(), variables)
}

fn text(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}
