//! Payslips: stories of what arrives from the pay portal and through the drop folder, and of what never does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cartable::ingest::connection::{Connection, ConnectionId, New};
use cartable::ingest::outcome::Status;
use cartable::ingest::payslips::connector::EVERYTHING;
use cartable::ingest::payslips::reading::{Reader, Unread};
use cartable::ingest::payslips::{Credentials, Dropped, Payslips};
use cartable::ingest::schedule::Frequency;
use cartable::ingest::service::REST;
use cartable::path::PodName;
use cartable::rdf::graph::Term;
use tokio::net::TcpListener;

use crate::pay::documents::{self, Document};
use crate::pay::{Generation, LOGIN, Over, PASSWORD, Place, Portal};
use crate::stand_in::{Fault, fixture};
use crate::world::{Answer, Settings, World};

const PREFIXES: &str = "@prefix cartable: <https://w3id.org/cartable/ns#>. @prefix schema: <http://schema.org/>.
    @prefix dcat: <http://www.w3.org/ns/dcat#>. @prefix prov: <http://www.w3.org/ns/prov#>.";
const FOLDER: &str = "documents/Administratif/Ensap/Ma%20paye/";
const DECEMBER: &str = "documents/Administratif/Ensap/Ma%20paye/2025/2025_12_Bulletin_de_paie_decembre.pdf";

fn reader() -> Arc<Reader> {
    Arc::new(Reader::new(PathBuf::from(env!("CARGO_BIN_EXE_cartable"))))
}

/// A world with a pay portal, and Alice's connection to it.
struct Story {
    world: World,
    portal: Portal,
    alice: PodName,
    id: ConnectionId,
}

impl Story {
    async fn begin() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let portal = Portal::open(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let origin = portal.origin.parse().unwrap();
        let payslips = Payslips::new(origin, reader()).within(Duration::from_secs(2));
        let world = World::with(Settings { connectors: vec![Arc::new(payslips)], ..settings }).await;
        let alice = PodName::parse("alice").unwrap();
        let new = New {
            connector: "payslips".into(),
            pod: alice.clone(),
            owner: world.alice.webid().into(),
            label: "Ma paye".into(),
            settings: serde_json::Value::Null,
            frequency: Frequency::Weekly,
        };
        let id = world.ingest.connect(new, Some(&credentials(PASSWORD))).await.unwrap();
        Self { world, portal, alice, id }
    }

    /// Runs once more, as if its owner had asked.
    async fn run_again(&self) -> Status {
        self.world.clock.advance(REST + Duration::from_secs(1));
        self.world.ingest.run_now(&self.alice, &self.id).await.unwrap();
        self.run().await
    }

    async fn run(&self) -> Status {
        self.world.run().await;
        self.connection().await.state.last_status.unwrap()
    }

    async fn connection(&self) -> Connection {
        self.world.ingest.connection(&self.alice, &self.id).await.unwrap()
    }

    async fn get(&self, place: &str) -> Answer {
        self.world.alice.later(&self.world.keys).await.get(place).await
    }

    fn url(&self, local: &str) -> String {
        format!("{}{local}", self.world.alice.pod)
    }

    fn account(&self, rest: &str) -> String {
        self.url(&format!("administratif/ensap/{}/{rest}", self.id))
    }

    async fn members(&self, container: &str) -> Vec<String> {
        let owner = self.world.alice.later(&self.world.keys).await;
        if owner.get(container).await.status == 404 { Vec::new() } else { owner.members(container).await }
    }

    /// The names of all files below the folder of pay documents.
    async fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        for year in self.members(&self.url(FOLDER)).await {
            files.extend(self.members(&year).await);
        }
        let root = self.url(FOLDER);
        files.iter().map(|file| file.strip_prefix(&root).unwrap().to_owned()).collect()
    }

    /// The record and the amounts of the document whose file this is.
    async fn of_file(&self, file: &str) -> Option<(String, String)> {
        for record in self.members(&self.account("records/")).await {
            let graph = self.get(&record).await.is(200).graph(&record);
            let it = Term::iri(format!("{record}#it"));
            let encoding = Term::iri(file);
            if graph.objects(&it, "http://schema.org/encoding").any(|found| *found == encoding) {
                let amounts = record.replace("/records/", "/amounts/");
                return Some((record, amounts));
            }
        }
        None
    }

    async fn says(&self, place: &str, turtle: &str) -> bool {
        self.get(place).await.is(200).says(place, &format!("{PREFIXES} {turtle}"))
    }

    /// Every `ETag` below the account and the folder.
    async fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        let mut places = self.members(&self.account("records/")).await;
        places.extend(self.members(&self.account("amounts/")).await);
        places.extend(self.files().await.iter().map(|file| self.url(&format!("{FOLDER}{file}"))));
        for place in places {
            let tag = self.get(&place).await.is(200).field("etag").to_owned();
            tags.insert(place, tag);
        }
        tags
    }
}

