//! `cartable serve`: everything put together from the settings, until it is told to stop.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tracing_subscriber::EnvFilter;

use super::office::open_accounts;
use super::report::{Failed, Report};
use crate::address::Addresses;
use crate::app::App;
use crate::app::tasks::Tasks;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Log, recorded};
use crate::fetch::{self, Fetch};
use crate::http::account::AccountApi;
use crate::http::headers::forwarded::Trusted;
use crate::http::oidc::Endpoints;
use crate::http::resource::Adapter;
use crate::identity::account::{Accounts, Passkeys};
use crate::identity::keys::Keys;
use crate::identity::provider::{self, Provider};
use crate::identity::upstream::{self, Upstreams};
use crate::identity::{Identity, Parts};
use crate::ingest::applications::Applications;
use crate::ingest::contacts::source::Contacts;
use crate::ingest::{self, Connector, Ingest, payslips};
use crate::jobs::{Jobs, Lane};
use crate::mail::Mailer;
use crate::pods::{Elsewhere, Limits, Pods};
use crate::provision::{Profiles, Provision};
use crate::secret::SecretKey;
use crate::server::metrics::{self, Metrics};
use crate::server::{self, Stop, Stopped, redirect, tls};
use crate::storage::Storage;
use crate::storage::sqlite::{Lock, Options, Sqlite};
use crate::web::Pages;
use crate::web::pages::Door;

/// How often storage does what is due.
const UPKEEP: Duration = Duration::from_secs(30);
/// How often the jobs that are due are looked for.
const JOBS: Duration = Duration::from_secs(1);
/// How often signing keys, the provider's records and written letters are looked after.
const KEYS: Duration = Duration::from_hours(1);

/// Writes the log to the error output. `filter` says which messages.
pub(super) fn begin_log(form: Log, filter: &str) -> Result<(), Failed> {
    let filter = EnvFilter::try_new(filter).map_err(|error| Failed::Usage(format!("log_filter: {error}")))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // Whoever closed our error output must not bring the server down.
    let log = log.log_internal_errors(false);
    let begun = match form {
        Log::Text => log.try_init(),
        Log::Json => log.json().flatten_event(true).try_init(),
    };
    begun.map_err(|error| Failed::Other(format!("the log cannot be written: {error}")))
}

/// Runs the server until it is told to stop.
pub(super) fn serve(config: &Config) -> Result<Report, Failed> {
    begin_log(config.log, &config.log_filter)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failed::Other(format!("the server cannot run: {error}")))?.block_on(run(config))
}

async fn run(config: &Config) -> Result<Report, Failed> {
    let mut told = Told::listen()?;
    let listener = bind(config.listen).await?;
    // Port 0 means any: the one that was given is part of the default address.
    let listen = listener.local_addr().unwrap_or(config.listen);
    let config = &Config { listen, ..config.clone() };
    let house = House::open(config).await?;
    let mut registry = Registry::with_prefix("cartable");
    let counted = Metrics::register(&mut registry);
    let (stop, stopped) = Stop::new();

    let mut serving = JoinSet::new();
    let app = Arc::new(house.app(config));
    let provider = Arc::clone(&app.oidc.provider);
    let answer = move |request, peer| {
        let app = Arc::clone(&app);
        async move { app.answer(request, peer).await }
    };
    let acceptor = config.tls().map(|(cert, key)| tls::acceptor(cert, key)).transpose();
    let acceptor = acceptor.map_err(|error| Failed::Other(error.to_string()))?;
    let limits = server::Limits::from(&config.http);
    serving.spawn(server::serve(listener, acceptor, answer, limits.clone(), counted, stopped.clone()));
    beside(config, &house.addresses, &limits, registry, &stopped, &mut serving).await?;
    let tasks = Arc::new(house.tasks(config)?);
    let mut working = JoinSet::new();
    working.spawn(work(Arc::clone(&house.jobs), Arc::clone(&tasks)));
    for _ in 0..config.connectors.at_a_time {
        working.spawn(run_connectors(Arc::clone(&house.jobs), Arc::clone(&tasks)));
    }
    let upkeep =
        tokio::spawn(upkeep(Arc::clone(&house.sqlite), Arc::clone(&house.keys), provider, Arc::clone(&house.clock)));
    tracing::info!(url = house.addresses.base(), address = %listen, "serving");

    told.wait().await;
    tracing::info!("stopping");
    stop.stop();
    while serving.join_next().await.is_some() {}
    upkeep.abort();
    working.abort_all();
    Ok(Report::done(""))
}

/// The listeners beside the main one: metrics, and the way from http to https.
async fn beside(
    config: &Config,
    addresses: &Addresses,
    limits: &server::Limits,
    registry: Registry,
    stopped: &Stopped,
    serving: &mut JoinSet<()>,
) -> Result<(), Failed> {
    // Their requests are not counted among the server's own.
    let uncounted = || Metrics::register(&mut Registry::default());
    if let Some(address) = config.metrics {
        let page = metrics::page(Arc::new(registry));
        serving.spawn(server::serve(bind(address).await?, None, page, limits.clone(), uncounted(), stopped.clone()));
    }
    if let Some(address) = config.tls.redirect {
        let to_https = redirect::to_https(addresses.port());
        serving.spawn(server::serve(
            bind(address).await?,
            None,
            to_https,
            limits.clone(),
            uncounted(),
            stopped.clone(),
        ));
    }
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failed> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| Failed::Other(format!("nothing can listen on {address}: {error}")))
}

