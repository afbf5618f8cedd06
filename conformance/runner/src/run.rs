//! One run against one server: sign in, try the cases, write the reports.

use std::path::Path;
use std::sync::Arc;

use crate::agent::{Agent, Provider, now};
use crate::case::{self, Case};
use crate::http::Client;
use crate::outcome::Result as CaseResult;
use crate::stop::Verdict;
use crate::trial::{Bench, Secret};
use crate::{cases, earl, page, rdf};

/// What to run, and on what.
#[derive(Debug, Clone)]
pub struct Plan {
    pub server: String,
    pub issuer: String,
    /// The first person's pod; found in the profile if not given.
    pub pod: Option<String>,
    /// Identifier and secret of each person's client credentials.
    pub alice: (String, String),
    pub bob: (String, String),
    /// Certificates to trust besides the machine's, in PEM.
    pub ca: Option<Vec<u8>>,
    /// Only cases whose id contains this.
    pub only: String,
    pub at_once: usize,
}

/// Runs the planned cases, telling each result as it comes; fails only if nobody can sign in.
pub async fn run(plan: &Plan, tell: impl Fn(&CaseResult)) -> Result<Vec<CaseResult>, String> {
    let cases: Vec<Case> = cases::all().into_iter().filter(|case| case.id.contains(&plan.only)).collect();
    let (agents, bench) = sign_in(plan).await?;
    Ok(case::run_all(cases, agents, Arc::new(bench), plan.at_once, tell).await)
}

async fn sign_in(plan: &Plan) -> Result<((Agent, Agent, Agent), Bench), String> {
    let client = Client::new(plan.ca.as_deref()).map_err(|error| error.to_string())?;
    let anyone = Agent::anonymous(client.clone());
    let provider = Provider::discover(&anyone, &plan.issuer).await.map_err(|stop| stop.to_string())?;
    let known = async |name, (id, secret): &(String, String)| {
        let credentials = provider.sign_in(&anyone, id, secret).await;
        let credentials = credentials.map_err(|stop| format!("{name} could not sign in: {stop}"))?;
        Ok::<_, String>(Agent::known(name, client.clone(), credentials))
    };
    let (alice, bob) = (known("alice", &plan.alice).await?, known("bob", &plan.bob).await?);
    let pod = match &plan.pod {
        Some(pod) => pod.clone(),
        None => storage(&alice).await.map_err(|stop| stop.to_string())?.ok_or("the first person has no storage")?,
    };
    let secret = |(id, secret): &(String, String)| Secret { id: id.clone(), secret: secret.clone() };
    let server = plan.server.clone();
    let bench = Bench { server, pod, provider, alice: secret(&plan.alice), bob: secret(&plan.bob) };
    Ok(((alice, bob, anyone), bench))
}

/// The storage that an agent's profile names.
async fn storage(agent: &Agent) -> Verdict<Option<String>> {
    let webid = agent.webid();
    let profile = agent.get(webid.split('#').next().unwrap_or(webid)).accept("text/turtle").await?.is(200)?.graph()?;
    Ok(rdf::first(&profile, webid, "http://www.w3.org/ns/pim/space#storage"))
}

/// Writes `report.ttl` and `report.html` into a folder, which is made if need be.
pub async fn write_reports(results: &[CaseResult], server: &str, folder: &Path) -> std::io::Result<()> {
    let date = jiff::Timestamp::from_second(now().try_into().unwrap_or_default()).unwrap_or_default().to_string();
    tokio::fs::create_dir_all(folder).await?;
    tokio::fs::write(folder.join("report.ttl"), earl::print(results, server, &date)?).await?;
    tokio::fs::write(folder.join("report.html"), page::print(results, server, &date)).await
}