fn credentials(password: &str) -> Credentials {
    Credentials { login: LOGIN.into(), password: password.into() }
}

/// The payslips of which there are files.
fn whole() -> Vec<Document> {
    let known = ["112", "122", "201", "220"];
    let all = documents::of_fixtures().into_iter();
    all.filter(|document| known.iter().any(|end| document.id().unwrap().ends_with(end))).collect()
}

/// Shows: CP-25, shape P1, shape P3, shape P5
#[tokio::test]
async fn payslips_arrive_with_records_and_amounts() {
    let story = Story::begin().await;
    assert_eq!(story.run().await, Status::Partial, "most files of the fixtures are not there");
    let december = story.url(DECEMBER);
    let file = story.get(&december).await.is(200);
    assert_eq!(file.field("content-type"), "application/pdf");
    assert_eq!(file.body, fixture("ensap/pdf/2025_12_BP_decembre.pdf"));
    let (record, amounts) = story.of_file(&december).await.unwrap();
    let said = "<#it> a cartable:Payslip ; dct:title \"Bulletin de paie – décembre 2025\"@fr ; schema:encoding ?file .
        <#period> dcat:startDate \"2025-12-01\"^^xsd:date ; dcat:endDate \"2025-12-31\"^^xsd:date .
        <#employer> schema:legalName \"LYCÉE FICTIF AR MOR GLAS\" .";
    assert!(story.says(&record, &said.replace("?file", &format!("<{december}>"))).await);
    let said = "<#net> schema:value 2104.17 ; cartable:readFrom cartable:Listing, cartable:PdfText .
        <#it> cartable:grade \"PROF. CERTIFIE CN\" ; cartable:majoratedIndex 476 .";
    assert!(story.says(&amounts, said).await);
    assert_eq!(
        story.files().await,
        [
            "2025/2025_01_Attestation_fiscale_janvier.pdf",
            "2025/2025_06_D%C3%A9compte_de_rappel_juin.pdf",
            "2025/2025_12_Bulletin_de_paie_decembre.pdf",
            "2026/2026_01_Bulletin_de_paie_janvier.pdf",
            "2026/2026_03_Bulletin_de_paie_mars.pdf",
        ]
    );
}

/// Amounts are never shared along with the folder that they lie in.
#[tokio::test]
async fn amounts_have_a_rule_of_their_own() {
    let story = Story::begin().await;
    story.portal.documents(whole());
    assert_eq!(story.run().await, Status::Ok);
    let (record, amounts) = story.of_file(&story.url(DECEMBER)).await.unwrap();
    let World { alice, bob, keys, .. } = &story.world;
    let (alice, bob) = (alice.later(keys).await, bob.later(keys).await);
    alice.allow_all("administratif/", &bob, "acl:Read").await;
    bob.get(&record).await.is(200);
    bob.get(&amounts).await.is(403);
}

/// What must stay in the PDF is nowhere else: not in the data folder, not in reports, not in names.
///
/// Shows: shape P9, CP-26
#[tokio::test]
async fn nothing_of_the_third_tier_leaves_the_pdf() {
    let story = Story::begin().await;
    story.portal.documents(whole());
    assert_eq!(story.run().await, Status::Ok);
    let expected: serde_json::Value = serde_json::from_slice(&fixture("ensap/expected-extraction.json")).unwrap();
    let mut secrets: Vec<String> =
        expected["secrets"].as_array().unwrap().iter().map(|secret| secret.as_str().unwrap().to_owned()).collect();
    secrets.extend([LOGIN.to_owned(), PASSWORD.to_owned(), "FACTICE".to_owned(), "EXEMPLES".to_owned()]);
    let mut looked_at = 0;
    for document in everything(&story).await {
        let text = String::from_utf8_lossy(&document);
        looked_at += text.len();
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret}");
        }
    }
    assert!(looked_at > 10_000);
    let stored = in_folder(story.world.folder.path());
    for secret in &secrets {
        assert!(!contains(&stored, secret.as_bytes()), "{secret} lies in the data folder");
    }
}

