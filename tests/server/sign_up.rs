//! Signing up in eight steps, as a browser without scripts does it, with the letters read from the data folder.

use std::time::Duration;

use cartable::identity::account::Email;

use crate::browser::{Browser, Shown};
use crate::world::{Settings, World};

pub const PASSWORD: &str = "un pont sur la rivière";

impl World {
    /// The URL of a page of the account.
    pub fn page(&self, page: &str) -> String {
        format!("{}.account/{page}", self.base)
    }

    /// The texts of all letters so far to an address, oldest first.
    pub async fn letters(&self, to: &str) -> Vec<String> {
        self.work().await;
        let Ok(folder) = std::fs::read_dir(self.folder.path().join("mail")) else { return Vec::new() };
        let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
        files.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
        let texts = files.into_iter().map(|path| std::fs::read_to_string(path).unwrap());
        texts.filter(|text| text.contains(&format!("To: {to}"))).collect()
    }

    /// The letter to an address that says something. Letters of one instant come in any order.
    pub async fn letter(&self, to: &str, says: &str) -> String {
        let letters = self.letters(to).await;
        let told = letters.iter().rev().find(|letter| letter.contains(says));
        told.unwrap_or_else(|| panic!("no letter says {says:?}: {letters:#?}")).clone()
    }

    /// The link in the latest letter to an address that has one.
    pub async fn link(&self, to: &str) -> String {
        let letter = self.letter(to, "?t=").await;
        letter.split_whitespace().find(|word| word.contains("?t=")).unwrap().to_owned()
    }
}

impl Browser<'_> {
    /// Sends the form of a page that is not about signing out, nor about what takes scripts.
    pub async fn fill(&mut self, page: &Shown, fields: &[(&str, &str)]) -> Shown {
        let password = page.answer.text().contains("name=\"password\"");
        let form = page.form(if password { "name=\"password\"" } else { "name=\"csrf\"" });
        self.submit(page, &form, fields).await
    }

    pub async fn begin(&mut self, world: &World) -> Shown {
        let page = self.visit(&world.page("signup/")).await;
        self.fill(&page, &[]).await
    }

    /// Answers all questions up to the letter.
    pub async fn until_check(&mut self, world: &World, email: &str, name: &str) -> Shown {
        let page = self.begin(world).await;
        let page = self.fill(&page, &[("email", email)]).await;
        let page = self.fill(&page, &[("name", name)]).await;
        self.fill(&page, &[("accept", "yes")]).await
    }
}

#[track_caller]
fn is_step(page: &Shown, number: usize) {
    assert!(page.says(&format!("Étape {number} sur 8")), "{}: {}", page.url, page.answer.text());
}

/// Shows: O-321, CP-01, CP-02, CP-03, CP-04, CP-05, CP-06, CP-07, CP-08
#[tokio::test]
async fn eight_steps_open_a_space() {
    let world = World::start().await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.page("signup/")).await;
    is_step(&page, 1);
    let page = browser.fill(&page, &[]).await;
    is_step(&page, 2);
    assert!(!page.answer.text().contains("checked"), "nothing is ticked for anybody");
    let page = browser.fill(&page, &[("email", "dora@example.org")]).await;
    is_step(&page, 3);
    let page = browser.fill(&page, &[("name", "renard-bleu-42")]).await;
    is_step(&page, 4);
    let page = browser.fill(&page, &[("accept", "yes")]).await;
    is_step(&page, 5);
    assert!(page.says("dora@example.org"));

    let page = browser.visit(&world.link("dora@example.org").await).await;
    assert!(page.says("Confirmer mon adresse"));
    let page = browser.fill(&page, &[]).await;
    is_step(&page, 6);
    let page = browser.fill(&page, &[("password", PASSWORD)]).await;
    is_step(&page, 7);
    let page = browser.fill(&page, &[]).await;
    is_step(&page, 8);
    assert!(page.says(&format!("{}renard-bleu-42/", world.base)));
    let profile = format!("{}renard-bleu-42/profile/card", world.base);
    world.nobody.get(&profile).await.is(404);
    let email = Email::parse("dora@example.org").unwrap();
    assert!(world.accounts.by_email(&email).await.unwrap().is_none(), "nothing is there before the last step");

    let home = browser.fill(&page, &[]).await;
    assert_eq!(home.url, format!("{}.account/", world.base));
    assert!(home.says("renard-bleu-42"));
    let shown = world.nobody.ask("GET", &profile).accept("text/turtle").send().await.is(200);
    assert!(shown.says(&profile, "<#me> solid:oidcIssuer <../../>."), "{}", shown.text());
    let account = world.accounts.by_email(&email).await.unwrap().unwrap();
    assert!(!account.newsletter && account.terms.len() == 1 && account.pods.len() == 1);

    let mut other = Browser::new(&world);
    let page = other.visit(&world.page("login/")).await;
    let form = page.form("name=\"password\"");
    let home = other.submit(&page, &form, &[("email", "Dora@example.org"), ("password", PASSWORD)]).await;
    assert!(home.says("renard-bleu-42"));
}

