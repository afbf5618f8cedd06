//! Reading PDFs in a process of its own: whatever a file does to the parser, the server goes on.
//!
//! The program starts itself as `cartable read-payslip`, which takes a PDF on its input and answers with the fields that
//! it could read, as JSON; the text never leaves that process. A thread would not do: it has no limit of memory, and an
//! overflow of its stack ends the server.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::fields::Fields;
use super::pdf::{self, Unreadable};

/// The command that reads; it is not in the help.
pub const COMMAND: &str = "read-payslip";
/// Bytes of the largest PDF that is read.
pub const LONGEST: usize = 16 << 20;
/// Bytes of address space of the process that reads.
const MEMORY: u64 = 512 << 20;
/// Seconds of computing.
const SECONDS: u64 = 5;
/// How long reading may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the longest answer; fields need about one thousand.
const ANSWER: usize = 16 << 10;
/// Processes that read at a time.
const AT_A_TIME: usize = 2;

/// What the process answers.
const NOT_A_PDF: u8 = 3;
const NO_TEXT: u8 = 4;

/// Why no field was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("reading it took too much time or memory")]
    TooMuch,
    #[error("the program that reads cannot be started")]
    NotStarted,
}

impl Unread {
    /// How reports name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable(Unreadable::NotAPdf) => "pdf-not-readable",
            Self::Unreadable(Unreadable::NoText) => "pdf-without-text",
            Self::TooMuch => "pdf-too-much-work",
            Self::NotStarted => "pdf-reader-missing",
        }
    }
}

/// Starts the processes that read.
#[derive(Debug)]
pub struct Reader {
    program: PathBuf,
    places: Semaphore,
}

impl Reader {
    /// A reader that starts `program`, which must know [`COMMAND`].
    pub fn new(program: PathBuf) -> Self {
        Self { program, places: Semaphore::new(AT_A_TIME) }
    }

    /// What can be read off a PDF.
    pub async fn read(&self, pdf: Bytes) -> Result<Fields, Unread> {
        if pdf.len() > LONGEST {
            return Err(Unread::TooMuch);
        }
        let _place = self.places.acquire().await.map_err(|_| Unread::NotStarted)?;
        timeout(PATIENCE, self.ask(&pdf)).await.unwrap_or(Err(Unread::TooMuch))
    }

    /// The process is killed when this is dropped before its end.
    async fn ask(&self, pdf: &[u8]) -> Result<Fields, Unread> {
        let mut command = Command::new(&self.program);
        command.arg(COMMAND).env_clear().current_dir("/").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|_| Unread::NotStarted)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Unread::NotStarted);
        };
        let give = async move {
            // Whoever does not read to the end has ended; its status says how.
            let _ = input.write_all(pdf).await;
        };
        let mut answer = Vec::new();
        let mut output = output.take(ANSWER as u64 + 1);
        let ((), taken) = tokio::join!(give, output.read_to_end(&mut answer));
        if taken.is_err() || answer.len() > ANSWER {
            return Err(Unread::TooMuch);
        }
        let status = child.wait().await.map_err(|_| Unread::TooMuch)?;
        match status.code() {
            Some(0) => serde_json::from_slice(&answer).map(Fields::fit).map_err(|_| Unread::TooMuch),
            Some(code) if code == i32::from(NOT_A_PDF) => Err(Unreadable::NotAPdf.into()),
            Some(code) if code == i32::from(NO_TEXT) => Err(Unreadable::NoText.into()),
            _ => Err(Unread::TooMuch),
        }
    }
}

/// Does what the process is for: reads a PDF from the input, writes its fields to the output.
pub fn answer() -> ExitCode {
    let mut pdf = Vec::new();
    let read = confine().and_then(|()| std::io::stdin().take(LONGEST as u64 + 1).read_to_end(&mut pdf));
    if read.is_err() || pdf.len() > LONGEST {
        return ExitCode::FAILURE;
    }
    let fields = match pdf::lines(&pdf) {
        Ok(lines) => Fields::read(&lines),
        Err(Unreadable::NotAPdf) => return ExitCode::from(NOT_A_PDF),
        Err(Unreadable::NoText) => return ExitCode::from(NO_TEXT),
    };
    let printed = serde_json::to_vec(&fields).unwrap_or_default();
    match std::io::stdout().write_all(&printed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Gives up what reading does not need: memory and time beyond its limits, and every file, socket and process that is
/// not open yet.
fn confine() -> std::io::Result<()> {
    for (resource, most) in [
        (Resource::As, MEMORY),
        (Resource::Cpu, SECONDS),
        (Resource::Nofile, 0),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