/// All documents of Alice's pod but PDFs, with their addresses.
async fn everything(story: &Story) -> Vec<Vec<u8>> {
    let owner = story.world.alice.later(&story.world.keys).await;
    let (mut waiting, mut found) = (vec![story.url("")], Vec::new());
    while let Some(place) = waiting.pop() {
        found.push(place.clone().into_bytes());
        if place.ends_with('/') {
            waiting.extend(owner.members(&place).await);
        } else if Path::new(&place).extension().is_none_or(|extension| extension != "pdf") {
            found.push(owner.get(&place).await.is(200).body.to_vec());
        }
    }
    found
}

/// The bytes of every file below a folder. PDFs lie there compressed, so their text is not among them.
fn in_folder(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { in_folder(&path) } else { std::fs::read(&path).unwrap() });
    }
    bytes
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_fetches_nothing() {
    let story = Story::begin().await;
    story.portal.documents(whole());
    assert_eq!(story.run().await, Status::Ok);
    let (tags, fetched) = (story.tags().await, story.portal.asked("/prive/telechargerremunerationpaie/v1"));
    assert_eq!(tags.len(), 4 + 4 + 4, "records, amounts and files");
    assert_eq!(story.run_again().await, Status::OkUnchanged);
    assert_eq!(story.tags().await, tags);
    assert_eq!(story.portal.asked("/prive/telechargerremunerationpaie/v1"), fetched);
    assert_eq!((story.portal.attempts(), story.portal.sessions()), (2, 0), "one attempt a run, and signed out");
}

#[tokio::test]
async fn all_forms_of_the_portal_are_understood() {
    for generation in [Generation::Before2019, Generation::Before2022, Generation::Before2024, Generation::Current] {
        let story = Story::begin().await;
        story.portal.generation(generation);
        story.portal.documents(whole());
        assert_eq!(story.run().await, Status::Ok, "{generation:?}");
        assert_eq!(story.files().await.len(), 4, "{generation:?}");
    }
}

/// A fault of the portal, and how the run that meets it ends.
type Case = (Box<dyn Fn(&Portal)>, Status);

/// Shows: CP-24
#[tokio::test]
async fn each_failure_has_its_status_and_what_came_stays() {
    let login = |file| move |portal: &Portal| portal.login_answers(file);
    let fault = |place, fault| move |portal: &Portal| portal.fault(place, fault);
    let cases: Vec<Case> = vec![
        (Box::new(login("login-bad-password.json")), Status::LoginFailed),
        (Box::new(login("login-blocked.json")), Status::LoginBlocked),
        (Box::new(login("login-unknown.json")), Status::ProviderChanged),
        (Box::new(login("page-login.html")), Status::ProviderChanged),
        (Box::new(login("page-maintenance.html")), Status::ProviderDown),
        (Box::new(fault(Place::Login, Fault::Broken)), Status::ProviderDown),
        (Box::new(fault(Place::Rights, Fault::Page)), Status::ProviderDown),
        (Box::new(fault(Place::Rights, Fault::Nothing)), Status::ProviderChanged),
        (Box::new(fault(Place::Years, Fault::Unauthorized)), Status::ProviderChanged),
        (Box::new(fault(Place::Years, Fault::TooMany(60))), Status::ProviderDown),
        (Box::new(fault(Place::List, Fault::Maintenance)), Status::ProviderDown),
        (Box::new(fault(Place::List, Fault::Compressed)), Status::ProviderChanged),
        (Box::new(fault(Place::List, Fault::Cut)), Status::ProviderDown),
        (Box::new(fault(Place::List, Fault::Slow)), Status::ProviderDown),
        (Box::new(fault(Place::Download, Fault::TooMany(60))), Status::ProviderDown),
        (Box::new(fault(Place::Download, Fault::Broken)), Status::ProviderDown),
        (Box::new(fault(Place::Download, Fault::Cut)), Status::Partial),
        (Box::new(fault(Place::Download, Fault::Nothing)), Status::Partial),
        (Box::new(fault(Place::Download, Fault::MediaType("text/html"))), Status::Ok),
        (Box::new(fault(Place::Logout, Fault::Broken)), Status::Ok),
        (Box::new(|portal: &Portal| portal.rights("habilitation-no-service.json")), Status::OkEmpty),
    ];
    for (number, (break_it, status)) in cases.into_iter().enumerate() {
        let story = Story::begin().await;
        story.portal.documents(whole());
        break_it(&story.portal);
        assert_eq!(story.run().await, status, "case {number}");
        assert!(story.portal.attempts() <= 2, "case {number}");
        if status.needs_owner() {
            assert_eq!(story.portal.attempts(), 1, "case {number}");
            assert_eq!(story.connection().await.state.next, None, "nothing runs by itself");
        }
    }
}