#[tokio::test]
async fn going_back_keeps_the_answers_and_no_question_is_skipped() {
    let world = World::start().await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.page("signup/open/")).await;
    is_step(&page, 1);
    let page = browser.fill(&page, &[]).await;
    browser.fill(&page, &[("email", "dora@example.org"), ("newsletter", "yes")]).await;
    let page = browser.visit(&world.page("signup/password/")).await;
    is_step(&page, 3);
    let page = browser.visit(&world.page("signup/email/")).await;
    assert!(page.answer.text().contains("value=\"dora@example.org\"") && page.answer.text().contains("checked"));
    let page = browser.fill(&page, &[("email", "dora.d@example.org")]).await;
    let page = browser.fill(&page, &[("name", "renard-bleu-42")]).await;
    browser.fill(&page, &[("accept", "yes")]).await;
    browser.visit(&world.link("dora.d@example.org").await).await;
    assert!(world.letters("dora@example.org").await.is_empty());

    let page = browser.visit(&world.page("signup/")).await;
    assert!(page.says("Reprendre où j’en étais"));
    let page = browser.fill(&page, &[]).await;
    is_step(&page, 5);
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_the_question() {
    let world = World::start().await;
    let mut browser = Browser::new(&world);
    let page = browser.begin(&world).await;
    let wrong = browser.fill(&page, &[("email", "<script>alert(1)</script>")]).await;
    assert_eq!(wrong.answer.status, 422);
    assert!(!wrong.answer.text().contains("<script"), "what was typed is shown as text");
    let page = browser.fill(&wrong, &[("email", "dora@example.org")]).await;
    for (name, status, told) in [
        ("a", 422, "de 3 à 40"),
        ("É t é", 422, "de 3 à 40"),
        ("alice", 409, "déjà pris"),
        ("a1ice", 409, "déjà pris"),
        ("admin", 422, "réservé"),
    ] {
        let wrong = browser.fill(&page, &[("name", name)]).await;
        assert!(wrong.answer.status == status && wrong.says(told), "{name}: {}", wrong.answer.text());
    }
    let page = browser.fill(&page, &[("name", " Renard-Bleu-42 ")]).await;
    let wrong = browser.fill(&page, &[]).await;
    assert!(wrong.answer.status == 422 && wrong.says("Cochez la case"));
    let page = browser.fill(&page, &[("accept", "yes")]).await;
    is_step(&page, 5);
    let link = browser.visit(&world.link("dora@example.org").await).await;
    let page = browser.fill(&link, &[]).await;
    for (password, told) in [("court", "au moins 12"), ("aaaaaaaaaaaaaa", "parmi les premiers")] {
        let wrong = browser.fill(&page, &[("password", password)]).await;
        assert!(wrong.answer.status == 422 && wrong.says(told));
        assert!(!wrong.answer.text().contains(password), "a password is never sent back");
    }
    browser.fetch_site = Some("cross-site");
    assert_eq!(browser.fill(&page, &[("password", PASSWORD)]).await.answer.status, 403);
}

