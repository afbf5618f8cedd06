//! The map of the source: a module uses only what stands above it, and each foreign crate has one owner.

use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom of the dependencies to the top.
const MAP: [&str; 29] = [
    "path",
    "address",
    "clock",
    "units",
    "language",
    "aside",
    "secret",
    "fetch",
    "mail",
    "rdf",
    "sparql",
    "storage",
    "resource",
    "access",
    "pods",
    "jobs",
    "grants",
    "identity",
    "provision",
    "notify",
    "ingest",
    "portability",
    "http",
    "web",
    "config",
    "app",
    "server",
    "cli",
    "main",
];

/// Which parts of `src` may name a foreign crate.
const OWNERS: &[(&str, &[&str])] = &[
    ("sophia", &["rdf"]),
    ("oxttl", &["rdf"]),
    ("oxjsonld", &["rdf"]),
    ("oxrdfxml", &["rdf"]),
    ("oxrdf", &["rdf", "sparql"]),
    ("oxsdatatypes", &["rdf"]),
    ("regex", &["rdf"]),
    ("oxigraph", &["sparql"]),
    ("spargebra", &["sparql"]),
    ("rusqlite", &["storage/sqlite"]),
    ("object_store", &["storage/sqlite"]),
    ("josekit", &["identity"]),
    ("openidconnect", &["identity/upstream"]),
    ("argon2", &["identity"]),
    ("calcard", &["ingest/file"]),
    ("chrono", &["ingest/file"]),
    ("csv", &["ingest/file"]),
    ("encoding_rs", &["ingest/file"]),
    ("multer", &["web"]),
    ("pdf_extract", &["ingest/payslips"]),
    ("rustix", &["identity", "ingest/payslips"]),
    ("reqwest", &["fetch"]),
    ("lettre", &["mail"]),
    ("http", &["fetch", "http", "web", "app", "server"]),
    ("http_body", &["fetch", "http", "web", "app", "server"]),
    ("http_body_util", &["fetch", "http", "web", "app", "server"]),
    ("hyper", &["http", "server"]),
    ("clap", &["cli", "config", "main"]),
];

#[test]
fn a_module_uses_only_what_stands_above_it() {
    let wrong: Vec<_> = lines()
        .flat_map(|line| line.named_modules().into_iter().map(move |module| (line.clone(), module)))
        .filter(|(line, module)| !may_use(&line.module, module))
        .map(|(line, module)| format!("{line}\n    `{}` may not use `{module}`", line.module))
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_library_tells_its_modules_in_the_order_of_the_map() {
    let source = fs::read_to_string(root().join("lib.rs")).expect("src/lib.rs is there");
    let declared = source.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let places: Vec<_> =
        declared.map(|module| place(module).unwrap_or_else(|| panic!("`{module}` is not on the map"))).collect();
    assert!(places.is_sorted(), "src/lib.rs declares its modules in another order than the map");
}

#[test]
fn a_foreign_crate_is_named_only_by_its_owner() {
    let wrong: Vec<_> = lines()
        .flat_map(|line| OWNERS.iter().map(move |owner| (line.clone(), owner)))
        .filter(|(line, (foreign, owners))| {
            line.names_crate(foreign) && !owners.iter().any(|owner| line.lies_in(owner))
        })
        .map(|(line, (foreign, owners))| format!("{line}\n    `{foreign}` belongs to {}", owners.join(", ")))
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn decisions_are_pure() {
    let impure = ["async ", ".await", "clock::Clock", "dyn Storage", "impl Storage"];
    let wrong: Vec<_> = lines()
        .filter(|line| line.module == "resource" || line.module == "access")
        .filter(|line| impure.iter().any(|word| line.code.contains(word)))
        .map(|line| line.to_string())
        .collect();
    assert!(wrong.is_empty(), "`resource` and `access` take values and give values:\n{}\n", wrong.join("\n"));
}

fn may_use(user: &str, used: &str) -> bool {
    user == used || matches!((place(user), place(used)), (Some(user), Some(used)) if used < user)
}

fn place(module: &str) -> Option<usize> {
    MAP.iter().position(|known| *known == module)
}

/// A line of code, comments left out.
#[derive(Clone)]
struct Line {
    file: PathBuf,
    number: usize,
    /// The top module that the file belongs to.
    module: String,
    code: String,
}

impl Line {
    /// The top modules of our crate that this line names.
    fn named_modules(&self) -> Vec<String> {
        let mut rest = self.code.as_str();
        let mut found = Vec::new();
        while let Some(at) = rest.find("crate::") {
            let after = &rest[at + "crate::".len()..];
            let whole = !rest[..at].ends_with(is_in_name);
            let name: String = after.chars().take_while(|c| is_in_name(*c)).collect();
            if whole && !name.is_empty() {
                found.push(name);
            }
            rest = after;
        }
        found
    }

    fn names_crate(&self, name: &str) -> bool {
        let path = format!("{name}::");
        let used = format!("use {name};");
        let starts_a_path =
            |at: usize| !self.code[..at].ends_with(|c| is_in_name(c) || c == ':' || c == '"' || c == '/');
        self.code.match_indices(&path).any(|(at, _)| starts_a_path(at)) || self.code.contains(&used)
    }

    /// Whether the file is, or lies in, this part of `src`.
    fn lies_in(&self, part: &str) -> bool {
        let file = self.file.with_extension("");
        file.starts_with(root().join(part))
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.strip_prefix(root()).unwrap_or(&self.file);
        write!(f, "  src/{}:{}: {}", file.display(), self.number, self.code.trim())
    }
}

fn is_in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every line of code in `src`.
fn lines() -> impl Iterator<Item = Line> {
    let mut files = Vec::new();
    rust_files(&root(), &mut files);
    files.into_iter().flat_map(|file| {
        let source = fs::read_to_string(&file).expect("a source file can be read");
        let module = module_of(&file);
        let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
        let lines: Vec<_> = source
            .lines()
            .enumerate()
            .map(|(index, line)| Line {
                file: file.clone(),
                number: index + 1,
                module: module.clone(),
                code: code(line),
            })
            .collect();
        lines
    })
}

fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(root()).unwrap_or(file).with_extension("");
    inside.iter().next().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
}