#[tokio::test]
async fn what_did_not_come_is_fetched_by_the_next_run() {
    let story = Story::begin().await;
    story.portal.documents(whole());
    story.portal.fault(Place::Download, Fault::Cut);
    assert_eq!(story.run().await, Status::Partial);
    assert_eq!(story.files().await, [""; 0]);
    story.portal.fault(Place::Download, None);
    assert_eq!(story.run_again().await, Status::Ok);
    assert_eq!(story.files().await.len(), 4);
}

#[tokio::test]
async fn a_session_that_is_lost_is_opened_once_more() {
    for over in [Over::Code, Over::Page] {
        let story = Story::begin().await;
        story.portal.documents(whole());
        story.portal.lose_sessions(2, over);
        assert_eq!(story.run().await, Status::Ok, "{over:?}");
        assert_eq!((story.files().await.len(), story.portal.attempts()), (4, 2));
    }
}

#[tokio::test]
async fn a_newer_issue_replaces_the_file_and_the_older_one_stays_beside() {
    let story = Story::begin().await;
    story.portal.documents(whole());
    story.run().await;
    let before = story.of_file(&story.url(DECEMBER)).await.unwrap();
    let mut corrected = whole();
    let december = corrected.iter_mut().find(|document| document.id().unwrap().ends_with("112")).unwrap();
    december.listed["libelle2"] = "2025_12_BP_decembre.pdf (PDF, 26 Ko)".into();
    let download = december.download.as_mut().unwrap();
    download.bytes.extend_from_slice(b"\n% issued again\n%%EOF\n");
    let newer = download.bytes.clone();
    story.portal.documents(corrected);
    assert_eq!(story.run_again().await, Status::Ok);
    assert_eq!(story.get(&story.url(DECEMBER)).await.is(200).body, newer);
    assert_eq!(story.of_file(&story.url(DECEMBER)).await.unwrap(), before, "it is the same record");
    let aside: Vec<_> = story.files().await.into_iter().filter(|file| file.contains("_avant_")).collect();
    assert_eq!(aside.len(), 1);
    let older = story.url(&format!("{FOLDER}{}", aside[0]));
    assert_eq!(story.get(&older).await.is(200).body, fixture("ensap/pdf/2025_12_BP_decembre.pdf"));
    let said = format!("<{}> dct:replaces <{older}> .", story.url(DECEMBER));
    assert!(story.says(&before.0, &said).await);
}

#[tokio::test]
async fn a_file_that_its_owner_moves_is_followed() {
    let story = Story::begin().await;
    story.portal.documents(whole());
    story.run().await;
    let (record, _) = story.of_file(&story.url(DECEMBER)).await.unwrap();
    let owner = story.world.alice.later(&story.world.keys).await;
    owner.ask("PUT", "tiroir/").container().send().await.is(201);
    let there = story.url("tiroir/paie.pdf");
    owner.ask("MOVE", DECEMBER).header("destination", &there).send().await.is(201);
    assert_eq!(story.run_again().await, Status::Ok);
    assert_eq!(story.of_file(&there).await.unwrap().0, record);
    assert!(!story.files().await.iter().any(|file| file.contains("2025_12_")), "it is not fetched again");
    assert_eq!(story.run_again().await, Status::OkUnchanged);
}

#[tokio::test]
async fn a_file_that_its_owner_deletes_stays_away_until_everything_is_wanted() {
    let story = Story::begin().await;
    story.portal.documents(whole());
    story.run().await;
    let (record, amounts) = story.of_file(&story.url(DECEMBER)).await.unwrap();
    story.world.alice.later(&story.world.keys).await.delete(DECEMBER).await.is(204);
    assert_eq!(story.run_again().await, Status::Ok);
    for gone in [&record, &amounts, &story.url(DECEMBER)] {
        assert_eq!(story.get(gone).await.status, 404);
    }
    assert_eq!(story.run_again().await, Status::OkUnchanged);
    story.world.ingest.wish(&story.alice, &story.id, EVERYTHING, true).await.unwrap();
    assert_eq!(story.run_again().await, Status::Ok);
    story.get(&story.url(DECEMBER)).await.is(200);
    story.get(&amounts).await.is(200);
}

