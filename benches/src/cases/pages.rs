//! What clients and people ask before there is a token: discovery, keys, the page for signing in, and many passwords at
//! once.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::task::JoinSet;

use super::{Bench, OPEN, POD, median};
use crate::Result;
use crate::connection::Connection;
use crate::load::{self, Seen};
use crate::server::{PASSWORD, get};
use crate::sign_in;
use crate::table::Row;

const CLIENTS: usize = 16;
const SIGN_IN: &str = "/.account/login/";
/// A school on its first day: 600 people in a minute.
const A_SECOND: usize = 10;
const STORM_ROUNDS: u32 = 20;
/// Those who read meanwhile.
const READERS: usize = 4;
/// Argon2id as the server uses it: KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

impl Bench {
    /// Documents that are the same for everybody, against a public document of a pod.
    pub(super) async fn discovery(&mut self) -> Result<Vec<Row>> {
        let address = self.place.address;
        let public = get(address, &format!("{OPEN}doc.ttl"), "");
        let mut rows = Vec::new();
        for (what, path) in [("discovery", "/.well-known/openid-configuration"), ("keys", "/.oidc/jwks")] {
            let request = get(address, path, "");
            let ours = |_| Ok(load::repeated(CLIENTS, &request));
            let (seen, ratio) = self.against(address, 200, ours, CLIENTS, &public).await?;
            let row = Row::new(format!("GET, {what}, {CLIENTS} clients"), "as GET of 1 KB of Turtle");
            rows.push(row.seen(&seen).ratio(ratio).memory(self.server.peak()?));
        }
        Ok(rows)
    }

    /// The page for signing in, and its form: one client, so that its latency is the time that the server takes.
    pub(super) async fn sign_in(&mut self) -> Result<Vec<Row>> {
        let address = self.place.address;
        let page = get(address, SIGN_IN, "Accept: text/html\r\n");
        let shown = self.alone(&page, 200).await?;
        let form = sign_in::form(&mut Connection::open(address).await?, address, &format!("{POD}@example.org")).await?;
        let entered = self.alone(&form, 303).await?;
        let hashing = argon2_takes()?;
        let rest = entered.p50.saturating_sub(hashing).as_secs_f64() * 1000.0;
        let told = format!("{rest:.2} ms besides {:.2} ms of Argon2", hashing.as_secs_f64() * 1000.0);
        Ok(vec![
            Row::new("GET of the page for signing in, 1 client", "< 5 ms").seen(&shown),
            Row::new("POST of a password, 1 client", "< 5 ms besides Argon2")
                .seen(&entered)
                .measured(told)
                .memory(self.server.peak()?),
        ])
    }

    async fn alone(&self, request: &[u8], status: u16) -> Result<Seen> {
        let mut seen = Vec::new();
        for _ in 0..self.rounds {
            seen.push(load::run(self.place.address, load::repeated(1, request), self.round, status).await?);
        }
        Ok(median(seen))
    }

    /// A school's first day: people come in with their passwords, each by the page, while others read.
    pub(super) async fn storm(&mut self) -> Result<Vec<Row>> {
        let (address, lasts) = (self.place.address, self.round * STORM_ROUNDS);
        let people = lasts.as_secs() as usize * A_SECOND;
        for number in 0..people {
            self.place.account(&format!("pupil{number}"))?;
        }
        let readers = load::repeated(READERS, &get(address, &format!("{OPEN}doc.ttl"), ""));
        self.server.reset_peak()?;
        let (read, entered) = tokio::join!(load::run(address, readers, lasts, 200), enter(address, people));
        let memory = self.server.peak()?;
        let what = format!("{people} people sign in, {A_SECOND} a second");
        Ok(vec![
            Row::new(format!("{what}: GET, 1 KB of Turtle, {READERS} clients"), "p99 < 20 ms")
                .seen(&read?)
                .memory(memory),
            Row::new(format!("{what}: their passwords"), "").seen(&entered?),
        ])
    }
}

/// Lets people come in, one after another at a steady pace whether or not those before are in.
async fn enter(address: std::net::SocketAddr, people: usize) -> Result<Seen> {
    let started = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / A_SECOND as u32);
    let mut coming = JoinSet::new();
    for number in 0..people {
        pace.tick().await;
        coming.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let form = sign_in::form(&mut connection, address, &format!("pupil{number}@example.org")).await?;
            let sent = Instant::now();
            let status = connection.ask(&form).await?.status;
            if status == 303 {
                Ok(vec![sent.elapsed()])
            } else {
                Err(format!("a password was answered with {status}").into())
            }
        });
    }
    load::seen(coming, started).await
}

/// How long one core hashes a password in memory that it keeps, as the server does; the median of some.
fn argon2_takes() -> Result<Duration> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(|error| error.to_string())?;
    let mut blocks = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut took = Vec::new();
    for _ in 0..9 {
        let started = Instant::now();
        let mut hash = [0; 32];
        argon2
            .hash_password_into_with_memory(PASSWORD.as_bytes(), b"sixteen bytes of", &mut hash, &mut blocks)
            .map_err(|error| error.to_string())?;
        took.push(started.elapsed());
    }
    took.sort_unstable();
    Ok(took[took.len() / 2])
}
