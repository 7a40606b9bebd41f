//! TLS of a server on this machine.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Returns the TLS of a server for `localhost` that speaks these protocols, and the certificate of
/// the authority that signed its own.
pub(crate) fn server_tls(protocols: &[&[u8]]) -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::new([]).expect("there are no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("there is randomness");
    let authority = CertifiedIssuer::self_signed(authority, key).expect("it can be signed");
    let key = KeyPair::generate().expect("there is randomness");
    let server = CertificateParams::new(["localhost".to_owned()]).expect("it is a name");
    let server = server.signed_by(&key, &authority).expect("it can be signed");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(server.der().to_vec())],
            PrivateKeyDer::try_from(key.serialize_der()).expect("it is a key"),
        )
        .expect("the certificate fits");
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}
