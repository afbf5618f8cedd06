//! What an account does with its own: password, pods, WebIDs, client credentials.

use std::net::IpAddr;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::controls::Controls;
use super::place::Own;
use super::{AccountApi, Members, PasswordLogin, Sent, not_found};
use crate::http::Problem;
use crate::identity::account::{Account, CredentialId, Email, Password, Refusal, SignedIn, link_name};
use crate::path::{PodName, ResourcePath};
use crate::provision::Owner;
use crate::rdf::vocab::solid;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PasswordChange {
    old_password: String,
    new_password: String,
}

#[derive(Deserialize)]
struct PodWish {
    name: String,
    #[serde(default)]
    settings: PodSettings,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct PodSettings {
    web_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebIdWish {
    web_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialWish {
    name: Option<String>,
    web_id: String,
}

impl AccountApi {
    /// Spec: O-204, O-343
    pub(super) async fn own(
        &self,
        by: &SignedIn,
        own: Own,
        sent: Sent,
        controls: &Controls<'_>,
        client: IpAddr,
    ) -> Result<Members, Problem> {
        let account = &by.account;
        let asks = sent.method == Method::POST;
        let deletes = sent.method == Method::DELETE;
        if own.needs_care(&sent.method) && !by.session.is_fresh(self.clock.now()) {
            return Err(Refusal::StaleSignIn.into());
        }
        match own {
            Own::Account => Ok(Members::new()),
            Own::Logout => self.log_out(by).await,
            Own::Passwords if asks => self.add_password(account, sent.read()?, controls).await,
            Own::Passwords => Ok(passwords(account, controls)),
            Own::Password if deletes => Err(Refusal::LastLogin.into()),
            Own::Password => self.change_password(account, sent.read()?).await,
            Own::Pods if asks => self.add_pod(account, sent.read()?, controls).await,
            Own::Pods => Ok(self.pods(account, controls)),
            Own::Pod(name) => self.pod(account, &name),
            Own::WebIds if asks => self.link(account, sent.read()?, controls, client).await,
            Own::WebIds => Ok(webids(account, controls)),
            Own::WebId(link) => self.unlink(account, &link).await,
            Own::Credentials if asks => self.add_credential(by, sent.read()?, controls).await,
            Own::Credentials => Ok(credentials(account, controls)),
            Own::Credential(id) if deletes => self.delete_credential(account, &id).await,
            Own::Credential(id) => self.credential(account, &id).await,
        }
    }

    async fn log_out(&self, by: &SignedIn) -> Result<Members, Problem> {
        self.accounts.end_session(&by.token).await?;
        Ok(Members::new())
    }

    /// Spec: O-202, O-203
    async fn add_password(
        &self,
        account: &Account,
        login: PasswordLogin,
        controls: &Controls<'_>,
    ) -> Result<Members, Problem> {
        self.require_open()?;
        let email = Email::parse(&login.email)
            .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "no-email").detail("this is no e-mail address"))?;
        let password = Password::chosen(&login.password).map_err(Refusal::from)?;
        self.accounts.add_login(&account.id, email, password).await?;
        Ok(members(json!({ "resource": controls.password(&account.id) })))
    }

    async fn change_password(&self, account: &Account, change: PasswordChange) -> Result<Members, Problem> {
        let new = Password::chosen(&change.new_password).map_err(Refusal::from)?;
        self.accounts.change_password(&account.id, Password::typed(&change.old_password), new).await?;
        Ok(Members::new())
    }

    /// Spec: O-202, O-327
    async fn add_pod(&self, account: &Account, wish: PodWish, controls: &Controls<'_>) -> Result<Members, Problem> {
        let name = PodName::parse(wish.name.trim()).ok_or_else(|| {
            Problem::new(StatusCode::BAD_REQUEST, "no-pod-name")
                .detail("a pod name has 3 to 40 of a-z, 0-9 and -, and begins and ends with a letter or digit")
        })?;
        let owner = wish.settings.web_id.as_deref().map_or(Owner::Profile, Owner::Linked);
        let home = self.provision.pod(&account.id, &name, owner).await?;
        Ok(members(json!({
            "pod": home.pod,
            "webId": home.webid,
            "podResource": controls.pod(&account.id, &name),
            "webIdResource": controls.webid(&account.id, &home.webid),
        })))
    }

    fn pods(&self, account: &Account, controls: &Controls<'_>) -> Members {
        let pods = account.pods.iter().map(|name| (self.root(name), controls.pod(&account.id, name).into()));
        members(json!({ "pods": pods.collect::<Members>() }))
    }

    fn pod(&self, account: &Account, name: &str) -> Result<Members, Problem> {
        let name = account.pods.iter().find(|own| own.as_str() == name).ok_or_else(not_found)?;
        Ok(members(json!({ "baseUrl": self.root(name) })))
    }

    fn root(&self, name: &PodName) -> String {
        self.addresses.iri(&ResourcePath::root(name.clone()))
    }

    /// Spec: O-205, O-343
    async fn link(
        &self,
        account: &Account,
        WebIdWish { web_id }: WebIdWish,
        controls: &Controls<'_>,
        client: IpAddr,
    ) -> Result<Members, Problem> {
        let read = async |webid: &str| self.identity.read_webid(webid, client, self.clock.now()).await;
        let linked = self.accounts.link_webid(&account.id, &web_id, read).await?;
        let mut made = members(json!({
            "resource": controls.webid(&account.id, &web_id),
            "webId": web_id,
            "oidcIssuer": self.addresses.base(),
        }));
        if !linked.listed {
            let missing = format!("<{web_id}> <{}> <{}>.", solid::OIDC_ISSUER, self.addresses.base());
            made.insert("warning".into(), format!("the WebID's document must say: {missing}").into());
        }
        Ok(made)
    }

    /// Spec: O-206, O-343
    async fn unlink(&self, account: &Account, link: &str) -> Result<Members, Problem> {
        let webid = account.webids.iter().find(|webid| link_name(webid) == link).ok_or_else(not_found)?;
        self.accounts.unlink_webid(&account.id, webid).await?;
        Ok(Members::new())
    }

    /// Spec: O-202, O-204
    async fn add_credential(
        &self,
        by: &SignedIn,
        wish: CredentialWish,
        controls: &Controls<'_>,
    ) -> Result<Members, Problem> {
        let id = &by.account.id;
        let made = self.accounts.create_credential(id, Some(wish.web_id.trim()), wish.name.as_deref()).await?;
        Ok(members(json!({
            "id": made.credential.id,
            "secret": made.secret.reveal(),
            "resource": controls.credential(id, &made.credential.id),
        })))
    }

    async fn credential(&self, account: &Account, id: &str) -> Result<Members, Problem> {
        let own = self.accounts.credentials(account).await?;
        let credential = own.into_iter().find(|credential| credential.id.as_str() == id).ok_or_else(not_found)?;
        Ok(members(json!({ "id": credential.id, "webId": credential.webid })))
    }

    async fn delete_credential(&self, account: &Account, id: &str) -> Result<Members, Problem> {
        let id = CredentialId::parse(id).ok_or_else(not_found)?;
        self.accounts.delete_credential(&account.id, &id).await?;
        Ok(Members::new())
    }
}

fn passwords(account: &Account, controls: &Controls<'_>) -> Members {
    let logins = account.login.iter();
    let logins = logins.map(|login| (login.email.to_string(), controls.password(&account.id).into()));
    members(json!({ "passwordLogins": logins.collect::<Members>() }))
}

fn webids(account: &Account, controls: &Controls<'_>) -> Members {
    let links = account.webids.iter().map(|webid| (webid.clone(), controls.webid(&account.id, webid).into()));
    members(json!({ "webIdLinks": links.collect::<Members>() }))
}

fn credentials(account: &Account, controls: &Controls<'_>) -> Members {
    let own = account.credentials.iter();
    let own = own.map(|id| (id.to_string(), controls.credential(&account.id, id).into()));
    members(json!({ "clientCredentials": own.collect::<Members>() }))
}

fn members(object: Value) -> Members {
    if let Value::Object(members) = object { members } else { Members::new() }
}
