//! The cases: what is asked, with how many clients, and what it is compared with.

mod pages;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Result;
use crate::bare::Bare;
use crate::load::{self, Requests, Seen};
use crate::nginx::Nginx;
use crate::proof::Holder;
use crate::server::{Person, Place, Server, bodiless, get, with_body};
use crate::table::Row;

pub const NAMES: [&str; 18] = [
    "get",
    "not-modified",
    "head",
    "json-ld",
    "dpop",
    "token",
    "refresh",
    "discovery",
    "sign-in",
    "storm",
    "binary",
    "put",
    "patch",
    "list",
    "crowded",
    "start",
    "idle",
    "pods",
];

const POD: &str = "bench";
/// A container that everybody may read and write.
const OPEN: &str = "/bench/open/";
const MEBIBYTE: usize = 1 << 20;
const MANY_PODS: usize = 10_000;

/// A server with one pod, and how long to measure.
pub struct Bench {
    place: Place,
    server: Server,
    person: Person,
    holder: Holder,
    rounds: usize,
    round: Duration,
    /// Makes names that were not used before.
    serial: Arc<AtomicU64>,
}

impl Bench {
    pub async fn start(rounds: usize, round: Duration) -> Result<Self> {
        let place = Place::new()?;
        place.account(POD)?;
        let person = place.person(POD)?;
        let server = place.start().await?;
        let holder = Holder::sign_in(&place, &person).await?;
        let mut bench = Self { place, server, person, holder, rounds, round, serial: Arc::default() };
        let acl = open_acl(&bench.url(OPEN), &bench.person.web_id);
        bench.put_as_owner(OPEN, "text/turtle", b"").await?;
        bench.put_as_owner(&format!("{OPEN}.acl"), "text/turtle", acl.as_bytes()).await?;
        bench.put_as_owner(&format!("{OPEN}doc.ttl"), "text/turtle", &document()).await?;
        bench.put_as_owner("/bench/private.ttl", "text/turtle", &document()).await?;
        Ok(bench)
    }

    pub async fn case(&mut self, name: &str) -> Result<Vec<Row>> {
        self.server.reset_peak()?;
        match name {
            "get" => self.reading("GET, 1 KB of Turtle", 0.5, "GET", "").await,
            "not-modified" => {
                let found = self.place.ask(&get(self.place.address, &format!("{OPEN}doc.ttl"), "")).await?;
                let condition = format!("If-None-Match: {}\r\n", found.header("etag").ok_or("no ETag")?);
                self.reading("GET, not modified", 0.5, "GET", &condition).await
            }
            "head" => self.reading("HEAD", 0.5, "HEAD", "").await,
            "json-ld" => self.reading("GET, Turtle as JSON-LD", 0.4, "GET", "Accept: application/ld+json\r\n").await,
            "dpop" => self.dpop().await,
            "token" => self.token().await,
            "refresh" => self.refresh().await,
            "discovery" => self.discovery().await,
            "sign-in" => self.sign_in().await,
            "storm" => self.storm().await,
            "binary" => self.binary().await,
            "put" => self.put().await,
            "patch" => self.patch().await,
            "list" => self.list().await,
            "crowded" => self.crowded().await,
            "start" => self.first_answer().await,
            "idle" => self.idle().await,
            _ => self.pods().await,
        }
    }

    /// A public document, asked for in one way, against a bare server that gives the same answer.
    async fn reading(&mut self, what: &str, reach: f64, method: &str, headers: &str) -> Result<Vec<Row>> {
        let path = format!("{OPEN}doc.ttl");
        let request = bodiless(method, self.place.address, &path, headers);
        let answer = self.place.ask(&request).await?;
        let bare = Bare::start(&answer)?;
        let mut rows = Vec::new();
        for clients in [16, 64] {
            let ours = |_| Ok(load::repeated(clients, &request));
            let (seen, ratio) = self.against(bare.address, answer.status, ours, clients, &request).await?;
            let row = Row::new(format!("{what}, {clients} clients"), format!("≥ {reach} × bare hyper"));
            rows.push(row.seen(&seen).ratio(ratio).memory(self.server.peak()?));
        }
        Ok(rows)
    }

