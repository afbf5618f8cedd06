//! Letters to people: by SMTP, or as `.eml` files in the data folder as long as no mail server is set.
//!
//! Letters are queued as [jobs](crate::jobs), so that a mail server that is down delays them and loses none. What goes
//! wrong is told without addresses or text.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::language::Language;
use crate::secret::Secret;

/// The folder of written letters, in the data folder.
const FOLDER: &str = "mail";
/// How long they lie there: they hold addresses, and outlive accounts.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// How long a mail server may take for one command.
const PATIENCE: Duration = Duration::from_secs(30);

/// How letters are sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The host of the mail server. Without one, letters are written into the folder `mail` of the data folder, where
    /// they lie for 30 days.
    pub server: Option<String>,
    /// Its port. Default: 465 for `tls`, 587 for `starttls`, 25 for `none`.
    pub port: Option<u16>,
    pub encryption: Encryption,
    /// The name that we sign in with at the mail server, if it asks for one.
    pub user: Option<String>,
    /// Its password. By variable only.
    pub password: Option<Secret>,
    /// The sender, such as `Cartable <cartable@example.org>`. Default: `cartable@` the host of `base_url`.
    pub from: Option<String>,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    #[default]
    Tls,
    StartTls,
    /// For a mail server on the same machine or network.
    None,
}

/// A letter to one person, in plain text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub to: Box<str>,
    pub language: Language,
    pub subject: String,
    pub text: String,
}

/// A letter is between us and its reader.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Why letters cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("mail.from: `{0}` is no sender; write `Name <name@example.org>`")]
    Sender(String),
    #[error("mail.server: {0}")]
    Server(String),
}

/// Why a letter did not go out. No address and no text is in it.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// Nothing can be sent to this address, or not this.
    #[error("the mail server refuses it for good{}", code.map(|code| format!(" ({code})")).unwrap_or_default())]
    Refused { code: Option<u16> },
    /// Trying again may help.
    #[error("{0}")]
    Failed(String),
}

/// Sends letters.
pub struct Mailer {
    /// `None`: letters are written into the folder.
    server: Option<AsyncSmtpTransport<Tokio1Executor>>,
    folder: PathBuf,
    from: Mailbox,
    clock: Arc<dyn Clock>,
}

impl Mailer {
    /// `data` is the data folder and `host` the public host name.
    pub fn new(config: &Config, data: &Path, host: &str, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let from = config.from.clone().unwrap_or_else(|| format!("Cartable <cartable@{host}>"));
        let from = from.parse().map_err(|_| Error::Sender(from))?;
        let server = config.server.as_ref().map(|server| smtp(config, server)).transpose()?;
        Ok(Self { server, folder: data.join(FOLDER), from, clock })
    }

    /// Sends a letter now. `id` names it: who gets it twice, after a crash, can see that it is the same.
    pub async fn deliver(&self, id: &str, message: &Message) -> Result<(), Undelivered> {
        if let Some(server) = &self.server {
            let (envelope, bytes) = self.letter(id, message, Body::new(message.text.clone()))?;
            server.send_raw(&envelope, &bytes).await.map_err(undelivered)?;
            tracing::debug!(letter = id, "a letter was handed to the mail server");
        } else {
            // Read in an editor, so as it is; lines may be longer than what goes through mail servers.
            let text = message.text.replace('\n', "\r\n").into_bytes();
            let body = Body::dangerous_pre_encoded(text, ContentTransferEncoding::EightBit);
            let (_, bytes) = self.letter(id, message, body)?;
            let path = self.folder.join(format!("{}-{id}.eml", self.clock.now().millis()));
            write(&path, &bytes).map_err(|error| Undelivered::Failed(error.to_string()))?;
            tracing::info!(path = %path.display(), "no mail server is set: the letter is in this file");
        }
        Ok(())
    }