#[tokio::test]
async fn what_the_owner_corrected_is_never_overwritten() {
    let story = Story::begin().await;
    story.portal.documents(whole());
    story.run().await;
    let (_, amounts) = story.of_file(&story.url(DECEMBER)).await.unwrap();
    let owner = story.world.alice.later(&story.world.keys).await;
    let [read_from, user] = ["readFrom", "User"].map(|name| format!("<https://w3id.org/cartable/ns#{name}>"));
    owner.patch(&amounts, &format!("solid:inserts {{ <{amounts}#gross> {read_from} {user} . }}")).await.is(204);
    let mut changed = whole();
    let december = changed.iter_mut().find(|document| document.id().unwrap().ends_with("112")).unwrap();
    december.listed["libelle3"] = "2 104,18 €".into();
    story.portal.documents(changed);
    assert_eq!(story.run_again().await, Status::Ok);
    assert!(story.says(&amounts, "<#gross> schema:value 2719.43 ; cartable:readFrom cartable:User .").await);
    let differing = "<#net> schema:value 2104.18 . <#net-printed> schema:value 2104.17 ; prov:alternateOf <#nothing> .";
    assert!(!story.says(&amounts, differing).await);
    assert!(story.says(&amounts, "<#net> schema:value 2104.18 ; prov:alternateOf <#net-printed> .").await);
}

#[tokio::test]
async fn two_certificates_of_one_name_are_both_kept() {
    let story = Story::begin().await;
    let mut twins: Vec<_> = documents::of_fixtures();
    twins.retain(|document| ["120", "121"].iter().any(|end| document.id().unwrap().ends_with(end)));
    let pdf = documents::of_fixtures().into_iter().find(|document| document.id().unwrap().ends_with("220")).unwrap();
    for (number, twin) in twins.iter_mut().enumerate() {
        let mut download = pdf.download.clone().unwrap();
        download.bytes.extend_from_slice(format!("\n% {number}\n%%EOF\n").as_bytes());
        twin.download = Some(download);
    }
    story.portal.documents(twins);
    assert_eq!(story.run().await, Status::Ok);
    let files = story.files().await;
    assert_eq!(files.len(), 2);
    let suffixed = files.iter().find(|file| *file != "2024/2024_01_Attestation_fiscale_janvier.pdf").unwrap();
    assert_eq!(suffixed.len(), "2024/2024_01_Attestation_fiscale_janvier_12345.pdf".len());
}

/// The month of a payslip is that of Paris: at midnight there, it is still the month before in UTC.
#[tokio::test]
async fn december_in_paris_is_december() {
    let story = Story::begin().await;
    let mut december: Vec<_> = whole();
    december.retain(|document| document.id().unwrap().ends_with("112"));
    for word in ["libelle2", "nomDocument"] {
        december[0].listed[word] = serde_json::Value::Null;
    }
    december[0].listed["libelle1"] = "Bulletin de paye".into();
    december[0].listed["dateDocument"] = "2025-11-30T23:00:00.000+0000".into();
    story.portal.documents(december);
    assert_eq!(story.run().await, Status::Ok);
    assert_eq!(story.files().await, ["2025/2025_12_Bulletin_de_paie_decembre.pdf"]);
}

#[tokio::test]
async fn ten_years_arrive_in_one_run() {
    let story = Story::begin().await;
    story.portal.documents(documents::decade());
    assert_eq!(story.run().await, Status::Ok);
    assert_eq!(story.files().await.len(), 130);
    assert_eq!(story.members(&story.account("records/")).await.len(), 130);
    assert_eq!(story.run_again().await, Status::OkUnchanged);
}

/// Whatever a file does to the parser, it is told by name, and the next one is read.
#[tokio::test]
async fn hostile_files_are_bounded() {
    let reader = reader();
    let bomb = bomb();
    assert!(bomb.len() < 1 << 20);
    for (file, name) in [
        (fixture("ensap/not-a-pdf.pdf"), "pdf-not-readable"),
        (fixture("ensap/pdf/no-text.pdf"), "pdf-without-text"),
        (Vec::new(), "pdf-not-readable"),
        (b"%PDF-1.4 %%EOF".to_vec(), "pdf-not-readable"),
        (bomb, "pdf-too-much-work"),
        (vec![b'x'; (16 << 20) + 1], "pdf-too-much-work"),
    ] {
        assert_eq!(reader.read(file.into()).await.map_err(Unread::name), Err(name));
    }
    reader.read(fixture("ensap/pdf/truncated.pdf").into()).await.unwrap_err();
    let read = reader.read(fixture("ensap/pdf/2025_12_BP_decembre.pdf").into()).await.unwrap();
    assert_eq!(read.siret.as_deref(), Some("99999990700010"));
    let nobody = Reader::new("/nothing/is/here".into());
    assert_eq!(nobody.read(fixture("ensap/pdf/no-text.pdf").into()).await, Err(Unread::NotStarted));
}

