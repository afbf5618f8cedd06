//! Clients that ask one after another for a while, and what they saw.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::connection::Connection;

/// The next request of a client; `None` when it has no more.
pub type Requests = Box<dyn FnMut() -> Option<Vec<u8>> + Send>;
/// The next request of a client that reads the body of the answer before; of nothing at first.
pub type Steps = Box<dyn FnMut(&[u8]) -> Option<Vec<u8>> + Send>;

/// What a round of load saw.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Answers a second.
    pub rate: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// Runs one client per entry of `clients` for `time` and checks that every answer has the status `expected`.
pub async fn run(address: SocketAddr, clients: Vec<Requests>, time: Duration, expected: u16) -> Result<Seen> {
    let mut connections = Vec::new();
    for requests in clients {
        connections.push((Connection::open(address).await?, requests));
    }
    let started = Instant::now();
    let mut running = JoinSet::new();
    for (connection, requests) in connections {
        running.spawn(client(connection, requests, started + time, expected));
    }
    seen(running, started).await
}

/// As [`run`], with clients that go on from what they were answered.
pub async fn run_steps(address: SocketAddr, clients: Vec<Steps>, time: Duration, expected: u16) -> Result<Seen> {
    let mut connections = Vec::new();
    for steps in clients {
        connections.push((Connection::open(address).await?, steps));
    }
    let started = Instant::now();
    let mut running = JoinSet::new();
    for (connection, steps) in connections {
        running.spawn(stepping(connection, steps, started + time, expected));
    }
    seen(running, started).await
}

/// What clients saw, once all have ended.
pub async fn seen(mut running: JoinSet<Result<Vec<Duration>>>, started: Instant) -> Result<Seen> {
    let mut latencies = Vec::new();
    while let Some(ended) = running.join_next().await {
        latencies.append(&mut ended??);
    }
    let took = started.elapsed();
    latencies.sort_unstable();
    let percentile = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or_default();
    Ok(Seen { rate: latencies.len() as f64 / took.as_secs_f64(), p50: percentile(50), p99: percentile(99) })
}

/// One client: each request leaves when the answer before is complete.
async fn client(
    mut connection: Connection,
    mut requests: Requests,
    until: Instant,
    expected: u16,
) -> Result<Vec<Duration>> {
    let mut latencies = Vec::with_capacity(1 << 16);
    let mut sent = Instant::now();
    while sent < until {
        let Some(request) = requests() else { break };
        let answer = connection.exchange(&request).await?;
        check(&request, answer.status, expected)?;
        let now = Instant::now();
        latencies.push(now - sent);
        sent = now;
    }
    Ok(latencies)
}

async fn stepping(
    mut connection: Connection,
    mut steps: Steps,
    until: Instant,
    expected: u16,
) -> Result<Vec<Duration>> {
    let (mut latencies, mut body) = (Vec::with_capacity(1 << 16), Vec::new());
    let mut sent = Instant::now();
    // The last answer is read as well, so that a later round can go on from it.
    while let Some(request) = steps(&body).filter(|_| sent < until) {
        let answer = connection.ask(&request).await?;
        check(&request, answer.status, expected)?;
        body = answer.body;
        let now = Instant::now();
        latencies.push(now - sent);
        sent = now;
    }
    Ok(latencies)
}

fn check(request: &[u8], status: u16, expected: u16) -> Result<()> {
    if status == expected {
        return Ok(());
    }
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    Err(format!("`{line}` was answered with {status}, not {expected}").into())
}

/// `clients` clients that repeat one request.
pub fn repeated(clients: usize, request: &[u8]) -> Vec<Requests> {
    let one = |_| -> Requests {
        let request = request.to_vec();
        Box::new(move || Some(request.clone()))
    };
    (0..clients).map(one).collect()
}