    /// Removes the letters that have lain in the folder for too long, those of the time before there was a mail server
    /// too. To be called now and then.
    pub fn tidy(&self) -> io::Result<()> {
        let files = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            files => files?,
        };
        let since = self.clock.now().minus(KEPT).millis();
        for file in files {
            let file = file?;
            if written(&file.file_name()).is_some_and(|at| at < since) {
                std::fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }

    fn letter(&self, id: &str, message: &Message, body: Body) -> Result<(Envelope, Vec<u8>), Undelivered> {
        let unsendable = || Undelivered::Refused { code: None };
        let to: Address = message.to.parse().map_err(|_| unsendable())?;
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body);
        let date = UNIX_EPOCH + Duration::from_millis(self.clock.now().millis().unsigned_abs());
        let language = HeaderName::new_from_ascii_str("Content-Language");
        // Machines do not answer it with an absence note.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let letter = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .date(date)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .subject(message.subject.clone())
            .raw_header(HeaderValue::new(language, message.language.tag().to_owned()))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .singlepart(text)
            .map_err(|_| unsendable())?;
        Ok((letter.envelope().clone(), letter.formatted()))
    }
}

fn smtp(config: &Config, server: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, Error> {
    type Smtp = AsyncSmtpTransport<Tokio1Executor>;
    let builder = match config.encryption {
        Encryption::Tls => Smtp::relay(server),
        Encryption::StartTls => Smtp::starttls_relay(server),
        Encryption::None => Ok(Smtp::builder_dangerous(server)),
    };
    let mut builder = builder.map_err(|error| Error::Server(error.to_string()))?.timeout(Some(PATIENCE));
    if let Some(port) = config.port {
        builder = builder.port(port);
    }
    if let (Some(user), Some(password)) = (&config.user, &config.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
    }
    Ok(builder.build())
}

/// What the server says may repeat an address: only its code is told.
#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn undelivered(error: lettre::transport::smtp::Error) -> Undelivered {
    let code = error.status().map(u16::from);
    if error.is_permanent() {
        return Undelivered::Refused { code };
    }
    Undelivered::Failed(match code {
        Some(code) => format!("the mail server cannot take it now ({code})"),
        None if error.is_timeout() => "the mail server does not answer in time".to_owned(),
        None if error.is_tls() => "the connection to the mail server cannot be encrypted".to_owned(),
        None => "the mail server cannot be reached".to_owned(),
    })
}

/// When a letter was written, in milliseconds, by the name of its file; `None`: it is none of ours.
fn written(name: &OsStr) -> Option<i64> {
    name.to_str()?.split_once('-')?.0.parse().ok()
}

