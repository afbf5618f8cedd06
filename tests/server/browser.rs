//! A browser without a screen: it keeps cookies, is sent on, and fills in forms.

use std::collections::BTreeMap;

use cartable::identity::account::{AccountId, Email, Password};
use cartable::path::PodName;
use cartable::provision::Provision;
use url::Url;

use crate::world::{Answer, World};

/// Somebody with a password.
pub struct Pupil {
    pub account: AccountId,
    pub webid: String,
    pub pod: String,
    pub email: String,
    pub password: &'static str,
}

impl World {
    /// Makes an account with a pod of this name.
    pub async fn pupil(&self, name: &str) -> Pupil {
        let (email, password) = (format!("{name}@example.org"), "a bridge over the river");
        let login = (Email::parse(&email).unwrap(), Password::chosen(password).unwrap());
        let pod = PodName::parse(name).unwrap();
        let home = self.provision().account(login.0, login.1, &pod).await.unwrap();
        Pupil { account: home.account, webid: home.webid, pod: home.pod, email, password }
    }

    pub fn provision(&self) -> Provision {
        Provision {
            accounts: self.accounts.clone(),
            addresses: cartable::address::Addresses::with_paths(&self.base).unwrap().into(),
            clock: self.clock.clone(),
            quota: None,
        }
    }
}

/// A browser of somebody.
pub struct Browser<'a> {
    world: &'a World,
    cookies: BTreeMap<String, String>,
    /// What it says of where a form comes from.
    pub fetch_site: Option<&'static str>,
}

/// What a browser shows, or the address elsewhere that it was sent to.
#[derive(Debug, Clone)]
pub struct Shown {
    pub url: String,
    pub answer: Answer,
}

/// A form on a page.
#[derive(Debug, Clone)]
pub struct Seen {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    pub fn new(world: &'a World) -> Self {
        Self { world, cookies: BTreeMap::new(), fetch_site: Some("same-origin") }
    }

    /// The field `Cookie` that it sends.
    pub fn cookie_field(&self) -> String {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        cookies.join("; ")
    }

    /// The same browser in front of another server.
    pub fn at(self, world: &World) -> Browser<'_> {
        Browser { world, cookies: self.cookies, fetch_site: self.fetch_site }
    }

    /// Sends one request, and keeps the cookies of the answer.
    pub async fn send(&mut self, method: &str, url: &str, form: Option<&[(String, String)]>) -> Answer {
        let cookies = self.cookie_field();
        let mut asking = self.world.nobody.ask(method, url).accept("text/html").header("accept-language", "fr");
        if !cookies.is_empty() {
            asking = asking.header("cookie", &cookies);
        }
        if let (Some(site), true) = (self.fetch_site, form.is_some()) {
            asking = asking.header("sec-fetch-site", site);
        }
        if let Some(form) = form {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            asking = asking.content("application/x-www-form-urlencoded", body);
        }
        let answer = asking.send().await;
        for cookie in answer.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Goes to a place and wherever it is sent from there, as long as that is here.
    pub async fn visit(&mut self, url: &str) -> Shown {
        let url = self.world.nobody.url(url);
        let answer = self.send("GET", &url, None).await;
        self.follow(&url, answer).await
    }

    /// Sends a form with these fields on top.
    pub async fn submit(&mut self, page: &Shown, form: &Seen, fields: &[(&str, &str)]) -> Shown {
        let more = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let fields: Vec<_> = form.fields.iter().cloned().chain(more).collect();
        let url = Url::parse(&page.url).unwrap().join(&form.action).unwrap().to_string();
        let answer = self.send("POST", &url, Some(&fields)).await;
        self.follow(&url, answer).await
    }

    /// Types address and password on the page for signing in.
    pub async fn sign_in(&mut self, page: &Shown, pupil: &Pupil) -> Shown {
        let form = page.form("name=\"password\"");
        self.submit(page, &form, &[("email", &pupil.email), ("password", pupil.password)]).await
    }

    /// Presses a button of a page about a sign-in.
    pub async fn wish(&mut self, page: &Shown, wish: &str, fields: &[(&str, &str)]) -> Shown {
        let form = page.form(&format!("value=\"{wish}\""));
        let fields: Vec<_> = [("wish", wish)].into_iter().chain(fields.iter().copied()).collect();
        self.submit(page, &form, &fields).await
    }

    async fn follow(&mut self, from: &str, mut answer: Answer) -> Shown {
        let mut url = from.to_owned();
        for _ in 0..10 {
            if answer.status.is_redirection() {
                url = Url::parse(&url).unwrap().join(answer.field("location")).unwrap().to_string();
            }
            if !answer.status.is_redirection() || !url.starts_with(&self.world.base) {
                // What was sent, to the byte.
                let sent = answer.field("location").to_owned();
                return Shown { url: if sent.contains("://") { sent } else { url }, answer };
            }
            answer = self.send("GET", &url.clone(), None).await;
        }
        panic!("{from} leads in circles");
    }
}

impl Shown {
    /// Whether the page says this; a space is a space, whether lines may break there or not.
    pub fn says(&self, text: &str) -> bool {
        let plain = |text: &str| text.replace('\u{a0}', " ");
        plain(&unescaped(self.answer.text())).contains(&plain(text))
    }

    /// The form of the page in whose HTML this stands.
    #[track_caller]
    pub fn form(&self, with: &str) -> Seen {
        let html = self.answer.text();
        let forms = html.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap());
        let form = forms.into_iter().find(|form| form.contains(with));
        let form = form.unwrap_or_else(|| panic!("no form with {with} at {}: {html}", self.url));
        let hidden = form.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
        let hidden = hidden.filter(|input| input.contains("type=\"hidden\""));
        Seen {
            action: attribute(form, "action"),
            fields: hidden.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect(),
        }
    }

    /// The query of the address that the browser was sent to.
    pub fn query(&self) -> BTreeMap<String, String> {
        Url::parse(&self.url).unwrap().query_pairs().into_owned().collect()
    }

    /// A parameter of that query.
    pub fn parameter(&self, name: &str) -> String {
        self.query().get(name).cloned().unwrap_or_default()
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
    unescaped(rest.split('"').next().unwrap())
}

fn unescaped(html: &str) -> String {
    let entities = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    entities.into_iter().fold(html.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
