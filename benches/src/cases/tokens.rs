//! The token endpoint: a proof is verified and two tokens are signed for each answer.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Bench, POD, median};
use crate::Result;
use crate::load::{self, Requests, Steps};
use crate::server::with_body;
use crate::sign_in::Application;
use crate::table::Row;

const REACH: &str = "≥ 4,000/s on two cores";
const PATH: &str = "/.oidc/token";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const CLIENTS: usize = 16;
/// More answers a second than can be hoped for, so that no client runs out of proofs.
const MOST: f64 = 15_000.0;

impl Bench {
    /// Client credentials, for an access token and an ID token.
    pub(super) async fn token(&mut self) -> Result<Vec<Row>> {
        let basic = STANDARD.encode(format!("{}:{}", self.person.id, self.person.secret));
        let body = b"grant_type=client_credentials&scope=openid+webid";
        let address = self.place.address;
        let mut seen = Vec::new();
        for _ in 0..self.rounds {
            let mut clients: Vec<Requests> = Vec::new();
            for mut proofs in self.proofs()? {
                let basic = basic.clone();
                clients.push(Box::new(move || {
                    let headers = format!("Authorization: Basic {basic}\r\nDPoP: {}\r\n{FORM}", proofs.pop()?);
                    Some(with_body("POST", address, PATH, &headers, body))
                }));
            }
            seen.push(load::run(address, clients, self.round, 200).await?);
        }
        let row = Row::new(format!("client credentials, {CLIENTS} clients"), REACH);
        Ok(vec![row.seen(&median(seen)).memory(self.server.peak()?)])
    }

    /// Each client refreshes tokens of its own, again and again; each use of a refresh token is on the disk before its
    /// answer.
    pub(super) async fn refresh(&mut self) -> Result<Vec<Row>> {
        let mut application = Application::register(&self.place).await?;
        let mut latest = Vec::new();
        for _ in 0..CLIENTS {
            let token = application.sign_in(POD, &mut self.holder).await?;
            latest.push(Arc::new(Mutex::new(token)));
        }
        let id = application.id;
        let address = self.place.address;
        let mut seen = Vec::new();
        for _ in 0..self.rounds {
            let mut clients: Vec<Steps> = Vec::new();
            for (mut proofs, latest) in self.proofs()?.into_iter().zip(&latest) {
                let (latest, id) = (Arc::clone(latest), id.clone());
                clients.push(Box::new(move |answer| {
                    let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(next) = member(answer, "refresh_token") {
                        *latest = next;
                    }
                    let body = format!("grant_type=refresh_token&client_id={id}&refresh_token={latest}");
                    let headers = format!("DPoP: {}\r\n{FORM}", proofs.pop()?);
                    Some(with_body("POST", address, PATH, &headers, body.as_bytes()))
                }));
            }
            seen.push(load::run_steps(address, clients, self.round, 200).await?);
        }
        let row = Row::new(format!("refresh, {CLIENTS} clients"), REACH);
        Ok(vec![row.seen(&median(seen)).memory(self.server.peak()?)])
    }

    /// Proofs for each client, signed now.
    fn proofs(&mut self) -> Result<Vec<Vec<String>>> {
        let each = (MOST * self.round.as_secs_f64()) as usize / CLIENTS;
        let url = self.url(PATH);
        let mut of_one = || (0..each).map(|_| self.holder.proof("POST", &url)).collect::<Result<Vec<_>>>();
        (0..CLIENTS).map(|_| of_one()).collect()
    }
}

/// A text member of a JSON object, without reading all of it.
pub fn member(json: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(json).ok()?;
    let (_, rest) = text.split_once(&format!("\"{name}\":\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}
