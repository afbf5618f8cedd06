//! What commands on accounts and pods work with: the data folder, beside the server or without it.

use std::sync::Arc;

use super::account::read_email;
use super::report::{Failed, Report};
use crate::address::Addresses;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, recorded};
use crate::identity::account::{Account, AccountId, Accounts, Refusal};
use crate::jobs::Jobs;
use crate::provision::Provision;
use crate::secret::SecretKey;
use crate::storage::Storage;
use crate::storage::sqlite::{Options, Sqlite};

pub(super) struct Office {
    pub storage: Arc<dyn Storage>,
    pub accounts: Arc<Accounts>,
    pub provision: Provision,
}

impl Office {
    async fn open(config: &Config) -> Result<Self, Failed> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let addresses = Arc::new(config.addresses()?);
        let options = Options { durable: true, clock: Arc::clone(&clock) };
        let storage: Arc<dyn Storage> = Arc::new(Sqlite::open(&config.data, options)?);
        recorded::keep(&*storage, &addresses, clock.now()).await?;
        let secret = Arc::new(config.secret()?);
        let jobs = Arc::new(Jobs::new(Arc::clone(&storage), Arc::clone(&secret)));
        let accounts = Arc::new(open_accounts(config, &storage, &clock, &addresses, &jobs, &secret)?);
        let quota = config.quota.map(|quota| quota.0);
        let provision = Provision { accounts: Arc::clone(&accounts), addresses, clock, quota };
        Ok(Self { storage, accounts, provision })
    }

    /// The account that signs in with an e-mail address, or has this id: one that a school alone opens has no address.
    pub(super) async fn account(&self, email: &str) -> Result<Account, Failed> {
        let found = match AccountId::parse(email) {
            Some(id) => self.accounts.account(&id).await?,
            None => self.accounts.by_email(&read_email(email)?).await?,
        };
        Ok(found.ok_or(Refusal::NoSuchAccount)?)
    }
}

/// The accounts, with the settings that concern them.
pub(super) fn open_accounts(
    config: &Config,
    storage: &Arc<dyn Storage>,
    clock: &Arc<dyn Clock>,
    addresses: &Arc<Addresses>,
    jobs: &Arc<Jobs>,
    secret: &Arc<SecretKey>,
) -> Result<Accounts, Failed> {
    let (storage, clock, addresses) = (Arc::clone(storage), Arc::clone(clock), Arc::clone(addresses));
    let accounts = Accounts::new(storage, clock, addresses, Arc::clone(jobs), Arc::clone(secret));
    accounts.configured(&config.accounts).map_err(|error| Failed::Usage(error.to_string()))
}

/// Opens the data folder and runs a command on it.
pub(super) fn run(
    config: &Config,
    command: impl AsyncFnOnce(Office) -> Result<Report, Failed>,
) -> Result<Report, Failed> {
    block_on(async { command(Office::open(config).await?).await })
}

/// Runs a command to its end.
pub(super) fn block_on<T>(command: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failed::Other(format!("the command cannot run: {error}")))?.block_on(command)
}