/// The providers that people may sign in with, with the secrets that the settings name.
fn upstreams(
    config: &Config,
    addresses: &Addresses,
    fetch: &Arc<Fetch>,
    secret: &Arc<SecretKey>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<Upstreams>, Failed> {
    let read = |config: &upstream::Config| Ok((config.clone(), upstream::Credentials::read(config)?));
    let known = config.upstream.iter().map(read).collect::<Result<Vec<_>, upstream::Unreadable>>();
    let known = known.map_err(|error| Failed::Usage(format!("upstream: {error}")))?;
    Ok(Arc::new(Upstreams::new(known, addresses.base(), fetch, Arc::clone(secret), Arc::clone(clock))))
}

/// What stands behind the endpoints.
struct House {
    clock: Arc<dyn Clock>,
    addresses: Arc<Addresses>,
    sqlite: Arc<Sqlite>,
    storage: Arc<dyn Storage>,
    accounts: Arc<Accounts>,
    provision: Arc<Provision>,
    keys: Arc<Keys>,
    jobs: Arc<Jobs>,
    secret: Arc<SecretKey>,
    fetch: Arc<Fetch>,
    upstreams: Arc<Upstreams>,
    pods: Arc<Pods>,
    ingest: Arc<Ingest>,
    /// Held as long as the server runs.
    _lock: Lock,
}

impl House {
    async fn open(config: &Config) -> Result<Self, Failed> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let addresses = Arc::new(config.addresses()?);
        let lock = Lock::take(&config.data)?
            .ok_or_else(|| Failed::Other("the data folder is in use by a server, a restore or a repair".into()))?;
        let sqlite = Arc::new(Sqlite::open(&config.data, Options { durable: true, clock: Arc::clone(&clock) })?);
        let storage: Arc<dyn Storage> = Arc::<Sqlite>::clone(&sqlite);
        recorded::keep(&*storage, &addresses, clock.now()).await?;
        let secret = Arc::new(config.secret()?);
        let jobs = Arc::new(Jobs::new(Arc::clone(&storage), Arc::clone(&secret)));
        let keys = Keys::open(Arc::clone(&storage), Arc::clone(&secret), addresses.base(), clock.now()).await?;
        let accounts = Arc::new(open_accounts(config, &storage, &clock, &addresses, &jobs, &secret)?);
        let quota = config.quota.map(|quota| quota.0);
        let provision = Arc::new(Provision {
            accounts: Arc::clone(&accounts),
            addresses: Arc::clone(&addresses),
            clock: Arc::clone(&clock),
            quota,
        });
        let mut way_out = fetch::Setup::new(Arc::clone(&addresses), Arc::clone(&clock));
        way_out.loopback = config.dev;
        let fetch = Arc::new(Fetch::new(way_out));
        let upstreams = upstreams(config, &addresses, &fetch, &secret, &clock)?;
        let limits = Limits { rdf: config.http.rdf_limit.0, ..Limits::default() };
        let groups = Arc::new(Elsewhere::new(Arc::clone(&fetch), Arc::clone(&clock)));
        let (storage_of_pods, addresses_of_pods) = (Arc::clone(&storage), Arc::clone(&addresses));
        let pods = Pods::new(storage_of_pods, addresses_of_pods, Arc::clone(&clock), groups, config.origins(), limits);
        let pods = Arc::new(pods.watched_by(Arc::<Accounts>::clone(&accounts)));
        let parts = ingest::Parts {
            pods: Arc::clone(&pods),
            clock: Arc::clone(&clock),
            secret: Arc::clone(&secret),
            fetch: Arc::clone(&fetch),
            jobs: Arc::clone(&jobs),
        };
        let ingest = Arc::new(Ingest::new(parts, connectors(config, &upstreams, &accounts)));
        Ok(Self {
            clock,
            addresses,
            sqlite,
            storage,
            accounts,
            provision,
            keys,
            jobs,
            secret,
            fetch,
            upstreams,
            pods,
            ingest,
            _lock: lock,
        })
    }

    fn tasks(&self, config: &Config) -> Result<Tasks, Failed> {
        let mailer = Mailer::new(&config.mail, &config.data, self.addresses.host(), Arc::clone(&self.clock));
        let mailer = mailer.map_err(|error| Failed::Usage(error.to_string()))?;
        let (accounts, provision) = (Arc::clone(&self.accounts), Arc::clone(&self.provision));
        let ingest = Arc::clone(&self.ingest);
        Ok(Tasks { storage: Arc::clone(&self.storage), accounts, provision, mailer, ingest })
    }

    fn app(&self, config: &Config) -> App {
        let (addresses, clock) = (|| Arc::clone(&self.addresses), || Arc::clone(&self.clock));
        let (accounts, keys) = (|| Arc::clone(&self.accounts), || Arc::clone(&self.keys));
        let (fetch, pods) = (Arc::clone(&self.fetch), Arc::clone(&self.pods));
        let parts = provider::Parts {
            storage: Arc::clone(&self.storage),
            clock: clock(),
            secret: Arc::clone(&self.secret),
            accounts: accounts(),
            keys: keys(),
            fetch: Arc::clone(&fetch),
            public: Arc::<Pods>::clone(&pods),
        };
        let provider = Arc::new(Provider::new(&config.identity, parts));
        let parts = Parts {
            addresses: addresses(),
            keys: keys(),
            profiles: Arc::<Pods>::clone(&pods),
            revocations: Arc::<Provider>::clone(&provider),
            fetch,
        };
        let identity = Arc::new(Identity::new(config.identity.clone(), parts, self.clock.now()));
        App {
            addresses: addresses(),
            proxies: Trusted(config.trusted_proxies.clone()),
            clock: clock(),
            identity: Arc::clone(&identity),
            pods: Adapter::new(Arc::clone(&pods)),
            oidc: Endpoints {
                provider: Arc::clone(&provider),
                addresses: addresses(),
                accounts: accounts(),
                identity: Arc::clone(&identity),
                keys: keys(),
                clock: clock(),
                allow_bearer: config.identity.allow_bearer,
            },
            accounts: AccountApi {
                addresses: addresses(),
                accounts: accounts(),
                provision: Arc::clone(&self.provision),
                identity: Arc::clone(&identity),
                clock: clock(),
                open: config.dev,
                doors: Door::all(&self.upstreams).into_iter().map(|door| (door.name, door.path)).collect(),
            },
            pages: Pages {
                addresses: addresses(),
                accounts: accounts(),
                provider,
                provision: Arc::clone(&self.provision),
                profiles: Profiles { pods },
                ingest: Arc::clone(&self.ingest),
                identity,
                key: Arc::clone(&self.secret),
                clock: clock(),
                upstreams: Arc::clone(&self.upstreams),
                passkeys: Passkeys::of(self.addresses.base()),
                doors: Door::all(&self.upstreams),
                dev: config.dev,
            },
            patience: config.http.idle_timeout.0,
        }
    }
}