    /// Rounds of the server and of `other` in turn: the median round of ours, and the median ratio of the rates.
    async fn against(
        &self,
        other: SocketAddr,
        status: u16,
        mut ours: impl FnMut(usize) -> Result<Vec<Requests>>,
        clients: usize,
        theirs: &[u8],
    ) -> Result<(Seen, f64)> {
        let (mut seen, mut ratios) = (Vec::new(), Vec::new());
        for round in 0..self.rounds {
            let mine = load::run(self.place.address, ours(round)?, self.round, status).await?;
            let their = load::run(other, load::repeated(clients, theirs), self.round, status).await?;
            ratios.push(mine.rate / their.rate);
            seen.push(mine);
        }
        ratios.sort_by(f64::total_cmp);
        Ok((median(seen), ratios[ratios.len() / 2]))
    }

    /// A private document with a fresh proof for each request, against the signatures that one core verifies.
    async fn dpop(&mut self) -> Result<Vec<Row>> {
        let one_core = self.holder.verifications_per_second(self.round)?;
        let mut rows = vec![Row::new("ES256 verifications, one core", "").measured(format!("{one_core:.0}/s"))];
        for clients in [16, 64] {
            let mut seen = Vec::new();
            for _ in 0..self.rounds {
                // A little more than one core could take, so that no client runs out.
                let each = (one_core * self.round.as_secs_f64() * 2.2) as usize / clients;
                let signed = (0..clients).map(|_| self.signed(each)).collect::<Result<Vec<_>>>()?;
                seen.push(load::run(self.place.address, signed, self.round, 200).await?);
            }
            let seen = median(seen);
            let row = Row::new(format!("GET, private, DPoP, {clients} clients"), "≥ 0.7 × what one core verifies");
            rows.push(row.seen(&seen).ratio(seen.rate / one_core).memory(self.server.peak()?));
        }
        Ok(rows)
    }

    /// Requests for the private document, signed now.
    fn signed(&mut self, count: usize) -> Result<Requests> {
        let path = "/bench/private.ttl";
        let url = self.url(path);
        let mut requests = Vec::with_capacity(count);
        for _ in 0..count {
            requests.push(get(self.place.address, path, &self.holder.headers("GET", &url)?));
        }
        Ok(Box::new(move || requests.pop()))
    }

    /// A file of 1 MiB, against nginx.
    async fn binary(&mut self) -> Result<Vec<Row>> {
        let bytes: Vec<u8> = (0..=250).cycle().take(MEBIBYTE).collect();
        let path = format!("{OPEN}file.bin");
        self.put_as_owner(&path, "application/octet-stream", &bytes).await?;
        let nginx = Nginx::start(self.place.folder(), "file.bin", &bytes)?;
        let request = get(self.place.address, &path, "");
        let theirs = get(self.place.address, "/file.bin", "");
        nginx.answering(&theirs).await?;
        let mut rows = Vec::new();
        for clients in [16, 64] {
            let ours = |_| Ok(load::repeated(clients, &request));
            let (seen, ratio) = self.against(nginx.address, 200, ours, clients, &theirs).await?;
            let row = Row::new(format!("GET, 1 MiB file, {clients} clients"), "≥ 0.6 × nginx");
            rows.push(row.seen(&seen).ratio(ratio).memory(self.server.peak()?));
        }
        Ok(rows)
    }

    /// New documents, each on the disk before its answer.
    async fn put(&mut self) -> Result<Vec<Row>> {
        let seen = self.putting(&format!("{OPEN}new/"), 16).await?;
        let row = Row::new("PUT, new 1 KB documents, 16 clients", "≥ 3,000/s, p99 < 20 ms");
        Ok(vec![row.seen(&seen).memory(self.server.peak()?)])
    }

    async fn putting(&self, container: &str, clients: usize) -> Result<Seen> {
        let mut seen = Vec::new();
        for _ in 0..self.rounds {
            let requests = (0..clients).map(|_| self.new_documents(container, usize::MAX)).collect();
            seen.push(load::run(self.place.address, requests, self.round, 201).await?);
        }
        Ok(median(seen))
    }

