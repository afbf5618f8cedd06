//! TLS for a listener, from files.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::{ServerConfig, crypto::ring};
use tokio_rustls::TlsAcceptor;

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the certificates in `{0}` cannot be read: {1}")]
    Certificates(String, pem::Error),
    #[error("the key in `{0}` cannot be read: {1}")]
    Key(String, pem::Error),
    #[error("certificates and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Reads a certificate chain, leaf first, and its key, both PEM; offers HTTP/2 and HTTP/1.1.
///
/// Spec: solid#server-tls-https
pub fn acceptor(certificates: &Path, key: &Path) -> Result<TlsAcceptor, Error> {
    let unread = |error| Error::Certificates(certificates.display().to_string(), error);
    let chain =
        CertificateDer::pem_file_iter(certificates).map_err(unread)?.collect::<Result<_, _>>().map_err(unread)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| Error::Key(key.display().to_string(), error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