/// A page whose content unpacks to a gigabyte.
fn bomb() -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let spaces = vec![b' '; 1 << 20];
    (0..1024).for_each(|_| packed.write_all(&spaces).unwrap());
    let packed = packed.finish().unwrap();
    let mut twice = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    twice.write_all(&packed).unwrap();
    let content = twice.finish().unwrap();
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    let objects: [Vec<u8>; 4] = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>".to_vec(),
        [
            format!("<< /Length {} /Filter [/FlateDecode /FlateDecode] >>\nstream\n", content.len()).into_bytes(),
            content,
            b"\nendstream".to_vec(),
        ]
        .concat(),
    ];
    for (number, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf.extend_from_slice(format!("{} 0 obj\n", number + 1).as_bytes());
        pdf.extend_from_slice(object);
        pdf.extend_from_slice(b"\nendobj\n");
    }
    let start = pdf.len();
    pdf.extend_from_slice(b"xref\n0 5\n0000000000 65535 f \n");
    for place in places {
        pdf.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    pdf.extend_from_slice(format!("trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    pdf
}

/// A world with a drop folder.
async fn with_drop_folder() -> World {
    let dropped: Arc<dyn cartable::ingest::Connector> = Arc::new(Dropped::new(reader()));
    World::with(Settings { connectors: vec![dropped], ..Settings::default() }).await
}

const DROP: &str = "documents/Administratif/%C3%80%20classer/";

/// Puts a file into the drop folder, as an application does, and lets what follows happen.
async fn drop_file(world: &World, name: &str, file: &str) {
    let owner = world.alice.later(&world.keys).await;
    let bytes = fixture(format!("ensap/{file}"));
    owner.ask("PUT", &format!("{DROP}{name}")).content("application/pdf", bytes).send().await.is(201);
    world.work().await;
    world.run().await;
}

#[tokio::test]
async fn a_payslip_that_is_dropped_gets_its_record_without_credentials() {
    let world = with_drop_folder().await;
    drop_file(&world, "scan.pdf", "pdf/2025_12_BP_decembre.pdf").await;
    let owner = world.alice.later(&world.keys).await;
    owner.get(DECEMBER).await.is(200);
    assert_eq!(owner.get(&format!("{DROP}scan.pdf")).await.status, 404, "it was moved");
    let pod = PodName::parse("alice").unwrap();
    let [drop] = &world.ingest.connections(&pod).await.unwrap()[..] else { panic!("one connection") };
    assert_eq!((&*drop.connector, drop.state.last_status), ("payslip-drop", Some(Status::Ok)));
    let records = owner.members(&format!("administratif/ensap/{}/records/", drop.id)).await;
    let [record] = &records[..] else { panic!("one record: {records:?}") };
    let said = "<#it> a cartable:Payslip ; dct:issued \"2025-12-23\"^^xsd:date .";
    assert!(owner.get(record).await.is(200).says(record, &format!("{PREFIXES} {said}")));
    let amounts = record.replace("/records/", "/amounts/");
    let said = "<#net> schema:value 2104.17 ; cartable:readFrom cartable:PdfText .";
    assert!(owner.get(&amounts).await.is(200).says(&amounts, &format!("{PREFIXES} {said}")));
}

#[tokio::test]
async fn what_is_dropped_twice_is_kept_once_and_what_is_no_payslip_stays() {
    let world = with_drop_folder().await;
    drop_file(&world, "a.pdf", "pdf/2025_12_BP_decembre.pdf").await;
    drop_file(&world, "b.pdf", "pdf/2025_12_BP_decembre.pdf").await;
    drop_file(&world, "recette.pdf", "pdf/no-text.pdf").await;
    let owner = world.alice.later(&world.keys).await;
    let left = owner.members(DROP).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].ends_with("recette.pdf"));
    assert_eq!(owner.members(&format!("{FOLDER}2025/")).await.len(), 1);
}
