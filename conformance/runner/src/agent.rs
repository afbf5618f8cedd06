//! Who asks: an agent with or without credentials, and requests as cases write them.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::dpop::{self, Key};
use crate::http::{Client, Message};
use crate::response::Response;
use crate::stop::{Stop, Verdict, failed};

/// An agent, known by its token or anonymous.
#[derive(Clone)]
pub struct Agent {
    name: &'static str,
    client: Client,
    credentials: Option<Arc<Credentials>>,
}

/// A bound token and its key.
pub struct Credentials {
    pub webid: String,
    pub token: String,
    pub key: Key,
}

/// An identity provider, by its discovery document.
#[derive(Debug, Clone)]
pub struct Provider {
    pub issuer: String,
    pub metadata: Value,
}

/// A request on its way: add to it, then `.await` it.
#[must_use]
pub struct Ask {
    agent: Agent,
    message: Message,
}

impl Agent {
    pub fn anonymous(client: Client) -> Self {
        Self { name: "anyone", client, credentials: None }
    }

    pub fn known(name: &'static str, client: Client, credentials: Credentials) -> Self {
        Self { name, client, credentials: Some(Arc::new(credentials)) }
    }

    /// The WebID, or nothing for the anonymous.
    pub fn webid(&self) -> &str {
        self.credentials.as_ref().map_or("", |credentials| &credentials.webid)
    }

    /// The agent's token and key; fails for the anonymous.
    pub fn credentials(&self) -> Verdict<&Credentials> {
        self.credentials.as_deref().ok_or_else(|| Stop::Untested(format!("{} has no credentials", self.name)))
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn get(&self, url: &str) -> Ask {
        self.ask("GET", url)
    }

    pub fn head(&self, url: &str) -> Ask {
        self.ask("HEAD", url)
    }

    pub fn options(&self, url: &str) -> Ask {
        self.ask("OPTIONS", url)
    }

    pub fn put(&self, url: &str) -> Ask {
        self.ask("PUT", url)
    }

    pub fn post(&self, url: &str) -> Ask {
        self.ask("POST", url)
    }

    pub fn patch(&self, url: &str) -> Ask {
        self.ask("PATCH", url)
    }

    pub fn delete(&self, url: &str) -> Ask {
        self.ask("DELETE", url)
    }

    pub fn ask(&self, method: &str, url: &str) -> Ask {
        let message = Message { method: method.into(), url: url.into(), headers: Vec::new(), body: None };
        Ask { agent: self.clone(), message }
    }
}

impl Ask {
    /// Adds a header field line.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.message.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn accept(self, types: &str) -> Self {
        self.header("Accept", types)
    }

    /// A request that a browser makes for a page of another site.
    pub fn origin(self, origin: &str) -> Self {
        self.header("Origin", origin)
    }

    pub fn slug(self, name: &str) -> Self {
        self.header("Slug", name)
    }

    /// Asks for a container.
    pub fn container(self) -> Self {
        self.header("Link", "<http://www.w3.org/ns/ldp#BasicContainer>; rel=\"type\"")
    }

    /// Content of a media type.
    pub fn content(self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.header("Content-Type", media_type).body(body)
    }

    /// Content without a media type.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.message.body = Some(body.into());
        self
    }

    pub fn turtle(self, text: &str) -> Self {
        self.content("text/turtle", text.to_owned())
    }

    pub fn json_ld(self, text: &str) -> Self {
        self.content("application/ld+json", text.to_owned())
    }

    pub fn plain(self, text: &str) -> Self {
        self.content("text/plain", text.to_owned())
    }

    /// An N3 Patch; the prefix `solid:` and `<#…>` are understood.
    pub fn n3(self, text: &str) -> Self {
        let prefix = "@prefix solid: <http://www.w3.org/ns/solid/terms#> .\n";
        self.content("text/n3", format!("{prefix}{text}"))
    }

    pub fn sparql(self, text: &str) -> Self {
        self.content("application/sparql-update", text.to_owned())
    }

    async fn send(self) -> Verdict<Response> {
        let Self { agent, mut message } = self;
        let asked = format!("{} {} as {}", message.method, message.url, agent.name);
        if let Some(credentials) = &agent.credentials {
            let proof = credentials.key.proof(&message.method, &message.url, now()).for_token(&credentials.token);
            message.headers.push(("Authorization".into(), format!("DPoP {}", credentials.token)));
            message.headers.push(("DPoP".into(), credentials.key.sign(&proof)));
        }
        match agent.client.send(&message).await {
            Ok(reply) => Ok(Response::new(asked, message.url, reply)),
            Err(error) => failed(format!("{asked}: {error}")),
        }
    }
}

impl IntoFuture for Ask {
    type Output = Verdict<Response>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl Provider {
    /// Reads the discovery document of an issuer.
    pub async fn discover(anyone: &Agent, issuer: &str) -> Verdict<Self> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata = anyone.get(&url).await?.is(200)?.json()?;
        let Some(issuer) = metadata["issuer"].as_str().map(str::to_owned) else {
            return failed(format!("{url} names no issuer"));
        };
        Ok(Self { issuer, metadata })
    }

    /// The address of an endpoint, by its name in the discovery document.
    pub fn endpoint(&self, name: &str) -> Verdict<&str> {
        self.metadata[name].as_str().ok_or_else(|| Stop::Failed(format!("discovery has no `{name}`")))
    }

    /// The strings of a list in the discovery document.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.metadata[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Asks for a token with client credentials, bound to a new key.
    pub async fn sign_in(&self, anyone: &Agent, id: &str, secret: &str) -> Verdict<Credentials> {
        let key = Key::generate().ok_or_else(|| Stop::Untested("no randomness".into()))?;
        let response = self.ask_token(anyone, &key, id, secret, "webid")?.await?.is(200)?.json()?;
        let text = |name: &str| response[name].as_str().map(str::to_owned);
        let token = text("access_token").ok_or_else(|| Stop::Failed("no access token".into()))?;
        let mut named = [Some(token.clone()), text("id_token")].into_iter().flatten();
        let webid = named.find_map(|token| dpop::claims(&token)?["webid"].as_str().map(str::to_owned));
        let webid = webid.ok_or_else(|| Stop::Failed("the token names no WebID".into()))?;
        Ok(Credentials { webid, token, key })
    }

    /// The request of [`Self::sign_in`], to be looked at or changed.
    pub fn ask_token(&self, anyone: &Agent, key: &Key, id: &str, secret: &str, scope: &str) -> Verdict<Ask> {
        let endpoint = self.endpoint("token_endpoint")?;
        let form = format!("grant_type=client_credentials&scope={}", form_encoded(scope));
        let ask = anyone.post(endpoint).header("Authorization", basic(id, secret));
        let ask = ask.header("DPoP", key.sign(&key.proof("POST", endpoint, now())));
        Ok(ask.content("application/x-www-form-urlencoded", form))
    }
}

/// Basic credentials, form-encoded first as OAuth asks.
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", form_encoded(id), form_encoded(secret))))
}

pub fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Unix seconds.
#[expect(clippy::disallowed_methods, reason = "a client of a real server lives in real time")]
pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
