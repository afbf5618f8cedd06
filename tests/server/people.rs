//! The pages of contacts and payslips, as people use them: what the pod holds is shown, and changed through the one way in.

use crate::browser::{Browser, Shown};
use crate::world::{Person, World};

const CONTACTS: &str = ".account/contacts/";
const PREFIXES: &str = "@prefix vcard: <http://www.w3.org/2006/vcard/ns#>.\n@prefix dc: <http://purl.org/dc/elements/1.1/>.\n\
                        @prefix solid: <http://www.w3.org/ns/solid/terms#>.\n@prefix dct: <http://purl.org/dc/terms/>.\n\
                        @prefix dcat: <http://www.w3.org/ns/dcat#>.\n@prefix schema: <http://schema.org/>.\n\
                        @prefix cartable: <https://w3id.org/cartable/ns#>.\n";

/// Somebody with a browser, and with an application that writes into their pod.
struct Scene<'a> {
    browser: Browser<'a>,
    app: Person,
}

impl<'a> Scene<'a> {
    async fn new(world: &'a World) -> Self {
        let ada = world.pupil("ada").await;
        let key = world.accounts.create_credential(&ada.account, None, None).await.unwrap().credential;
        let mut app = world.nobody.clone().speaks_for(&ada.webid, key.id.as_str(), &world.keys).await;
        app.pod.clone_from(&ada.pod);
        Self { browser: world.browser_of(&ada).await, app }
    }

    async fn put(&self, place: &str, turtle: &str) {
        let status = self.app.put(place, &format!("{PREFIXES}{turtle}")).await.status;
        assert!(status.is_success(), "{place}: {status}");
    }

    /// What the private type index says of things of a class.
    async fn register(&self, class: &str, says: &str) {
        let inserts = format!("solid:inserts {{ <#{class}> a solid:TypeRegistration; solid:forClass {says} }}");
        let vcard = "<http://www.w3.org/2006/vcard/ns#";
        let inserts = inserts.replace("vcard:", vcard).replace("AddressBook;", "AddressBook>;");
        let inserts =
            inserts.replace("cartable:", "<https://w3id.org/cartable/ns#").replace("PayDocument;", "PayDocument>;");
        let status = self.app.patch("/settings/privateTypeIndex", &inserts).await.status;
        assert!(status.is_success(), "{status}");
    }

    /// A book of a school, with people of these names, all of them in the class 2GT3.
    async fn book(&self, names: &[&str]) {
        for (number, name) in names.iter().enumerate() {
            let says = format!(
                "<#this> a vcard:Individual; vcard:fn \"{name}\"; vcard:role \"Élève\"@fr; vcard:hasEmail <#email-ent>.\n\
                 <#email-ent> a vcard:Work; vcard:value <mailto:p{number}@ent.example>."
            );
            self.put(&format!("/contacts/b1/Person/{number}/index.ttl"), &says).await;
        }
        let list = |line: fn(usize, &str) -> String| {
            names.iter().enumerate().map(|(number, name)| line(number, name)).collect::<Vec<_>>().join("\n")
        };
        let people = list(|number, name| {
            format!("<Person/{number}/index.ttl#this> vcard:inAddressBook <index.ttl#this>; vcard:fn \"{name}\".")
        });
        let members = list(|number, name| {
            let card = format!("<../../Person/{number}/index.ttl#this>");
            format!("<#this> vcard:hasMember {card}. {card} vcard:fn \"{name}\".")
        });
        let group = "<index.ttl#this> vcard:includesGroup <Group/g1/index.ttl#this>. <Group/g1/index.ttl#this> vcard:fn \"2GT3\".";
        self.put("/contacts/b1/people.ttl", &people).await;
        self.put("/contacts/b1/groups.ttl", group).await;
        self.put("/contacts/b1/Group/g1/index.ttl", &format!("<#this> a vcard:Group; vcard:fn \"2GT3\".\n{members}"))
            .await;
        let front = "<#this> a vcard:AddressBook; dc:title \"Carnet scolaire\"; vcard:nameEmailIndex <people.ttl>; \
                     vcard:groupIndex <groups.ttl>.";
        self.put("/contacts/b1/index.ttl", front).await;
        let book = format!("{}contacts/b1/index.ttl#this", self.app.pod);
        self.register("book", &format!("vcard:AddressBook; solid:instance <{book}>")).await;
    }

    /// The page that a row of this name leads to.
    async fn open(&mut self, list: &Shown, name: &str) -> Shown {
        let row = list.answer.text().split("<li>").find(|row| row.contains(&format!("\"title\">{name}<")));
        let link = row.unwrap_or_else(|| panic!("no row {name}: {list:?}")).split("href=\"").nth(1).unwrap();
        let link = link.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        self.browser.visit(link.trim_start_matches('/')).await
    }
}

