//! Our own signing keys: made, kept sealed in storage, rotated, published and used.
//!
//! All keys lie in one house record, so that a rotation is one conditional write, whichever node makes it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use josekit::jws::{self, JwsSigner};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::issue::Token;
use super::json::Object;
use super::jwk::PublicKey;
use super::jws::{Algorithm, Compact, Unsignable, Verifier, sign};
use super::token::{LIMIT, MAX_AGE, Parsed};
use crate::clock::Timestamp;
use crate::secret::{self, SecretKey};
use crate::storage::{self, Change, Entry, EntryIs, EntryWrite, Scope, Storage, Version};

/// The house record that holds the keys.
const ENTRY: &str = "keys";
/// What the private keys are sealed for.
const PURPOSE: &str = "issuer key";
const DAY: Duration = Duration::from_hours(24);
/// How long a key signs.
///
/// Spec: O-185
const LIFE: Duration = DAY.saturating_mul(90);
/// How long a key is published before it signs, and after its last token expired.
///
/// Spec: O-185
const NOTICE: Duration = DAY.saturating_mul(2);
/// Attempts at a rotation that other nodes make at the same time.
const ATTEMPTS: usize = 5;

/// The algorithms that we sign with, the default first.
///
/// Spec: O-115, O-184
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::Rs256];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("the house record of signing keys cannot be read: {0}")]
    Record(serde_json::Error),
    #[error("a signing key could not be made")]
    Generation,
    /// The first RS256 key is made in the background, within a second of the first start.
    #[error("there is no {0} key yet")]
    NotYet(&'static str),
    #[error(transparent)]
    Unsignable(#[from] Unsignable),
}

/// A key as it is kept. Only the private part is secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// Never used again.
    kid: String,
    algorithm: Algorithm,
    /// When it begins to sign, in seconds since 1970.
    from: i64,
    /// The public members, as a JWK.
    public: Object,
    /// PKCS#8, sealed; base64url.
    private: String,
}

/// A key ready for use.
struct Key {
    kid: String,
    algorithm: Algorithm,
    from: Timestamp,
    public: Object,
    verifier: Verifier,
    signer: Box<dyn JwsSigner>,
}

/// The keys of one instant.
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// Whether a token is signed by the key that it names.
    pub fn signed(&self, token: &Parsed<'_>) -> bool {
        token.kid.as_deref().and_then(|kid| self.key(kid)).is_some_and(|key| token.is_signed_by(&key.verifier))
    }

    /// Whether there is still a key of this name.
    pub fn has(&self, kid: &str) -> bool {
        self.key(kid).is_some()
    }

    fn key(&self, kid: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// The key that signs: the one that began last.
    fn signing(&self, algorithm: Algorithm, now: Timestamp) -> Option<&Key> {
        let of_kind = self.0.iter().filter(|key| key.algorithm == algorithm);
        of_kind.filter(|key| key.from <= now).max_by_key(|key| key.from)
    }
}

/// The signing keys of this provider.
pub struct Keys {
    storage: Arc<dyn Storage>,
    secret: Arc<SecretKey>,
    issuer: String,
    cached: Mutex<Option<Cached>>,
    /// Keys are made one after the other, since making one takes a while.
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Cached {
    /// The house version at which `entry` was seen.
    house: Version,
    /// The record's version; `None`: there is none.
    entry: Option<Version>,
    keys: Arc<KeySet>,
}

impl Keys {
    /// Reads the keys and makes the ones that are missing: the ES256 key at once, the RS256 key, which takes a while,
    /// in the background.
    pub async fn open(
        storage: Arc<dyn Storage>,
        secret: Arc<SecretKey>,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Arc<Self>, Error> {
        let (issuer, cached, renewing) = (issuer.to_owned(), Mutex::default(), tokio::sync::Mutex::default());
        let keys = Arc::new(Self { storage, secret, issuer, cached, renewing });
        keys.renew(&[Algorithm::Es256], now).await?;
        let background = Arc::clone(&keys);
        tokio::spawn(async move {
            if let Err(error) = background.tend(now).await {
                tracing::error!(%error, "signing keys could not be made");
            }
        });
        Ok(keys)
    }

    /// Makes the keys that are missing or due and drops those that nothing needs any more. To be called now and then,
    /// on any node.
    ///
    /// Spec: O-184, O-185
    pub async fn tend(&self, now: Timestamp) -> Result<(), Error> {
        self.renew(&ALGORITHMS, now).await
    }

    /// Every key: its name, its algorithm, and when it begins to sign. Newest first.
    pub async fn list(&self) -> Result<Vec<(String, Algorithm, Timestamp)>, Error> {
        let (_, mut kept) = self.read().await?;
        kept.sort_by_key(|key| std::cmp::Reverse(key.from));
        let told = |key: Kept| (key.kid, key.algorithm, Timestamp::from_seconds(key.from));
        Ok(kept.into_iter().map(told).collect())
    }

    /// Drops a key at once, with every token that it signed, and puts another in its place: for emergencies.
    ///
    /// Spec: O-185
    pub async fn withdraw(&self, kid: &str, now: Timestamp) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let (version, mut kept) = self.read().await?;
            kept.retain(|key| key.kid != kid);
            if self.write(version, &kept, now).await? {
                return self.tend(now).await;
            }
        }
        Err(storage::Error::Moved.into())
    }

