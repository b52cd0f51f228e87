//! Certificates for a server of a test.

use std::io;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::server::error::{Error, Result};

/// An authority, and a server's certificate by it, in PEM. The authority's key is thrown away.
pub(crate) struct Certificates {
    pub(crate) ca: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Certificates {
    /// Makes new ones, for this machine as it calls itself.
    pub(crate) fn new() -> Result<Self> {
        Self::generate().map_err(io::Error::other).map_err(Error::system("make certificates"))
    }

    fn generate() -> std::result::Result<Self, rcgen::Error> {
        let ca_key = KeyPair::generate()?;
        let mut authority = params("Larder's test authority", &[])?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let ca = authority.self_signed(&ca_key)?.pem();

        let key = KeyPair::generate()?;
        let server = params("Larder's test server", &["localhost", "127.0.0.1"])?;
        let certificate = server.signed_by(&key, &Issuer::new(authority, ca_key))?.pem();
        Ok(Self { ca, certificate, key: key.serialize_pem() })
    }
}

/// Each with a name of its own: a certificate that bears its issuer's name passes for self-signed.
fn params(name: &str, hosts: &[&str]) -> std::result::Result<CertificateParams, rcgen::Error> {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
