//! Speaking to the pay portal: one session, from signing in to signing out.
//!
//! The account there locks after wrong passwords. So there is one attempt to sign in, another one only if a session that
//! was open is lost, and none after a failure.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer as Form;

use super::listing::{self, Listed, Rights, Service, Unknown, Years};
use super::reading::LONGEST;
use super::words::plain;
use crate::fetch::{Error, Fetch, Fetched, Request};
use crate::ingest::outcome::{Status, Stopped};

/// Bytes of the longest list.
const LIST: usize = 8 << 20;

/// What the portal knows somebody by. The name is their social security number: as secret as the password.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    pub login: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Why a file did not come, while others may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    Missing,
    NotAPdf,
    Cut,
    TooLarge,
}

impl Bad {
    /// How reports name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "file-missing",
            Self::NotAPdf => "file-not-a-pdf",
            Self::Cut => "file-cut-short",
            Self::TooLarge => "file-too-large",
        }
    }
}

/// Which paths the portal answers at: they changed after 2019.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paths {
    First,
    Present,
}

/// What an answer is, apart from the one that was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instead {
    /// The page to sign in, or a message that says so.
    SignIn,
    /// A page that says that the portal is being mended.
    Maintenance,
    /// Another page.
    Page,
}

/// A session at the portal.
pub struct Portal<'a> {
    fetch: &'a Fetch,
    base: Url,
    /// How long one answer may take.
    within: Duration,
    credentials: &'a Credentials,
    cookies: BTreeMap<String, String>,
    paths: Paths,
    /// Whether a session was lost already.
    entered_again: bool,
    /// Files in a row in whose place a page came.
    pages_in_a_row: u8,
}

impl<'a> Portal<'a> {
    /// Signs in, once.
    pub async fn enter(
        fetch: &'a Fetch,
        base: Url,
        within: Duration,
        credentials: &'a Credentials,
    ) -> Result<Self, Stopped> {
        let (cookies, paths) = (BTreeMap::new(), Paths::Present);
        let mut portal =
            Self { fetch, base, within, credentials, cookies, paths, entered_again: false, pages_in_a_row: 0 };
        portal.sign_in().await?;
        Ok(portal)
    }

    async fn sign_in(&mut self) -> Result<(), Stopped> {
        self.cookies.clear();
        let answer = self.try_to_sign_in("").await?;
        // Nobody looked at the password where there is nothing.
        let elsewhere = matches!(answer.status.as_u16(), 404 | 405);
        let answer = if elsewhere { self.try_to_sign_in("authentification").await? } else { answer };
        signed_in(&answer)
    }

    async fn try_to_sign_in(&mut self, path: &str) -> Result<Fetched, Stopped> {
        let form = Form::new(String::new())
            .append_pair("identifiant", &self.credentials.login)
            .append_pair("secret", &self.credentials.password)
            .finish();
        let request = self.request(path, "web/accueilnonconnecte", LIST)?;
        self.send(request.posting("application/x-www-form-urlencoded", form)).await
    }

    /// What the person may see.
    pub async fn rights(&mut self) -> Result<Rights, Stopped> {
        let open = self.ask("prive/initialiserhabilitation/v1", Some("{}")).await?;
        if let Some(answer) = open {
            return listing::rights(&answer).map_err(changed);
        }
        if let Some(answer) = self.ask("prive/accueilconnecte/v1", None).await? {
            return listing::rights(&answer).map_err(changed);
        }
        self.paths = Paths::First;
        Ok(Rights { pay: Some(Years::Ask), pension: None })
    }

    /// The years of which there are documents, newest first.
    pub async fn years(&mut self, service: Service) -> Result<Vec<i16>, Stopped> {
        let path = match (self.paths, service) {
            (Paths::First, _) => "prive/listeanneeremuneration/v1",
            (Paths::Present, Service::Pay) => "prive/listeranneeremunerationpaie/v1",
            (Paths::Present, Service::Pension) => "prive/listeranneeremunerationpension/v1",
        };
        match self.ask(path, None).await? {
            Some(answer) => listing::years(&answer).map_err(changed),
            None => self.years_at_home(service).await,
        }
    }