/// Does the jobs that are due, as long as it is not stopped, and clears away old letters. A job that is cut off is done
/// again when its lease ends.
async fn work(jobs: Arc<Jobs>, tasks: Arc<Tasks>) {
    let (mut due, mut letters_due) = (tokio::time::interval(JOBS), tokio::time::interval(KEYS));
    loop {
        tokio::select! {
            _ = due.tick() => {
                if let Err(error) = jobs.work(Lane::House, &*tasks).await {
                    tracing::error!(%error, "the jobs that are due cannot be done; it is tried again");
                }
            }
            _ = letters_due.tick() => {
                if let Err(error) = tasks.mailer.tidy() {
                    tracing::error!(%error, "old letters could not be removed; it is tried again");
                }
            }
        }
    }
}

/// Runs connections that are due, one at a time, as long as it is not stopped.
async fn run_connectors(jobs: Arc<Jobs>, tasks: Arc<Tasks>) {
    let mut due = tokio::time::interval(JOBS);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = tasks.ingest.asked() => {}
        }
        if let Err(error) = jobs.work(Lane::Runs, &*tasks).await {
            tracing::error!(%error, "the runs that are due cannot be done; it is tried again");
        }
    }
}

/// The connectors that the settings offer.
fn connectors(config: &Config, upstreams: &Arc<Upstreams>, accounts: &Arc<Accounts>) -> Vec<Arc<dyn Connector>> {
    let mut connectors = payslips::connectors(&config.payslips);
    connectors.push(Arc::new(Contacts::new(Arc::clone(upstreams), Arc::clone(accounts))));
    connectors.push(Arc::new(Applications::new(Arc::clone(upstreams), Arc::clone(accounts))));
    connectors
}

/// Does what is due from time to time, as long as it is not stopped.
async fn upkeep(sqlite: Arc<Sqlite>, keys: Arc<Keys>, provider: Arc<Provider>, clock: Arc<dyn Clock>) {
    let (mut storage_due, mut keys_due) = (tokio::time::interval(UPKEEP), tokio::time::interval(KEYS));
    loop {
        tokio::select! {
            _ = storage_due.tick() => {
                if let Err(error) = sqlite.maintain().await {
                    tracing::error!(%error, "the upkeep of the data folder failed; it is tried again");
                }
            }
            _ = keys_due.tick() => {
                if let Err(error) = keys.tend(clock.now()).await {
                    tracing::error!(%error, "the signing keys could not be looked after; it is tried again");
                }
                if let Err(error) = provider.tend().await {
                    tracing::error!(%error, "what the provider no longer needs could not be removed; it is tried again");
                }
            }
        }
    }
}

/// The signals that tell the server to stop.
struct Told {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Told {
    fn listen() -> Result<Self, Failed> {
        let failed = |error| Failed::Other(format!("signals cannot be received: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        Ok(Self { terminate, interrupt })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
