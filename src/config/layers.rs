//! Merging the layers of settings, one value at a time, so that a message can name the value and its place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Config, Error, FILE};

/// Variables that begin like settings but are read elsewhere.
pub const VARIABLES_ASIDE: [&str; 2] = ["CARTABLE_CONFIG", "CARTABLE_PASSWORD"];

const PREFIX: &str = "CARTABLE_";
/// Settings that are never printed and never read from a file.
const SECRET: [&str; 2] = ["mail.password", "secret_key"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The settings on their way: all values by their dotted keys, and where each came from.
#[derive(Debug, Clone)]
pub struct Settings {
    config: Config,
    values: BTreeMap<String, (Value, Origin)>,
}

impl Default for Settings {
    /// The defaults alone.
    fn default() -> Self {
        let config = Config::default();
        let mut values = BTreeMap::new();
        flatten("", serde_json::to_value(&config).unwrap_or_default(), &mut |key, value| {
            values.insert(key, (value, Origin::Default));
        });
        Self { config, values }
    }
}

impl Settings {
    /// Reads all layers. `file` must exist if it is named; `cartable.toml` is read if it is there.
    /// `flags` are keys, values and the names of the flags.
    pub fn read(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = (String, String, String)>,
    ) -> Result<Self, Error> {
        let mut settings = Self::default();
        if let Some(path) = file.or_else(|| Path::new(FILE).exists().then(|| Path::new(FILE))) {
            let failed = |reason: String| Error::File { path: path.to_owned(), reason };
            let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
            settings.add_file(path, &text)?;
        }
        settings.add_variables(variables)?;
        for (key, value, flag) in flags {
            settings.set_text(&key, &value, Origin::Flag(flag))?;
        }
        settings.config.check()?;
        Ok(settings)
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Every setting with its value as text and its origin, in key order. Secrets are not shown.
    pub fn shown(&self) -> impl Iterator<Item = (&str, String, &Origin)> {
        self.values.iter().map(|(key, (value, origin))| {
            let text = match value {
                Value::Null => String::new(),
                _ if SECRET.contains(&key.as_str()) => "…".into(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (key.as_str(), text, origin)
        })
    }

    /// Adds the text of a settings file.
    fn add_file(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let failed = |reason: String| Error::File { path: path.to_owned(), reason };
        let table: toml::Table = toml::from_str(text).map_err(|error| failed(error.to_string()))?;
        let tree = serde_json::to_value(table).map_err(|error| failed(error.to_string()))?;
        let mut found = Vec::new();
        flatten("", tree, &mut |key, value| found.push((key, value)));
        found.into_iter().try_for_each(|(key, value)| self.set(&key, value, Origin::File(path.to_owned())))
    }

    /// Adds variables; those that do not begin like ours are passed over.
    fn add_variables(&mut self, variables: impl IntoIterator<Item = (String, String)>) -> Result<(), Error> {
        let by_variable: BTreeMap<_, _> = self.values.keys().map(|key| (variable(key), key.clone())).collect();
        for (name, value) in variables {
            if !name.starts_with(PREFIX) || VARIABLES_ASIDE.contains(&name.as_str()) {
                continue;
            }
            let Some(key) = by_variable.get(&name) else {
                let nearest = nearest(&name, by_variable.keys().map(String::as_str).chain(VARIABLES_ASIDE));
                return Err(Error::Unknown { key: name, origin: Origin::Variable("environment".into()), nearest });
            };
            self.set_text(key, &value, Origin::Variable(name))?;
        }
        Ok(())
    }

    /// Sets a value written as text; the default says what kind of value it must be.
    fn set_text(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), Error> {
        let value = match self.values.get(key).map(|(value, _)| value) {
            Some(Value::Bool(_) | Value::Number(_)) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
            }
            Some(Value::Array(_)) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
            _ => Value::String(text.to_owned()),
        };
        self.set(key, value, origin)
    }

    /// Sets one value, if the settings are still well-formed with it.
    fn set(&mut self, key: &str, value: Value, origin: Origin) -> Result<(), Error> {
        if !self.values.contains_key(key) {
            let nearest = nearest(key, self.values.keys().map(String::as_str));
            return Err(Error::Unknown { key: key.to_owned(), origin, nearest });
        }
        if SECRET.contains(&key) && !matches!(origin, Origin::Variable(_)) {
            return Err(Error::Secret { key: key.to_owned(), variable: variable(key) });
        }
        let mut values = self.values.clone();
        values.insert(key.to_owned(), (value, origin.clone()));
        self.config = serde_json::from_value(nest(&values)).map_err(|error| Error::Value {
            key: key.to_owned(),
            origin,
            reason: error.to_string(),
        })?;
        self.values = values;
        Ok(())
    }
}

/// The variable of a key: `http.rdf_limit` is `CARTABLE_HTTP_RDF_LIMIT`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// The known name that is most like `name`, if it is like it at all.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let scored = known.map(|known| (strsim::jaro_winkler(name, known), known));
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score > 0.75).map(|(_, known)| known.to_owned())
}

/// Gives each leaf of a tree its dotted key.
fn flatten(above: &str, tree: Value, each: &mut impl FnMut(String, Value)) {
    match tree {
        Value::Object(map) => {
            for (name, value) in map {
                let key = if above.is_empty() { name } else { format!("{above}.{name}") };
                flatten(&key, value, each);
            }
        }
        leaf => each(above.to_owned(), leaf),
    }
}

/// The tree of all values.
fn nest(values: &BTreeMap<String, (Value, Origin)>) -> Value {
    let mut tree = Value::Object(serde_json::Map::new());
    for (key, (value, _)) in values {
        let mut place = &mut tree;
        for part in key.split('.') {
            place = &mut place[part];
        }
        *place = value.clone();
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn settings(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Settings, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.toml");
        std::fs::write(&path, file).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let flags = flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned(), format!("--{key}")));
        Settings::read(Some(&path), variables, flags)
    }

    #[test]
    fn a_later_layer_wins_and_its_origin_is_shown() {
        let file = "data = \"from-file\"\nlog_filter = \"warn\"\nlisten = \"127.0.0.1:1\"";
        let variables = [("CARTABLE_DATA", "from-variable"), ("CARTABLE_LISTEN", "127.0.0.1:2"), ("HOME", "/home/ada")];
        let settings = settings(file, &variables, &[("listen", "127.0.0.1:3")]).unwrap();
        let config = settings.config();
        assert_eq!((config.data.to_str(), config.log_filter.as_str()), (Some("from-variable"), "warn"));
        assert_eq!(config.listen.port(), 3);
        let origin = |key: &str| settings.shown().find(|shown| shown.0 == key).unwrap().2.clone();
        assert_eq!(origin("data"), Origin::Variable("CARTABLE_DATA".into()));
        assert_eq!(origin("listen"), Origin::Flag("--listen".into()));
        assert_eq!(origin("dev"), Origin::Default);
        assert!(matches!(origin("log_filter"), Origin::File(_)));
    }

    #[test]
    fn text_becomes_what_the_setting_needs() {
        let variables = [
            ("CARTABLE_DEV", "true"),
            ("CARTABLE_TRUSTED_PROXIES", "10.0.0.0/8, ::1/128"),
            ("CARTABLE_QUOTA", "2 GB"),
            ("CARTABLE_TLS_CERT", "c.pem"),
            ("CARTABLE_TLS_KEY", "k.pem"),
        ];
        let settings = settings("", &variables, &[]).unwrap();
        let config = settings.config();
        assert!(config.dev);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_eq!(config.quota.map(|quota| quota.0), Some(2_000_000_000));
        assert!(config.tls().is_some());
    }

    #[test]
    fn an_unknown_key_names_its_nearest() {
        let near = |result: Result<Settings, Error>| match result {
            Err(Error::Unknown { nearest, .. }) => nearest,
            other => panic!("{other:?}"),
        };
        assert_eq!(near(settings("bas_url = \"\"", &[], &[])).as_deref(), Some("base_url"));
        assert_eq!(near(settings("[tls]\ncertificate = \"\"", &[], &[])).as_deref(), Some("tls.cert"));
        let variable = [("CARTABLE_LISTN", "127.0.0.1:1")];
        assert_eq!(near(settings("", &variable, &[])).as_deref(), Some("CARTABLE_LISTEN"));
        assert_eq!(near(settings("xyzzy = 1", &[], &[])), None);
    }

    #[test]
    fn a_bad_value_is_named_with_its_place() {
        for (file, key) in [("listen = 3000", "listen"), ("quota = \"much\"", "quota"), ("tls = 1", "tls")] {
            let text = settings(file, &[], &[]).unwrap_err().to_string();
            assert!(text.contains(key), "{text}");
        }
    }

    #[test]
    fn a_secret_comes_by_variable_and_is_never_shown() {
        let set = settings("", &[("CARTABLE_SECRET_KEY", "open-sesame")], &[]).unwrap();
        assert_eq!(set.config().secret_key.as_ref().map(Secret::reveal), Some("open-sesame"));
        assert!(set.shown().all(|(_, text, _)| !text.contains("sesame")));
        assert!(matches!(settings("secret_key = \"x\"", &[], &[]), Err(Error::Secret { .. })));
        assert!(matches!(settings("", &[], &[("secret_key", "x")]), Err(Error::Secret { .. })));
    }

    #[test]
    fn no_two_settings_share_a_variable() {
        let settings = Settings::default();
        let variables: std::collections::BTreeSet<_> = settings.values.keys().map(|key| variable(key)).collect();
        assert_eq!(variables.len(), settings.values.len());
    }
}