/// Shows: O-322
#[tokio::test]
async fn looking_at_a_link_does_nothing_and_a_used_or_old_one_says_so() {
    let world = World::start().await;
    let mut browser = Browser::new(&world);
    browser.until_check(&world, "dora@example.org", "renard-bleu-42").await;
    let link = world.link("dora@example.org").await;
    for _ in 0..3 {
        assert_eq!(world.nobody.ask("GET", &link).accept("text/html").send().await.status, 200);
    }
    is_step(&browser.visit(&world.page("signup/password/")).await, 5);
    let page = browser.visit(&link).await;
    is_step(&browser.fill(&page, &[]).await, 6);
    let used = browser.fill(&page, &[]).await;
    assert!(used.answer.status == 410 && used.says("Ce lien ne marche plus"));
    assert_eq!(browser.visit(&link).await.answer.status, 410);

    let mut late = Browser::new(&world);
    late.until_check(&world, "emil@example.org", "hibou-sage-77").await;
    let link = world.link("emil@example.org").await;
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(late.visit(&link).await.answer.status, 410);
    let page = late.visit(&world.page("signup/check/")).await;
    let page = late.fill(&page, &[]).await;
    assert!(page.says("Un nouveau message est parti"));
    assert_eq!(late.visit(&world.link("emil@example.org").await).await.answer.status, 200);
}

/// Shows: O-322
#[tokio::test]
async fn nobody_learns_which_addresses_have_accounts() {
    let world = World::start().await;
    let mut first = Browser::new(&world);
    first.until_check(&world, "dora@example.org", "renard-bleu-42").await;
    let page = first.visit(&world.link("dora@example.org").await).await;
    let page = first.fill(&page, &[]).await;
    let page = first.fill(&page, &[("password", PASSWORD)]).await;
    let page = first.fill(&page, &[]).await;
    first.fill(&page, &[]).await;

    let mut shown = Vec::new();
    for email in ["dora@example.org", "nora@example.org"] {
        let mut browser = Browser::new(&world);
        let page = browser.until_check(&world, email, "hibou-sage-77").await;
        let text = page.answer.text().replace(email, "…");
        let csrf = page.form("name=\"csrf\"").fields[0].1.clone();
        shown.push((page.url, page.answer.status, text.replace(&csrf, "…")));
    }
    assert_eq!(shown[0], shown[1]);
    world.letter("dora@example.org", "Elle ouvre déjà le vôtre").await;
    world.letter("nora@example.org", "?t=").await;
}

#[tokio::test]
async fn the_link_goes_on_in_the_browser_that_has_it() {
    let world = World::start().await;
    let mut thief = Browser::new(&world);
    thief.until_check(&world, "dora@example.org", "renard-bleu-42").await;
    let mut owner = Browser::new(&world);
    let page = owner.visit(&world.link("dora@example.org").await).await;
    is_step(&owner.fill(&page, &[]).await, 6);
    is_step(&thief.visit(&world.page("signup/password/")).await, 1);
}

/// Shows: O-327
#[tokio::test]
async fn a_name_that_goes_away_meanwhile_is_asked_again_and_two_presses_open_one_space() {
    let world = World::start().await;
    let mut browsers = [Browser::new(&world), Browser::new(&world)];
    let mut last = Vec::new();
    for (browser, email) in browsers.iter_mut().zip(["dora@example.org", "emil@example.org"]) {
        browser.until_check(&world, email, "renard-bleu-42").await;
        let page = browser.visit(&world.link(email).await).await;
        let page = browser.fill(&page, &[]).await;
        let page = browser.fill(&page, &[("password", PASSWORD)]).await;
        last.push(browser.fill(&page, &[]).await);
    }
    let [dora, emil] = &mut browsers;
    assert!(dora.fill(&last[0], &[]).await.says("renard-bleu-42"));
    let again = emil.fill(&last[1], &[]).await;
    assert!(again.says("Étape 3 sur 8") && again.says("déjà pris"), "{}", again.answer.text());
    assert_eq!(again.answer.status, 409);
    let proposed = again.form("value=\"renard-bleu-42-2\"");
    is_step(&emil.submit(&again, &proposed, &[]).await, 4);
    let page = emil.fill(&again, &[("name", "hibou-sage-77")]).await;
    is_step(&page, 4);
    let page = emil.visit(&world.page("signup/open/")).await;
    is_step(&page, 8);
    let form = page.form("name=\"csrf\"");
    let url = world.page("signup/open/");
    emil.send("POST", &url, Some(&form.fields)).await.is(303);
    let home = emil.visit(&world.page("")).await;
    assert!(home.says("hibou-sage-77"));
}

#[tokio::test]
async fn a_server_that_takes_nobody_says_so() {
    let world = World::with(Settings {
        registration: Some(cartable::identity::account::Registration::Closed),
        ..Settings::default()
    })
    .await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.page("signup/")).await;
    assert!(page.answer.status == 403 && page.says("Pas d’inscription ici"));
}