    async fn renew(&self, algorithms: &[Algorithm], now: Timestamp) -> Result<(), Error> {
        let _turn = self.renewing.lock().await;
        for _ in 0..ATTEMPTS {
            let (version, mut kept) = self.read().await?;
            let is_usable = |key: &Kept| self.unseal(key).is_some();
            let before = kept.clone();
            for algorithm in algorithms {
                let (usable, unusable): (Vec<_>, Vec<_>) =
                    kept.iter().filter(|key| key.algorithm == *algorithm).partition(|key| is_usable(key));
                let plan = plan(&usable, &unusable, now);
                kept.retain(|key| !plan.drop.contains(&key.kid));
                if let Some(from) = plan.make {
                    kept.push(self.generate(*algorithm, from).await?);
                }
            }
            if kept == before || self.write(version, &kept, now).await? {
                return Ok(());
            }
        }
        Err(storage::Error::Moved.into())
    }

    /// The keys as they are now.
    pub async fn current(&self) -> Result<Arc<KeySet>, Error> {
        let house = self.storage.house_version().await?;
        let cached = self.cached.lock().clone();
        if let Some(cached) = cached.as_ref().filter(|cached| cached.house == house) {
            return Ok(Arc::clone(&cached.keys));
        }
        let entry = self.storage.entry(ENTRY).await?;
        let version = entry.as_ref().map(|entry| entry.version);
        let keys = match cached {
            Some(cached) if cached.entry == version => cached.keys,
            _ => Arc::new(KeySet(kept(entry.as_ref())?.iter().filter_map(|key| self.ready(key)).collect())),
        };
        *self.cached.lock() = Some(Cached { house, entry: version, keys: Arc::clone(&keys) });
        Ok(keys)
    }

    /// Signs a token of ours with the algorithm asked for.
    pub async fn sign<T: Token>(&self, token: &T, algorithm: Algorithm, now: Timestamp) -> Result<String, Error> {
        let keys = self.current().await?;
        let key = keys.signing(algorithm, now).ok_or(Error::NotYet(algorithm.name()))?;
        Ok(sign(&*key.signer, &key.kid, T::TYPE, &token.claims(&self.issuer))?)
    }

    /// The claims of a token that one of our keys signed, expired or not: for `id_token_hint` and introspection.
    /// `None`: none of ours.
    pub async fn read_token(&self, token: &str) -> Result<Option<Object>, Error> {
        let keys = self.current().await?;
        let Some(compact) = Compact::parse(token, LIMIT) else { return Ok(None) };
        let kid = compact.header.get("kid").and_then(|kid| kid.as_str());
        let signed = kid.and_then(|kid| keys.key(kid)).is_some_and(|key| compact.is_signed_by(&key.verifier));
        Ok(signed.then_some(compact.payload))
    }

    /// The JWK set to publish: public members only.
    ///
    /// Spec: O-184
    pub async fn jwks(&self) -> Result<serde_json::Value, Error> {
        let keys = self.current().await?;
        let public = keys.0.iter().map(|key| {
            let mut jwk = key.public.clone();
            jwk.extend(
                [("kid", key.kid.as_str()), ("use", "sig"), ("alg", key.algorithm.name())]
                    .map(|(name, value)| (name.to_owned(), value.into())),
            );
            jwk
        });
        Ok(json!({ "keys": public.collect::<Vec<_>>() }))
    }

    async fn read(&self) -> Result<(Option<Version>, Vec<Kept>), Error> {
        let entry = self.storage.entry(ENTRY).await?;
        Ok((entry.as_ref().map(|entry| entry.version), kept(entry.as_ref())?))
    }

