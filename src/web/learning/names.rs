//! The form by which owners say under which names tools know them.

use std::sync::Arc;

use http::Response;

use super::{Words, failed};
use crate::http::Body;
use crate::ingest::learning::Learning;
use crate::ingest::learning::person::OnlineAccount;
use crate::web::own::Own;
use crate::web::parts::Field;
use crate::web::{Form, Instead, Pages, path, see_other};

/// Its two fields.
pub(super) struct Names {
    words: &'static Words,
    pub home: Field,
    pub name: Field,
}

impl Names {
    pub fn new(words: &'static Words) -> Self {
        let home = Field {
            name: "home",
            label: words.home,
            kind: "url",
            autocomplete: "off",
            help: Some(words.home_help),
            ..Field::default()
        };
        let name = Field {
            name: "name",
            label: words.name,
            kind: "text",
            autocomplete: "off",
            help: Some(words.name_help),
            ..Field::default()
        };
        Self { words, home, name }
    }

    pub fn fields(&self) -> [&Field; 2] {
        [&self.home, &self.name]
    }

    pub fn is_wrong(&self) -> bool {
        self.fields().iter().any(|field| field.error.is_some())
    }

    /// Notes what was typed, or says what is wrong with it.
    pub async fn take(&mut self, pages: &Pages, own: &Own<'_>, form: &Form) -> Result<Option<Response<Body>>, Instead> {
        form.get("home").trim().clone_into(&mut self.home.value);
        form.get("name").trim().clone_into(&mut self.name.value);
        let is_web = url::Url::parse(&self.home.value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        let home = crate::ingest::learning::trace::iri(&self.home.value).filter(|_| is_web);
        let name = &self.name.value;
        let is_name = !name.is_empty() && name.chars().count() <= 200 && !name.contains(char::is_control);
        self.home.error = home.is_none().then_some(self.words.home_wrong);
        self.name.error = (!is_name).then_some(self.words.name_wrong);
        let (Some(home), true) = (home, is_name) else { return Ok(None) };
        let account = OnlineAccount { home: home.to_string(), name: name.clone() };
        let (pods, accounts) = (Arc::clone(&pages.profiles.pods), Arc::clone(&pages.accounts));
        let learning = Learning { pods, accounts, clock: Arc::clone(&pages.clock) };
        learning.add_name(&own.pod, &account).await.map_err(failed)?;
        Ok(Some(see_other(&format!("{}?done=name", path::LEARNING), Vec::new())))
    }
}