/// Shows: O-321
#[tokio::test]
async fn a_server_that_starts_again_goes_on_with_the_same_question() {
    let worlds = {
        let first = World::start().await;
        let (second, third) = (first.another().await, first.another().await);
        [second, third, first.another().await, first]
    };
    let mut browser = Browser::new(&worlds[3]);
    browser.until_check(&worlds[3], "dora@example.org", "renard-bleu-42").await;
    let link = worlds[3].link("dora@example.org").await;
    let answers = [(6, link, None), (7, worlds[3].page("signup/open/"), Some(("password", PASSWORD)))];
    for (world, (number, url, fields)) in worlds.iter().zip(answers) {
        browser = browser.at(world);
        let page = browser.visit(&url).await;
        is_step(&browser.fill(&page, fields.as_slice()).await, number);
    }
    let mut browser = browser.at(&worlds[2]);
    let page = browser.visit(&worlds[3].page("signup/")).await;
    let page = browser.fill(&page, &[]).await;
    let page = browser.fill(&page, &[]).await;
    assert!(browser.fill(&page, &[]).await.says("renard-bleu-42"));
}

#[tokio::test]
async fn an_invitation_opens_one_account() {
    let registration = Some(cartable::identity::account::Registration::Invite);
    let world = World::with(Settings { registration, ..Settings::default() }).await;
    let day = std::time::Duration::from_hours(24);
    let mut stranger = Browser::new(&world);
    assert_eq!(stranger.visit(&world.page("signup/")).await.answer.status, 403);
    let link = world.accounts.invite(Some("Dora"), day).await.unwrap();
    let open = world.accounts.invitations().await.unwrap();
    assert_eq!(open[0].1.note.as_deref(), Some("Dora"));
    assert!(!link.contains(&open[0].0), "what is kept opens nothing");
    let mut browser = Browser::new(&world);
    let page = browser.visit(&link).await;
    is_step(&page, 1);
    let page = browser.fill(&page, &[]).await;
    let page = browser.fill(&page, &[("email", "dora@example.org")]).await;
    let page = browser.fill(&page, &[("name", "renard-bleu-42")]).await;
    browser.fill(&page, &[("accept", "yes")]).await;
    let page = browser.visit(&world.link("dora@example.org").await).await;
    let page = browser.fill(&page, &[]).await;
    let page = browser.fill(&page, &[("password", PASSWORD)]).await;
    let page = browser.fill(&page, &[]).await;
    browser.visit(&link).await.answer.is(200);
    assert_eq!(browser.fill(&page, &[]).await.url, world.page(""));
    assert_eq!(stranger.visit(&link).await.answer.status, 403, "it is used up");
    let taken_back = world.accounts.invite(None, day).await.unwrap();
    let name = world.accounts.invitations().await.unwrap().remove(0).0;
    world.accounts.take_back_invitation(&name).await.unwrap();
    let old = world.accounts.invite(None, day).await.unwrap();
    world.clock.advance(day);
    for link in [taken_back, old] {
        assert_eq!(stranger.visit(&link).await.answer.status, 403);
    }
    world.work().await;
    assert!(world.accounts.invitations().await.unwrap().is_empty());
}

/// Shows: O-321, O-341
#[tokio::test]
async fn a_passkey_is_offered_and_a_password_remains_without_scripts() {
    let world = World::start().await;
    let mut browser = Browser::new(&world);
    browser.until_check(&world, "dora@example.org", "renard-bleu-42").await;
    let page = browser.visit(&world.link("dora@example.org").await).await;
    let page = browser.fill(&page, &[]).await;
    is_step(&page, 6);
    let html = page.answer.text().replace("&#34;", "\"");
    for part in ["\"userVerification\":\"required\"", "\"residentKey\":\"required\"", "\"attestation\":\"none\""] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let mut offered = page.form("data-passkey=\"create\"");
    offered.fields.retain(|(name, _)| name != "passkey");
    assert!(html.contains("\" hidden>"), "without scripts it is not to be seen");
    let wrong = browser.submit(&page, &offered, &[("passkey", "{}")]).await;
    assert!(wrong.answer.status == 422 && wrong.says("n’a pas donné de clé valable"));
    let password = page.form("name=\"password\"");
    is_step(&browser.submit(&page, &password, &[("password", PASSWORD)]).await, 7);
}