    fn new_documents(&self, container: &str, count: usize) -> Requests {
        let (address, serial) = (self.place.address, Arc::clone(&self.serial));
        let (container, body) = (container.to_owned(), document());
        let mut left = count;
        Box::new(move || {
            left = left.checked_sub(1)?;
            let path = format!("{container}{}.ttl", serial.fetch_add(1, Ordering::Relaxed));
            Some(with_body("PUT", address, &path, "Content-Type: text/turtle\r\n", &body))
        })
    }

    /// Each client counts up a triple of its own in one document that all share.
    async fn patch(&mut self) -> Result<Vec<Row>> {
        let clients = 16;
        let path = format!("{OPEN}counters.ttl");
        let mut seen = Vec::new();
        for _ in 0..self.rounds {
            let counters: Vec<_> = (0..clients).map(|n| format!("<#c{n}> <https://example.org/count> 0 .")).collect();
            self.put_as_owner(&path, "text/turtle", counters.join("\n").as_bytes()).await?;
            let requests = (0..clients).map(|n| counting(self.place.address, &path, n)).collect();
            seen.push(load::run(self.place.address, requests, self.round, 204).await?);
        }
        let row = Row::new("N3 Patch on one document, 16 clients", "≥ 2,000/s");
        Ok(vec![row.seen(&median(seen)).memory(self.server.peak()?)])
    }

    async fn list(&mut self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for (children, reach) in [(1_000, "≥ 800/s"), (10_000, "≥ 80/s"), (100_000, "≥ 8/s")] {
            let container = format!("{OPEN}{children}/");
            self.fill(&container, children).await?;
            self.server.reset_peak()?;
            let request = get(self.place.address, &container, "");
            let mut seen = Vec::new();
            for _ in 0..self.rounds {
                seen.push(load::run(self.place.address, load::repeated(4, &request), self.round, 200).await?);
            }
            let row = Row::new(format!("GET, listing of {children}, 4 clients"), reach);
            rows.push(row.seen(&median(seen)).memory(self.server.peak()?));
        }
        Ok(rows)
    }

    /// Brings a container up to `count` children.
    async fn fill(&self, container: &str, count: usize) -> Result<()> {
        let clients = 16;
        let listing = self.place.ask(&get(self.place.address, container, "")).await?;
        if listing.status == 200 {
            return Ok(());
        }
        let requests =
            (0..clients).map(|n| self.new_documents(container, count / clients + usize::from(n < count % clients)));
        load::run(self.place.address, requests.collect(), Duration::from_hours(1), 201).await?;
        Ok(())
    }

    /// New documents in a container of 100,000, against an empty one.
    async fn crowded(&mut self) -> Result<Vec<Row>> {
        let crowded = format!("{OPEN}100000/");
        self.fill(&crowded, 100_000).await?;
        let (mut seen, mut ratios) = (Vec::new(), Vec::new());
        for round in 0..self.rounds {
            let one = |container: &str| (0..16).map(|_| self.new_documents(container, usize::MAX)).collect();
            let empty = format!("{OPEN}empty-{round}/");
            let in_crowd = load::run(self.place.address, one(&crowded), self.round, 201).await?;
            let in_empty = load::run(self.place.address, one(&empty), self.round, 201).await?;
            ratios.push(in_crowd.rate / in_empty.rate);
            seen.push(in_crowd);
        }
        ratios.sort_by(f64::total_cmp);
        let row = Row::new("PUT into a container of 100,000, 16 clients", "within 10 % of an empty one");
        Ok(vec![row.seen(&median(seen)).ratio(ratios[ratios.len() / 2]).memory(self.server.peak()?)])
    }

    async fn first_answer(&mut self) -> Result<Vec<Row>> {
        let mut times = Vec::new();
        for _ in 0..self.rounds {
            let place = Place::new()?;
            drop(place.start().await?);
            times.push(place.start().await?.started_in);
        }
        times.sort_unstable();
        let median = times[times.len() / 2];
        Ok(vec![Row::new("start to first answer", "< 0.2 s").measured(format!("{:.3} s", median.as_secs_f64()))])
    }

    async fn idle(&mut self) -> Result<Vec<Row>> {
        let place = Place::new()?;
        place.account(POD)?;
        let server = place.start().await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let memory = server.resident()?;
        Ok(vec![Row::new("idle", "< 40 MiB").measured(format!("{memory:.0} MiB")).memory(memory)])
    }

