//! The client that requests go out with, and the resolver that tells it where hosts are.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, retry};
use rustls::{ClientConfig, RootCertStore};

use super::Error;

/// A client that follows nothing, remembers nothing, and connects to addresses that the resolver has checked.
pub fn build(roots: RootCertStore, resolver: CheckedResolver) -> Result<Client, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::Unreachable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .redirect(Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("Cartable/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(3))
        .pool_max_idle_per_host(2)
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
        .map_err(|_| Error::Unreachable)
}

/// The certificates that the system trusts.
pub fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        tracing::warn!(
            "this machine has no trusted certificates (the package ca-certificates): nothing can be fetched"
        );
    }
    roots
}

/// Asks the system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Refuses a host if ANY of its addresses is not allowed. The client connects to the very addresses that were checked.
///
/// Spec: O-62
pub struct CheckedResolver {
    pub resolver: Arc<dyn Resolve>,
    pub allowed: fn(IpAddr) -> bool,
}

/// A host has an address that is not allowed.
#[derive(Debug, thiserror::Error)]
#[error("the host has an address that is not allowed")]
pub struct NotAllowed;

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolving, allowed) = (self.resolver.resolve(name), self.allowed);
        Box::pin(async move {
            let found: Vec<SocketAddr> = resolving.await?.collect();
            if found.iter().all(|address| allowed(address.ip())) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(NotAllowed.into())
            }
        })
    }
}