/// Writes a file whole or not at all, for its owner only.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let draft = path.with_extension("draft");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::clock::{SetClock, Timestamp};

    fn message(to: &str) -> Message {
        let (subject, text) =
            ("Votre adresse à confirmer", format!("Bonjour,\n\nvoilà le lien.\n{}\n", "x".repeat(120)));
        Message { to: to.into(), language: Language::French, subject: subject.to_owned(), text }
    }

    fn mailer(config: &Config, data: &Path) -> Mailer {
        let clock = Arc::new(SetClock::at(Timestamp::from_seconds(1_793_000_000)));
        Mailer::new(config, data, "localhost", clock).unwrap()
    }

    #[tokio::test]
    async fn without_a_mail_server_a_letter_is_a_file_that_a_person_can_read() {
        let data = tempfile::tempdir().unwrap();
        let mailer = mailer(&Config::default(), data.path());
        mailer.deliver("l1", &message("élodie@example.org")).await.unwrap();
        mailer.deliver("l1", &message("élodie@example.org")).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(data.path().join(FOLDER)).unwrap().collect();
        assert_eq!(files.len(), 1, "the same letter is the same file, and no draft stays");
        let file = files[0].as_ref().unwrap().path();
        assert!(!file.to_string_lossy().contains("example.org"), "a path is logged");
        let text = std::fs::read_to_string(file).unwrap();
        for line in ["From: Cartable <cartable@localhost>", "Content-Language: fr", "Message-ID: <l1@localhost>"] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.contains("Date: Wed, 26 Oct 2026") || text.contains("26 Oct 2026"), "{text}");
        assert!(text.contains("voilà le lien.") && text.contains(&"x".repeat(120)), "{text}");
    }

    #[tokio::test]
    async fn a_letter_lies_in_the_folder_for_a_month() {
        let data = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at(Timestamp::from_seconds(1_793_000_000)));
        let mailer = Mailer::new(&Config::default(), data.path(), "localhost", clock.clone()).unwrap();
        mailer.tidy().unwrap();
        let folder = data.path().join(FOLDER);
        let files = || {
            let files = std::fs::read_dir(&folder).unwrap();
            let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        mailer.deliver("old", &message("ada@example.org")).await.unwrap();
        std::fs::write(folder.join("notes"), "of the operator").unwrap();
        clock.advance(KEPT);
        mailer.deliver("new", &message("ada@example.org")).await.unwrap();
        mailer.tidy().unwrap();
        assert_eq!(files().len(), 3);
        clock.advance(Duration::from_millis(1));
        mailer.tidy().unwrap();
        assert_eq!(files(), [format!("{}-new.eml", 1_793_000_000_000 + KEPT.as_millis()), "notes".to_owned()]);
    }

    #[tokio::test]
    async fn what_is_no_address_is_refused_for_good_and_does_not_show() {
        let data = tempfile::tempdir().unwrap();
        let hostile = message("ada@example.org\r\nBcc: everybody@example.org");
        let refused = mailer(&Config::default(), data.path()).deliver("l1", &hostile).await.unwrap_err();
        assert!(matches!(refused, Undelivered::Refused { .. }));
        assert!(!format!("{refused} {refused:?} {hostile:?}").contains("example"));
    }

    /// A mail server that answers the first recipient with `answer`; gives back what it was sent as data.
    async fn stand_in(answer: &'static str) -> (Config, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = Some(listener.local_addr().unwrap().port());
        let server = Some("127.0.0.1".to_owned());
        let config = Config { server, port, encryption: Encryption::None, ..Config::default() };
        let serving = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            let (reading, mut writing) = socket.into_split();
            let mut lines = BufReader::new(reading).lines();
            writing.write_all(b"220 stand-in\r\n").await.unwrap();
            let mut data = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                let said = match line.split([' ', ':']).next().unwrap() {
                    "RCPT" => answer,
                    "DATA" => "354 go on",
                    "." => "250 taken",
                    "EHLO" | "MAIL" => "250 8BITMIME",
                    "QUIT" => break,
                    _ => {
                        data += &line;
                        data.push('\n');
                        continue;
                    }
                };
                writing.write_all(format!("{said}\r\n").as_bytes()).await.unwrap();
            }
            data
        });
        (config, serving)
    }

    #[tokio::test]
    async fn a_mail_server_takes_a_letter() {
        let (config, serving) = stand_in("250 ok").await;
        mailer(&config, Path::new("unused")).deliver("l2", &message("ada@example.org")).await.unwrap();
        let data = serving.await.unwrap();
        assert!(data.contains("To: ada@example.org") && data.contains("Auto-Submitted: auto-generated"), "{data}");
    }

    #[tokio::test]
    async fn what_a_mail_server_refuses_is_told_by_its_code() {
        for (answer, permanent) in [("550 no ada@example.org here", true), ("451 later, ada@example.org", false)] {
            let (config, _serving) = stand_in(answer).await;
            let error = mailer(&config, Path::new("unused")).deliver("l3", &message("ada@example.org")).await;
            let error = error.unwrap_err();
            assert_eq!(matches!(error, Undelivered::Refused { .. }), permanent, "{error}");
            let text = format!("{error} {error:?}");
            assert!(text.contains(&answer[..3]) && !text.contains("example"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_mail_server_that_is_down_is_a_passing_failure() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let (server, port) = (Some("127.0.0.1".to_owned()), Some(closed));
        let config = Config { server, port, encryption: Encryption::None, ..Config::default() };
        let error = mailer(&config, Path::new("unused")).deliver("l4", &message("ada@example.org")).await.unwrap_err();
        assert!(matches!(error, Undelivered::Failed(_)), "{error}");
    }

    #[test]
    fn a_sender_that_is_none_is_named() {
        let config = Config { from: Some("nobody".into()), ..Config::default() };
        let clock = Arc::new(SetClock::default());
        assert!(matches!(Mailer::new(&config, Path::new("d"), "localhost", clock), Err(Error::Sender(_))));
    }
}