    /// Memory with many pods, and how fast a document is read among them.
    async fn pods(&mut self) -> Result<Vec<Row>> {
        let name = |n: usize| format!("pod-{n:05}");
        let place = Place::new()?;
        place.account(&name(0))?;
        let server = place.start().await?;
        let path = |n: usize| format!("/{}/profile/card", name(n));
        let hot = get(place.address, &path(0), "");
        let alone = load::run(place.address, load::repeated(16, &hot), self.round, 200).await?;
        drop(server);

        place.pods((1..MANY_PODS).map(name)).await?;
        let server = place.start().await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let idle = server.resident()?;
        let among = load::run(place.address, load::repeated(16, &hot), self.round, 200).await?;
        let memory = server.peak()?;
        let address = place.address;
        let wander = |client: usize| -> Requests {
            let mut at = client * 617;
            Box::new(move || {
                at = (at + 7_919) % MANY_PODS;
                Some(get(address, &format!("/pod-{at:05}/profile/card"), ""))
            })
        };
        let spread = load::run(place.address, (0..16).map(wander).collect(), self.round, 200).await?;
        Ok(vec![
            Row::new("10,000 pods, idle", "< 60 MiB").measured(format!("{idle:.0} MiB")).memory(idle),
            Row::new("10,000 pods, GET of one profile, 16 clients", "as with one pod")
                .seen(&among)
                .ratio(among.rate / alone.rate)
                .memory(memory),
            Row::new("10,000 pods, GET of all profiles, 16 clients", "")
                .seen(&spread)
                .ratio(spread.rate / alone.rate)
                .memory(server.peak()?),
        ])
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.place.base().trim_end_matches('/'))
    }

    async fn put_as_owner(&mut self, path: &str, media_type: &str, body: &[u8]) -> Result<()> {
        let headers = format!("{}Content-Type: {media_type}\r\n", self.holder.headers("PUT", &self.url(path))?);
        let answer = self.place.ask(&with_body("PUT", self.place.address, path, &headers, body)).await?;
        if (200..300).contains(&answer.status) {
            return Ok(());
        }
        Err(format!("PUT {path} was answered with {}", answer.status).into())
    }
}

/// The round with the median rate.
fn median(mut rounds: Vec<Seen>) -> Seen {
    rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let middle = rounds.len() / 2;
    rounds.swap_remove(middle)
}

/// A Turtle document of about 1 KB.
fn document() -> Vec<u8> {
    let mut text = String::from("@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .\n");
    for n in 0..9 {
        let line = format!(
            "<#p{n}> a vcard:Individual ; vcard:fn \"Personne Fictive {n}\" ; vcard:hasEmail <mailto:p{n}@example.org> .\n"
        );
        text.push_str(&line);
    }
    text.into_bytes()
}

fn open_acl(container: &str, owner: &str) -> String {
    format!(
        "@prefix acl: <http://www.w3.org/ns/auth/acl#> .\n\
         <#owner> a acl:Authorization ; acl:agent <{owner}> ; acl:accessTo <{container}> ; acl:default <{container}> ;\n\
         acl:mode acl:Read , acl:Write , acl:Control .\n\
         <#all> a acl:Authorization ; acl:agentClass <http://xmlns.com/foaf/0.1/Agent> ; acl:accessTo <{container}> ;\n\
         acl:default <{container}> ; acl:mode acl:Read , acl:Write .\n"
    )
}

/// Patches that take one client's counter from each number to the next.
fn counting(address: SocketAddr, path: &str, client: usize) -> Requests {
    let path = path.to_owned();
    let mut count = 0_u64;
    Box::new(move || {
        let triple = |count: u64| format!("<#c{client}> <https://example.org/count> {count} .");
        let (before, after) = (triple(count), triple(count + 1));
        count += 1;
        let body = format!(
            "@prefix solid: <http://www.w3.org/ns/solid/terms#> .\n\
             _:p a solid:InsertDeletePatch ; solid:deletes {{ {before} }} ; solid:inserts {{ {after} }} .\n"
        );
        Some(with_body("PATCH", address, &path, "Content-Type: text/n3\r\n", body.as_bytes()))
    })
}