    /// From 2019 to 2021 the home page told the years.
    async fn years_at_home(&mut self, service: Service) -> Result<Vec<i16>, Stopped> {
        let unknown = || changed(Unknown("listeAnnee"));
        let home = self.ask("prive/accueilconnecte/v1", None).await?.ok_or_else(unknown)?;
        let Rights { pay, pension } = listing::rights(&home).map_err(changed)?;
        match if service == Service::Pay { pay } else { pension } {
            Some(Years::Known(years)) => Ok(years),
            Some(Years::Ask) => Err(unknown()),
            None => Ok(Vec::new()),
        }
    }

    /// The documents of a year.
    pub async fn documents(&mut self, service: Service, year: i16) -> Result<Vec<Result<Listed, Unknown>>, Stopped> {
        let path = match (self.paths, service) {
            (Paths::First, _) => format!("prive/anneeremuneration/v1/{year}"),
            (Paths::Present, Service::Pay) => format!("prive/remunerationpaie/v1?annee={year}"),
            (Paths::Present, Service::Pension) => format!("prive/remunerationpension/v1?annee={year}"),
        };
        let answer = self.ask(&path, None).await?.ok_or(Unknown("documents")).map_err(changed)?;
        listing::documents(&answer, service).map_err(changed)
    }

    /// The file of a document. What media type it claims to have does not matter: the portal has been wrong about it.
    pub async fn file(&mut self, document: &Listed) -> Result<Result<Bytes, Bad>, Stopped> {
        let path = match (self.paths, document.service) {
            (Paths::First, _) => "prive/telechargerdocumentremuneration/v1",
            (Paths::Present, Service::Pay) => "prive/telechargerremunerationpaie/v1",
            (Paths::Present, Service::Pension) => "prive/telechargerremunerationpension/v1",
        };
        let path = format!("{path}?documentUuid={}", document.uuid);
        loop {
            let request = self.request(&path, "web/accueilconnecte", LONGEST)?.with("accept", "application/pdf, */*");
            let answer = match self.try_send(request).await {
                Err(Error::Cut) => return Ok(Err(Bad::Cut)),
                Err(Error::TooLarge) => return Ok(Err(Bad::TooLarge)),
                Err(Error::Encoded) => return Err(changed(Unknown("content-encoding"))),
                other => other.map_err(|_| away())?,
            };
            let Some(instead) = instead(&answer) else {
                self.pages_in_a_row = 0;
                return taken(&answer);
            };
            if instead == Instead::Maintenance {
                return Err(away());
            }
            if !self.entered_again {
                self.enter_again().await?;
                continue;
            }
            self.pages_in_a_row += 1;
            return if self.pages_in_a_row > 2 { Err(changed(Unknown("session"))) } else { Ok(Err(Bad::NotAPdf)) };
        }
    }

    /// Signs out. Whatever comes of it, we are gone.
    pub async fn leave(mut self) {
        if let Ok(request) = self.request("prive/deconnexion/v1", "web/accueilconnecte", LIST) {
            let _ = self.try_send(request.posting("application/json", "{}")).await;
        }
    }

    /// Asks for JSON; `None` if there is nothing at this address. A session that was lost is opened again, once.
    async fn ask(&mut self, path: &str, body: Option<&'static str>) -> Result<Option<Bytes>, Stopped> {
        loop {
            let request = self.request(path, "web/accueilconnecte", LIST)?;
            let request = match body {
                Some(body) => request.posting("application/json", body),
                None => request,
            };
            let answer = self.send(request).await?;
            if matches!(answer.status.as_u16(), 404 | 405) {
                return Ok(None);
            }
            match instead(&answer) {
                None | Some(Instead::Page) => return Ok(Some(answer.bytes)),
                Some(Instead::Maintenance) => return Err(away()),
                Some(Instead::SignIn) if self.entered_again => return Err(changed(Unknown("session"))),
                Some(Instead::SignIn) => self.enter_again().await?,
            }
        }
    }

