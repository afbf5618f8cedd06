//! Cartable, a pretend school and a pretend pay portal, in one command: `cargo run --release --example school`.
//!
//! Everything lies in a temporary folder and is gone when the program ends. The variables `CARTABLE`, `SCHOOL` and `PAY`
//! name other ports than 3000, 4000 and 5000.

#![expect(clippy::unwrap_used, reason = "an example fails by panicking")]

#[path = "../tests/support/ent/mod.rs"]
mod ent;
#[path = "../tests/support/pay/mod.rs"]
mod pay;
#[path = "../tests/support/stand_in.rs"]
mod stand_in;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use cartable::clock::SystemClock;
use ent::data::CATALOGUE;
use ent::{CLIENT, Ent, PEOPLE, Registered, SECRET};
use pay::{LOGIN, Portal, documents};
use tokio::net::TcpListener;

/// Somebody who has a space already and comes in with a password.
const EMAIL: &str = "demo@example.org";
const PASSWORD: &str = "une phrase facile à retenir";

/// Where they listen.
struct Ports {
    cartable: u16,
    school: u16,
    pay: u16,
}

impl Ports {
    /// Those of the variables, else the usual ones.
    fn chosen() -> Self {
        let port = |variable: &str, usual| std::env::var(variable).map_or(usual, |text| text.parse().unwrap());
        Self { cartable: port("CARTABLE", 3000), school: port("SCHOOL", 4000), pay: port("PAY", 5000) }
    }

    fn base(&self) -> String {
        format!("http://localhost:{}/", self.cartable)
    }
}

fn main() -> ExitCode {
    // Called by itself, it is the program.
    if std::env::args_os().len() > 1 {
        return cartable::cli::run(std::env::args_os(), std::env::vars());
    }
    let ports = Ports::chosen();
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &ports);
    let made = Command::new(std::env::current_exe().unwrap())
        .args(["account", "create", EMAIL, "--pod", "demo", "--config"])
        .arg(&settings)
        .env("CARTABLE_PASSWORD", PASSWORD)
        .status();
    assert!(made.unwrap().success());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _others = runtime.block_on(async {
        let listener = async |port| TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let registered = Registered::at(&ports.base(), "armorique");
        let school = Ent::open(listener(ports.school).await, registered, Arc::new(SystemClock));
        let portal = Portal::open(listener(ports.pay).await);
        portal.documents(documents::decade());
        (school, portal)
    });
    tell(folder.path(), &ports);
    let line = ["school".into(), "serve".into(), "--config".into(), settings.into_os_string()];
    cartable::cli::run(line, [])
}

/// Writes the settings: what an operator would write to connect a school.
fn settings(folder: &Path, ports: &Ports) -> std::path::PathBuf {
    let secret = folder.join("school.secret");
    fs::write(&secret, SECRET).unwrap();
    let text = format!(
        r#"listen = "127.0.0.1:{cartable}"
data = "{data}"
log_filter = "warn,cartable::mail=info"

[[upstream]]
id = "armorique"
name = "ENT Armorique"
issuer = "http://localhost:{school}"
client_id = "{CLIENT}"
client_secret_file = "{secret}"

[upstream.claims]
tenant = "structure"
role = "title"
staff = ["ENS"]
adult = "majeur"

[upstream.contacts]
url = "http://localhost:{school}/contacts/{{uid}}"

[upstream.contacts.catalogue]
applications = "http://localhost:{school}/safran/api/v1/catalogues/{CATALOGUE}/applications"
sync = "http://localhost:{school}/safran/api/v1/catalogues/{CATALOGUE}/sync"

[payslips]
url = "http://localhost:{pay}/"
name = "Ensap (fictif)"
"#,
        cartable = ports.cartable,
        school = ports.school,
        pay = ports.pay,
        data = folder.join("data").display(),
        secret = secret.display(),
    );
    let path = folder.join("cartable.toml");
    fs::write(&path, text).unwrap();
    path
}

#[expect(clippy::print_stdout, reason = "this is what the example is for")]
fn tell(folder: &Path, ports: &Ports) {
    println!("\nThe pretend school:  http://localhost:{}/", ports.school);
    println!("The pretend portal:  http://localhost:{}/", ports.pay);
    println!("Cartable:            {}\n", ports.base());
    println!("1. Open the school and click who you are:");
    for somebody in PEOPLE {
        let what = match (somebody.title, somebody.is_adult) {
            ("ENS", _) => "teacher",
            (_, true) => "pupil of age",
            _ => "pupil",
        };
        println!("     {:<18} {what:<14} {}", somebody.name, somebody.email);
    }
    println!("2. Click \"Mon espace Cartable\", then \"Créer mon espace\", and answer.");
    println!("3. At step 5, open the link in the letter. Letters are files; the log below names each:");
    println!("     {}", folder.join("data/mail").display());
    println!("4. Once the space is open, go back to the school: from now on the same click leads right in,");
    println!("   and \"Quitter l’ENT\" signs you out of both.");
    println!(
        "5. Bring the contacts of the school and the payslips home, at {}.account/connectors/. The portal knows",
        ports.base()
    );
    println!("     {LOGIN}\n     {}", pay::PASSWORD);
    println!("\nSomebody who has a space already, and no school, comes in at Cartable with");
    println!("     {EMAIL}\n     {PASSWORD}");
    println!("\nAll of it is gone when you end this with Ctrl-C.\n");
}
