//! The pages of what somebody learns: traces by day and tool, diplomas, and the names under which tools know the owner.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::{Answer, World};

const LEARNING: &str = ".account/learning/";
const DIPLOMA: &str = ".account/learning/diploma/";
const STATEMENTS: &str = include_str!("../fixtures/xapi/statements.json");

/// Sends the form of a diploma with its file.
async fn send_diploma(world: &World, browser: &mut Browser<'_>, fields: &[(&str, &str)], file: &str) -> Answer {
    let page = browser.visit(DIPLOMA).await;
    let hidden = page.form("enctype").fields;
    let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let part = |(name, value)| format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let parts: String = hidden.chain(fields.iter().copied()).map(part).collect();
    let named = "content-disposition: form-data; name=\"file\"; filename=\"bac.pdf\"\r\ncontent-type: application/pdf";
    let body = format!("{parts}--x\r\n{named}\r\n\r\n{file}\r\n--x--\r\n");
    let asking = world.nobody.ask("POST", DIPLOMA).accept("text/html").header("accept-language", "fr");
    let asking = asking.header("cookie", &browser.cookie_field()).header("sec-fetch-site", "same-origin");
    asking.content("multipart/form-data; boundary=x", body).send().await
}

const FIELDS: [(&str, &str); 7] = [
    ("title", "Baccalauréat général"),
    ("awarded", "2026-07-04"),
    ("body", "Académie de Rennes"),
    ("mention", "bien"),
    ("number", "2026-000-123"),
    ("link", "https://diplome.example/check/abc"),
    ("exams", "Mathématiques ; 13,5/20 ; 16"),
];

/// Shows: LT-20, LT-21
#[tokio::test]
async fn an_owner_says_how_tools_know_them_and_sees_what_they_send() {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    let mut browser = world.browser_of(&ada).await;
    let page = browser.visit(LEARNING).await;
    assert!(page.says("Parcours") && page.says("Ici viendront vos exercices"), "{page:?}");
    assert!(page.says(&format!("{}.xapi/", ada.pod)));
    let form = page.form("name=\"home\"");
    let wrong = browser.submit(&page, &form, &[("home", "ent"), ("name", "")]).await;
    assert_eq!(wrong.answer.status, 422);
    assert!(wrong.says("Une adresse commence par https://") && wrong.says("Écrivez votre identifiant"));
    let said = [("home", "https://ent.armorique.example"), ("name", "9f2c7e10-demo-pseudonym")];
    let page = browser.submit(&page, &form, &said).await;
    assert!(page.says("C’est noté"), "{page:?}");

    let key = world.accounts.create_credential(&ada.account, None, None).await.unwrap().credential;
    let mut app = world.nobody.clone().speaks_for(&ada.webid, key.id.as_str(), &world.keys).await;
    app.pod.clone_from(&ada.pod);
    let mut sent: Value = serde_json::from_str(STATEMENTS).unwrap();
    let sent = sent["statements"].as_array_mut().unwrap();
    sent.remove(17);
    let body = json!(sent).to_string();
    let asking = app.ask("POST", ".xapi/statements").header("x-experience-api-version", "1.0.3");
    asking.content("application/json", body).send().await.is(200);
    let page = browser.visit(LEARNING).await;
    for words in
        ["12 octobre 2026", "Moodle", "a terminé Chapitre 1", "13,5 sur 20", "Vie scolaire (fictif)", "10 h 15"]
    {
        assert!(page.says(words), "{words}: {page:?}");
    }
    assert!(!page.says("Question 2"), "what is void is not shown");
    let text = page.answer.text();
    let earlier = text.split("href=\"").find_map(|rest| rest.split('"').next().filter(|link| link.contains("before=")));
    let page = browser.visit(earlier.unwrap().trim_start_matches('/')).await;
    assert!(page.says("7 septembre 2026") && page.says("Question 1") && !page.says("Question 2"), "{page:?}");
}

/// Shows: LT-30, shape L3, shape L4
#[tokio::test]
async fn a_diploma_is_added_with_its_file() {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    let mut browser = world.browser_of(&ada).await;
    let future = FIELDS.map(|(name, value)| if name == "awarded" { (name, "2027-07-04") } else { (name, value) });
    let refused = send_diploma(&world, &mut browser, &future, "%PDF-1.7 x").await.is(422);
    assert!(refused.text().contains("pas encore passée") && refused.text().contains("Académie de Rennes"));
    send_diploma(&world, &mut browser, &FIELDS, "<html>").await.is(422);
    for _ in 0..2 {
        let added = send_diploma(&world, &mut browser, &FIELDS, "%PDF-1.7 x").await.is(303);
        assert_eq!(added.field("location"), "/.account/learning/?done=diploma");
    }
    let page = browser.visit(LEARNING).await;
    for words in
        ["Baccalauréat général", "Mention bien · 4 juillet 2026 · Académie de Rennes", "diplome.example/check/abc"]
    {
        assert!(page.says(words), "{words}: {page:?}");
    }
    let key = world.accounts.create_credential(&ada.account, None, None).await.unwrap().credential;
    let mut app = world.nobody.clone().speaks_for(&ada.webid, key.id.as_str(), &world.keys).await;
    app.pod.clone_from(&ada.pod);
    let record = app.get("learning/achievements/2026-07-04-baccalaur%C3%A9at-g%C3%A9n%C3%A9ral.ttl").await.is(200);
    assert!(record.text().contains("hasClaim") && record.text().contains("sha256"), "{}", record.text());
    assert_eq!(
        app.get("documents/Diplomes/Baccalaur%C3%A9at%20g%C3%A9n%C3%A9ral%202026.pdf").await.is(200).text(),
        "%PDF-1.7 x"
    );
    assert_eq!(app.members("learning/achievements/").await.len(), 2, "a second one replaces nothing");
    assert!(app.get("settings/privateTypeIndex").await.text().contains("LearningAchievement"));
    world.nobody.get(&format!("{}learning/achievements/", ada.pod)).await.is(401);
}