    async fn enter_again(&mut self) -> Result<(), Stopped> {
        self.entered_again = true;
        self.sign_in().await
    }

    /// A request as the portal's own pages send it.
    fn request(&self, path: &str, from: &str, limit: usize) -> Result<Request, Stopped> {
        let place = |path: &str| self.base.join(path).map_err(|_| Stopped { status: Status::Failed, at: Some("url") });
        let request = Request::get(place(path)?, limit, self.within)
            .with("accept", "application/json")
            .with("origin", &self.base.origin().ascii_serialization())
            .with("referer", place(from)?.as_str());
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.with("cookie", &cookies.join("; ")) };
        Ok(match self.cookies.get("XSRF-TOKEN") {
            Some(token) => request.with("x-xsrf-token", token),
            None => request,
        })
    }

    async fn send(&mut self, request: Request) -> Result<Fetched, Stopped> {
        let answer = self.try_send(request).await.map_err(|error| match error {
            Error::Encoded => changed(Unknown("content-encoding")),
            Error::TooLarge => changed(Unknown("size")),
            _ => away(),
        })?;
        Ok(answer)
    }

    /// An answer of a portal that is up, whose cookies are kept.
    async fn try_send(&mut self, request: Request) -> Result<Fetched, Error> {
        let answer = self.fetch.send(request).await?;
        if answer.status.as_u16() == 429 || answer.status.is_server_error() {
            return Err(Error::Busy);
        }
        for cookie in answer.field("set-cookie") {
            self.keep(cookie);
        }
        Ok(answer)
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let ends = parts.any(|part| part.to_ascii_lowercase().strip_prefix("max-age=").is_some_and(|age| age == "0"));
        if ends || value.is_empty() {
            self.cookies.remove(name);
        } else if self.cookies.len() < 50 && cookie.len() <= 4096 {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn away() -> Stopped {
    Status::ProviderDown.into()
}

fn changed(unknown: Unknown) -> Stopped {
    Stopped { status: Status::ProviderChanged, at: Some(unknown.0) }
}

/// Whether the answer to a name and a password lets us in. The wording has changed over time, and the HTTP status says
/// nothing.
fn signed_in(answer: &Fetched) -> Result<(), Stopped> {
    let Ok(told) = serde_json::from_slice::<Value>(&answer.bytes) else {
        let down = instead(answer) == Some(Instead::Maintenance);
        return Err(if down { away() } else { changed(Unknown("code")) });
    };
    let message = plain(told.get("message").and_then(Value::as_str).unwrap_or_default());
    let code = told.get("code").and_then(Value::as_i64);
    if message.contains("BLOQUE") {
        return Err(Status::LoginBlocked.into());
    }
    match code {
        Some(60) => Ok(()),
        Some(61) => Err(Status::LoginFailed.into()),
        _ if message.contains("OU MOT DE PASSE") => Err(Status::LoginFailed.into()),
        _ => Err(changed(Unknown("code"))),
    }
}

/// What an answer is if it is neither data nor a file.
fn instead(answer: &Fetched) -> Option<Instead> {
    let start = answer.bytes.trim_ascii_start();
    if start.starts_with(b"{") {
        let told: Value = serde_json::from_slice(start).ok()?;
        return (told.get("code").and_then(Value::as_i64) == Some(68)).then_some(Instead::SignIn);
    }
    if matches!(answer.status.as_u16(), 401 | 403) {
        return Some(Instead::SignIn);
    }
    if !start.starts_with(b"<") {
        return None;
    }
    let page = plain(&String::from_utf8_lossy(&start[..start.len().min(64 << 10)]));
    let says = |words: &[&str]| words.iter().any(|word| page.contains(word));
    Some(if says(&["MAINTENANCE", "MOMENTANEMENT INDISPONIBLE"]) {
        Instead::Maintenance
    } else if says(&["NAME=\"SECRET\"", "TYPE=\"PASSWORD\"", "SESSION A EXPIRE", "SESSION EST EXPIREE"]) {
        Instead::SignIn
    } else {
        Instead::Page
    })
}

/// The bytes of a file, if it came whole.
fn taken(answer: &Fetched) -> Result<Result<Bytes, Bad>, Stopped> {
    if matches!(answer.status.as_u16(), 404 | 410) {
        return Ok(Err(Bad::Missing));
    }
    if !answer.status.is_success() {
        return Err(changed(Unknown("status")));
    }
    Ok(whole(&answer.bytes).map(|()| answer.bytes.clone()))
}

/// Whether bytes are a PDF from its head to its end.
pub fn whole(bytes: &[u8]) -> Result<(), Bad> {
    let has = |part: &[u8], mark: &[u8]| part.windows(mark.len()).any(|window| window == mark);
    if !has(&bytes[..bytes.len().min(1024)], b"%PDF-") {
        return Err(Bad::NotAPdf);
    }
    if has(&bytes[bytes.len().saturating_sub(2048)..], b"%%EOF") { Ok(()) } else { Err(Bad::Cut) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("tests/fixtures/ensap/{name}")).unwrap()
    }

    fn answer(bytes: Vec<u8>) -> Fetched {
        Fetched::of("https://portal.example/", bytes)
    }

    #[test]
    fn what_the_answer_to_a_password_means() {
        for (name, status) in [
            ("login-ok.json", None),
            ("login-bad-password.json", Some(Status::LoginFailed)),
            ("login-blocked.json", Some(Status::LoginBlocked)),
            ("login-unknown.json", Some(Status::ProviderChanged)),
            ("login-required.json", Some(Status::ProviderChanged)),
            ("page-login.html", Some(Status::ProviderChanged)),
            ("page-maintenance.html", Some(Status::ProviderDown)),
            ("years-paie.json", Some(Status::ProviderChanged)),
        ] {
            let told = signed_in(&answer(fixture(name))).err().map(|stopped| stopped.status);
            assert_eq!(told, status, "{name}");
        }
        let reworded = answer(br#"{"code": 7, "message": "IDENTIFIANT OU MOT DE PASSE incorrect"}"#.to_vec());
        assert_eq!(signed_in(&reworded), Err(Status::LoginFailed.into()));
    }

    #[test]
    fn what_comes_instead_of_data() {
        for (name, what) in [
            ("login-required.json", Some(Instead::SignIn)),
            ("page-login.html", Some(Instead::SignIn)),
            ("not-a-pdf.pdf", Some(Instead::SignIn)),
            ("page-maintenance.html", Some(Instead::Maintenance)),
            ("page-listing-2025.html", Some(Instead::Page)),
            ("listing-paie-2025.json", None),
            ("habilitation-agent.json", None),
            ("pdf/2025_06_DR_juin.pdf", None),
        ] {
            assert_eq!(instead(&answer(fixture(name))), what, "{name}");
        }
    }

    /// Shows: shape P3
    #[test]
    fn files_are_whole_or_bad() {
        assert_eq!(whole(&fixture("pdf/2025_12_BP_decembre.pdf")), Ok(()));
        assert_eq!(whole(&fixture("pdf/no-text.pdf")), Ok(()));
        assert_eq!(whole(&fixture("pdf/truncated.pdf")), Err(Bad::Cut));
        assert_eq!(whole(&fixture("not-a-pdf.pdf")), Err(Bad::NotAPdf));
        assert_eq!(whole(b""), Err(Bad::NotAPdf));
    }

    #[test]
    fn credentials_are_not_printed() {
        let credentials = Credentials { login: "999999999999983".into(), password: "secret".into() };
        assert_eq!(format!("{credentials:?}"), "Credentials(…)");
    }
}