/// Shows: CP-50
#[tokio::test]
async fn contacts_are_listed_by_name_with_role_and_address_and_by_group() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    let empty = scene.browser.visit(CONTACTS).await;
    assert!(empty.says("Ici viendront vos contacts") && empty.says("Relier mon établissement"), "{empty:?}");
    scene.book(&["Soizic Fictive", "Élouan Modèle", "Malo Fictif"]).await;
    let list = scene.browser.visit(CONTACTS).await;
    let text = list.answer.text();
    let places = ["Élouan Modèle", "Malo Fictif", "Soizic Fictive"].map(|name| text.find(name).unwrap());
    assert!(places.is_sorted() && list.says("3 personnes") && list.says("Élève · p2@ent.example"), "{list:?}");
    scene.app.delete("/contacts/b1/Person/0/index.ttl").await.is(204);
    let group = scene.browser.visit(&format!("{CONTACTS}?group=%2Fcontacts%2Fb1%2FGroup%2Fg1%2Findex.ttl")).await;
    assert!(group.says("2GT3") && group.says("Soizic Fictive"), "a name stands in the list: {group:?}");
    let card = scene.open(&list, "Malo Fictif").await;
    assert!(card.says("p2@ent.example") && card.says("2GT3"), "{card:?}");
    world.nobody.get(&format!("{}{CONTACTS}", world.base)).await.is(303);
}

/// Shows: CP-50
#[tokio::test]
async fn many_contacts_are_shown_by_letter() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    let names: Vec<_> = (0..40).flat_map(|n| [format!("Anna {n:02}"), format!("Émile {n:02}")]).collect();
    scene.book(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let list = scene.browser.visit(CONTACTS).await;
    assert!(list.says("80 personnes") && list.says("Anna 39") && !list.says("Émile"), "{list:?}");
    let list = scene.browser.visit(&format!("{CONTACTS}?letter=E")).await;
    assert!(list.says("Émile 00") && !list.says("Anna"), "{list:?}");
    assert!(scene.browser.visit(&format!("{CONTACTS}?letter=Z")).await.says("Anna 00"), "there is no such letter");
}

/// Shows: CP-51
#[tokio::test]
async fn a_contact_is_added_by_hand_and_deleted() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    let page = scene.browser.visit(".account/contacts/new/").await;
    let form = page.form("name=\"telephone\"");
    let wrong = scene.browser.submit(&page, &form, &[("name", "Lena"), ("email", "lena"), ("telephone", "")]).await;
    assert!(wrong.answer.status == 422 && wrong.says("Cette adresse n’est pas complète."), "{wrong:?}");
    for (name, email) in [("Lena <b>Fictive</b>", "lena@example.org"), ("Yann Prototype", "")] {
        let fields = [("name", name), ("email", email), ("telephone", "06 12 34 56 78")];
        let list = scene.browser.submit(&page, &form, &fields).await;
        assert!(list.says("Le contact est ajouté.") && list.says(name), "{list:?}");
    }
    let index = scene.app.get("/settings/privateTypeIndex").await.is(200);
    assert_eq!(index.text().matches("contacts/perso/index.ttl#this").count(), 1, "one book: {}", index.text());
    let list = scene.browser.visit(CONTACTS).await;
    let card = scene.open(&list, "Yann Prototype").await;
    assert!(card.says("0612345678"), "{card:?}");
    let asks = scene.browser.visit(&format!("{}&delete", card.url)).await;
    assert!(asks.says("Supprimer cette fiche ?"), "{asks:?}");
    assert!(scene.browser.visit(CONTACTS).await.says("Yann"), "asking deletes nothing");
    let list = scene.browser.submit(&asks, &asks.form("name=\"delete\""), &[]).await;
    assert!(list.says("La fiche est supprimée") || list.says("Le contact est supprimé."), "{list:?}");
    assert!(!list.says("Yann") && list.says("Lena"), "{list:?}");
}

