//! `cartable pod …`

use clap::Subcommand;

use super::office::Office;
use super::report::{Failed, Report};
use crate::identity::account::Act;
use crate::path::{PodName, ResourcePath};
use crate::storage::Pod;
use crate::units::Size;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List pods, what they hold and may hold
    List,
    /// Show the quota of a pod, or set it
    Quota {
        /// The pod
        name: String,
        /// The most bytes it may hold, such as `2 GB`; `none` for no limit
        size: Option<String>,
    },
}

/// Pods that are listed at a time.
const PAGE: usize = 500;

pub(super) async fn run(office: &Office, command: Command) -> Result<Report, Failed> {
    match command {
        Command::List => list(office).await,
        Command::Quota { name, size: None } => Ok(show(&pod(office, &name).await?)),
        Command::Quota { name, size: Some(size) } => {
            let quota = match size.as_str() {
                "none" => None,
                size => Some(size.parse::<Size>().map_err(|error| Failed::Usage(error.to_string()))?.0),
            };
            let pod = pod(office, &name).await?;
            for owner in &pod.owners {
                if let Some(account) = office.accounts.by_webid(owner).await? {
                    office.accounts.note_operator(&account.id, Act::QuotaSet).await?;
                }
            }
            office.storage.set_quota(pod.id, quota).await?;
            Ok(show(&Pod { quota, ..pod }))
        }
    }
}

/// The pod of this name.
pub(super) async fn pod(office: &Office, name: &str) -> Result<Pod, Failed> {
    let found = match PodName::parse(name) {
        Some(name) => office.storage.pod(&name).await?,
        None => None,
    };
    found.ok_or_else(|| Failed::Other(format!("there is no pod `{name}`")))
}

async fn list(office: &Office) -> Result<Report, Failed> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = office.storage.pods(after, PAGE).await?;
        rows.extend(page.iter().map(|pod| {
            let url = office.provision.addresses.iri(&ResourcePath::root(pod.name.clone()));
            [pod.name.to_string(), Size(pod.used).to_string(), quota_of(pod), pod.owners.join(" "), url]
        }));
        after = page.last().map(|pod| pod.id);
        if page.len() < PAGE {
            return Ok(Report::table(["Pod", "Used", "Quota", "Owner", "URL"], rows));
        }
    }
}

fn show(pod: &Pod) -> Report {
    Report::of([("Pod", pod.name.to_string()), ("Used", Size(pod.used).to_string()), ("Quota", quota_of(pod))])
}

fn quota_of(pod: &Pod) -> String {
    pod.quota.map_or_else(|| "none".to_owned(), |quota| Size(quota).to_string())
}