    /// Writes the keys; `false` if another node wrote first.
    async fn write(&self, read_at: Option<Version>, kept: &[Kept], now: Timestamp) -> Result<bool, Error> {
        let entry = EntryWrite {
            key: ENTRY.into(),
            expected: read_at.map_or(EntryIs::Absent, EntryIs::At),
            value: Some(Bytes::from(serde_json::to_vec(kept).map_err(Error::Record)?)),
        };
        let change = Change { entries: vec![entry], ..Change::of(Scope::House, now) };
        match self.storage.commit(change).await {
            Ok(_) => Ok(true),
            Err(storage::Error::Moved | storage::Error::Taken(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn generate(&self, algorithm: Algorithm, from: Timestamp) -> Result<Kept, Error> {
        let made = tokio::task::spawn_blocking(move || generate(algorithm)).await;
        let (public, private) = made.ok().flatten().ok_or(Error::Generation)?;
        let sealed = self.secret.seal(PURPOSE, &private);
        let kid = format!("{}-{}", algorithm.name(), URL_SAFE_NO_PAD.encode(secret::random::<12>()));
        Ok(Kept { kid, algorithm, from: from.seconds(), public, private: URL_SAFE_NO_PAD.encode(sealed) })
    }

    /// The signer of a kept key; `None` if another secret key sealed it.
    fn unseal(&self, kept: &Kept) -> Option<Box<dyn JwsSigner>> {
        let private = self.secret.open(PURPOSE, &URL_SAFE_NO_PAD.decode(&kept.private).ok()?).ok()?;
        Some(match kept.algorithm {
            Algorithm::Es256 => Box::new(jws::ES256.signer_from_der(&*private).ok()?),
            Algorithm::Rs256 => Box::new(jws::RS256.signer_from_der(&*private).ok()?),
            _ => return None,
        })
    }

    fn ready(&self, kept: &Kept) -> Option<Key> {
        let verifier = PublicKey::read(&kept.public).and_then(|key| key.verifier(kept.algorithm)).ok();
        let Some((signer, verifier)) = self.unseal(kept).zip(verifier) else {
            tracing::warn!(kid = kept.kid, "a signing key does not open with this secret key; its tokens are void");
            return None;
        };
        let (kid, from) = (kept.kid.clone(), Timestamp::from_seconds(kept.from));
        Some(Key { kid, algorithm: kept.algorithm, from, public: kept.public.clone(), verifier, signer })
    }
}

/// The keys in their record; none if there is no record.
fn kept(entry: Option<&Entry>) -> Result<Vec<Kept>, Error> {
    entry.map_or(Ok(Vec::new()), |entry| serde_json::from_slice(&entry.value).map_err(Error::Record))
}

/// What to do with the keys of one algorithm.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// Names of keys that nothing needs any more.
    drop: Vec<String>,
    /// From when a new key is to sign; `None`: none is needed.
    make: Option<Timestamp>,
}

/// Rotation: a successor is published before it signs; a key stays until the last token that it signed is past.
/// Keys sealed by a lost secret key stay as long, in case the secret is found again.
///
/// Spec: O-185
fn plan(usable: &[&Kept], unusable: &[&Kept], now: Timestamp) -> Plan {
    let starts = |key: &&Kept| Timestamp::from_seconds(key.from);
    let superseded = |key: &&&Kept| {
        let next = usable.iter().map(starts).filter(|from| *from > starts(key)).min();
        next.is_some_and(|next| next.plus(MAX_AGE).plus(NOTICE) <= now)
    };
    let drop = usable.iter().chain(unusable).filter(superseded).map(|key| key.kid.clone()).collect();
    let newest = usable.iter().map(starts).max();
    let make = match newest {
        _ if !usable.iter().any(|key| starts(key) <= now) => Some(now),
        Some(newest) if newest.plus(LIFE) <= now.plus(NOTICE) => Some(newest.plus(LIFE).max(now.plus(NOTICE))),
        _ => None,
    };
    Plan { drop, make }
}

/// A new key: its public JWK and its private part as PKCS#8. RSA takes a few tenths of a second.
fn generate(algorithm: Algorithm) -> Option<(Object, zeroize::Zeroizing<Vec<u8>>)> {
    let (public, private) = match algorithm {
        Algorithm::Es256 => {
            let pair = jws::ES256.generate_key_pair().ok()?;
            (pair.to_jwk_public_key(), pair.to_der_private_key())
        }
        Algorithm::Rs256 => {
            let pair = jws::RS256.generate_key_pair(2048).ok()?;
            (pair.to_jwk_public_key(), pair.to_der_private_key())
        }
        _ => return None,
    };
    Some((public.as_ref().clone(), zeroize::Zeroizing::new(private)))
}