/// Shows: CP-52
#[tokio::test]
async fn what_the_school_would_write_is_taken_or_left() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    scene.book(&["Malou"]).await;
    let card = format!("{}contacts/b1/Person/0/index.ttl", scene.app.pod);
    let report = |field: &str, value: &str| {
        format!(
            "<#run> cartable:proposal <#run-proposal-1>. <#run-proposal-1> a cartable:Proposal; dct:isPartOf <{card}>; \
             dct:subject <{card}#this>; cartable:field vcard:{field}; cartable:remoteValue {value}."
        )
    };
    let runs = "/connectors/0123456789abcdef/runs";
    scene.put(&format!("{runs}/20261101T210000Z.ttl"), &report("fn", "\"Malo\"")).await;
    scene.put(&format!("{runs}/20261108T210000Z.ttl"), &report("fn", "\"Malo Fictif\"")).await;
    scene.put(&format!("{runs}/20261109T210000Z.ttl"), &report("role", "\"Délégué\"@fr")).await;
    let list = scene.browser.visit(CONTACTS).await;
    let page = scene.open(&list, "Malou").await;
    assert!(
        page.says("L’établissement dit autre chose") && page.says("Malo Fictif") && page.says("Délégué"),
        "{page:?}"
    );
    assert!(!page.says(">Malo<"), "the latest word counts");
    let press = |page: &Shown, says: &str, name: &'static str| {
        let form = page.answer.text().split("<form ").find(|form| form.contains(says)).unwrap().to_owned();
        let button = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
        (page.form(says), name, button.to_owned())
    };
    let (form, name, id) = press(&page, "Malo Fictif", "take");
    let page = scene.browser.submit(&page, &form, &[(name, &id)]).await;
    assert!(page.says("<h1>Malo Fictif</h1>") && page.says("Délégué"), "{page:?}");
    let (form, name, id) = press(&page, "Délégué", "keep");
    let page = scene.browser.submit(&page, &form, &[(name, &id)]).await;
    assert!(page.says("Élève") && !page.says("Délégué") && !page.says("dit autre chose"), "{page:?}");
    assert!(scene.app.get(&card).await.text().contains("Malo Fictif"));
}

/// Shows: O-102
#[tokio::test]
async fn payslips_show_amounts_only_if_asked_and_are_dropped_as_pdf() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    let empty = scene.browser.visit(".account/payslips/").await;
    assert!(empty.says("Ici viendront vos bulletins"), "{empty:?}");
    let file = "documents/Administratif/Ensap/Ma%20paye/2025/2025_12_Bulletin_de_paie_decembre.pdf";
    scene.app.ask("PUT", file).content("application/pdf", "%PDF-1.7 december").send().await.is(201);
    let record = format!(
        "<#it> a cartable:PayDocument; dct:title \"Bulletin de paie – décembre 2025\"@fr; dct:temporal <#period>; \
         schema:encoding <{}{file}>; schema:sourceOrganization <#employer>.\n<#period> dcat:startDate \"2025-12-01\".\n\
         <#employer> schema:legalName \"LYCÉE FICTIF\".",
        scene.app.pod
    );
    scene.put("/administratif/ensap/a1/records/r1.ttl", &record).await;
    let amounts = "<#it> cartable:netPaid <#net>; cartable:gross <#gross>. <#net> schema:value 2104.17. <#gross> schema:value 2719.43.";
    scene.put("/administratif/ensap/a1/amounts/r1.ttl", amounts).await;
    let records = format!("{}administratif/ensap/a1/records/", scene.app.pod);
    scene.register("pay", &format!("cartable:PayDocument; solid:instanceContainer <{records}>")).await;

    let page = scene.browser.visit(".account/payslips/").await;
    assert!(
        page.says("Bulletin de paie – décembre 2025") && page.says("LYCÉE FICTIF") && page.says("2025"),
        "{page:?}"
    );
    assert!(!page.says("104") && !page.says("<svg class=\"chart\""), "amounts are not even in the page");
    let shown = scene.browser.visit(".account/payslips/?year=2025&amounts=show").await;
    assert!(
        shown.says("2\u{202f}104,17 €") && shown.says("2\u{202f}719,43 €") && shown.says("class=\"chart\""),
        "{shown:?}"
    );
    let saved = scene.open(&page, "Bulletin de paie – décembre 2025").await;
    assert_eq!(saved.answer.text(), "%PDF-1.7 december");
    assert!(
        saved.answer.field("content-disposition").starts_with("attachment") && saved.url.contains("/.account/raw/")
    );

    let page = scene.browser.visit(".account/payslips/drop/").await;
    let csrf = page.form("name=\"csrf\"").fields[0].1.clone();
    for (token, file, status) in [
        (csrf.as_str(), "%PDF-1.4 dropped", 303),
        (csrf.as_str(), "%PDF-1.4 the same name", 303),
        (csrf.as_str(), "a picture", 422),
        ("another", "%PDF-1.4 dropped", 403),
    ] {
        let part =
            |name: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n");
        let body =
            part("name=\"csrf\"", token) + &part("name=\"file\"; filename=\"../2026 01.pdf\"", file) + "--x--\r\n";
        let asking =
            world.nobody.ask("POST", &page.url).accept("text/html").header("cookie", &scene.browser.cookie_field());
        let sent = asking.header("sec-fetch-site", "same-origin").content("multipart/form-data; boundary=x", body);
        sent.send().await.is(status);
    }
    let folder = "/documents/Administratif/%C3%80%20classer/";
    assert_eq!(scene.app.members(folder).await.len(), 2);
    assert_eq!(scene.app.get(&format!("{folder}202601.pdf")).await.is(200).text(), "%PDF-1.4 dropped");
}
