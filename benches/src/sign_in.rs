//! An application that signs a person in, as a browser does it, so that there are tokens to refresh.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::Result;
use crate::connection::{Connection, Whole};
use crate::proof::Holder;
use crate::server::{PASSWORD, Place, get, with_body};

const BACK: &str = "http://localhost:9/back";
const VERIFIER: &str = "a-verifier-that-is-forty-three-characters-x";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// A public application, and the browser in which people use it.
pub struct Application<'a> {
    place: &'a Place,
    pub id: String,
    cookies: BTreeMap<String, String>,
}

impl<'a> Application<'a> {
    pub async fn register(place: &'a Place) -> Result<Self> {
        let metadata = serde_json::json!({ "redirect_uris": [BACK], "token_endpoint_auth_method": "none" }).to_string();
        let json = "Content-Type: application/json\r\n";
        let answer = place.ask(&with_body("POST", place.address, "/.oidc/reg", json, metadata.as_bytes())).await?;
        let told: serde_json::Value = serde_json::from_slice(&answer.body)?;
        let id = told["client_id"].as_str().ok_or("no client was registered")?.to_owned();
        Ok(Self { place, id, cookies: BTreeMap::new() })
    }

    /// Signs the owner of a pod in and returns the refresh token, which is bound to the holder's key.
    pub async fn sign_in(&mut self, pod: &str, holder: &mut Holder) -> Result<String> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let start = format!(
            "/.oidc/auth?response_type=code&client_id={}&redirect_uri={}&scope=openid+webid+offline_access\
             &code_challenge={challenge}&code_challenge_method=S256",
            self.id,
            encoded(BACK),
        );
        let mut shown = self.visit(&start).await?;
        let email = format!("{pod}@example.org");
        for fields in
            [&[("email", email.as_str()), ("password", PASSWORD)][..], &[("wish", "allow"), ("remember", "yes")]]
        {
            if shown.came_back().is_none() {
                shown = self.submit(&shown, fields).await?;
            }
        }
        let code = shown.came_back().ok_or("no code came back")?;
        let proof = holder.proof("POST", &format!("{}.oidc/token", self.place.base()))?;
        let form = format!(
            "grant_type=authorization_code&client_id={}&code={code}&code_verifier={VERIFIER}&redirect_uri={}",
            self.id,
            encoded(BACK),
        );
        let headers = format!("DPoP: {proof}\r\n{FORM}");
        let request = with_body("POST", self.place.address, "/.oidc/token", &headers, form.as_bytes());
        let told: serde_json::Value = serde_json::from_slice(&self.place.ask(&request).await?.body)?;
        Ok(told["refresh_token"].as_str().ok_or("no refresh token was given")?.to_owned())
    }

    async fn visit(&mut self, path: &str) -> Result<Shown> {
        let request = get(self.place.address, path, &self.headers());
        self.follow(path, &request).await
    }

    /// Fills in the form of a page that has the first of these fields.
    async fn submit(&mut self, page: &Shown, fields: &[(&str, &str)]) -> Result<Shown> {
        let (action, hidden) = page.form(fields[0].0).ok_or("a page lacks its form")?;
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let headers = format!("{}{FORM}Sec-Fetch-Site: same-origin\r\n", self.headers());
        let request = with_body("POST", self.place.address, &action, &headers, body.as_bytes());
        self.follow(&action, &request).await
    }

    /// Sends a request and goes where it leads, as long as that is here.
    async fn follow(&mut self, path: &str, request: &[u8]) -> Result<Shown> {
        let (mut path, mut answer) = (path.to_owned(), self.place.ask(request).await?);
        for _ in 0..10 {
            self.keep_cookies(&answer);
            let Some(location) = answer.header("location") else { break };
            let base = self.place.base();
            path = location.strip_prefix(base.trim_end_matches('/')).unwrap_or(location).to_owned();
            if !path.starts_with('/') {
                break;
            }
            answer = self.place.ask(&get(self.place.address, &path, &self.headers())).await?;
        }
        Ok(Shown { path, html: String::from_utf8_lossy(&answer.body).into_owned() })
    }

    fn headers(&self) -> String {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Accept: text/html\r\nCookie: {}\r\n", cookies.join("; "))
    }

    fn keep_cookies(&mut self, answer: &Whole) {
        let set = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        let pairs = set.filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('='));
        self.cookies.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

/// The request that sends the form of the page for signing in, with the password of somebody.
pub async fn form(connection: &mut Connection, address: SocketAddr, email: &str) -> Result<Vec<u8>> {
    let path = "/.account/login/";
    let page = connection.ask(&get(address, path, "Accept: text/html\r\n")).await?;
    let cookies = page.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let cookies: Vec<_> = cookies.filter_map(|(_, cookie)| cookie.split(';').next()).collect();
    let headers =
        format!("Cookie: {}\r\nAccept: text/html\r\n{FORM}Sec-Fetch-Site: same-origin\r\n", cookies.join("; "));
    let shown = Shown { path: path.to_owned(), html: String::from_utf8_lossy(&page.body).into_owned() };
    let (action, mut fields) = shown.form("password").ok_or("the page for signing in lacks its form")?;
    fields.extend([("email".to_owned(), email.to_owned()), ("password".to_owned(), PASSWORD.to_owned())]);
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    Ok(with_body("POST", address, &action, &headers, pairs.join("&").as_bytes()))
}

/// A page, or the address elsewhere that the browser was sent to.
struct Shown {
    path: String,
    html: String,
}

impl Shown {
    /// The code with which the browser was sent back to the application.
    fn came_back(&self) -> Option<&str> {
        let (_, query) = self.path.strip_prefix(BACK)?.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix("code="))
    }

    /// Where the form with this field goes, and its hidden fields.
    fn form(&self, field: &str) -> Option<(String, Vec<(String, String)>)> {
        let field = format!("name=\"{field}\"");
        let forms = self.html.split("<form ").skip(1).filter_map(|form| form.split("</form>").next());
        let form = forms.into_iter().find(|form| form.contains(&field))?;
        let action = attribute(form.split('>').next()?, "action").filter(|action| !action.is_empty());
        let inputs = form.split("<input ").skip(1).filter(|input| input.contains("type=\"hidden\""));
        let hidden = inputs.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)));
        Some((action.unwrap_or_else(|| self.path.clone()), hidden.collect()))
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}

/// A text as a form carries it.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
