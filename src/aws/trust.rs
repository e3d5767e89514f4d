//! A bundle of certificate authorities (`AWS_CA_BUNDLE`): which of its certificates TLS takes.
//!
//! The SDK's connector panics on a certificate that rustls cannot use, and bundles that companies
//! hand out have some, so they are sorted out here.

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

/// The certificate authorities of a bundle. They take the place of the system's, as in other AWS tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    certificates: Vec<CertificateDer<'static>>,
    /// Certificates that TLS cannot use.
    pub passed_over: usize,
}

/// Why a file is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// PEM that breaks off, or that is not base64 inside.
    #[error("its PEM cannot be read: {0}")]
    Broken(#[source] pem::Error),
    /// No certificate at all: DER, a key, an HTML page.
    #[error("it has no certificate in PEM (-----BEGIN CERTIFICATE-----)")]
    Empty,
    /// Certificates, and TLS can use none.
    #[error("none of its certificates can be used ({0} found)")]
    Unusable(usize),
}

impl Bundle {
    /// Reads PEM. Other sections and text between them are passed over.
    pub fn parse(pem: &[u8]) -> Result<Self, BundleError> {
        let (mut store, mut certificates, mut passed_over) = (RootCertStore::empty(), Vec::new(), 0);
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(BundleError::Broken)?;
            match store.add(certificate.clone()) {
                Ok(()) => certificates.push(certificate),
                Err(_) => passed_over += 1,
            }
        }
        match (certificates.is_empty(), passed_over) {
            (false, _) => Ok(Self { certificates, passed_over }),
            (true, 0) => Err(BundleError::Empty),
            (true, count) => Err(BundleError::Unusable(count)),
        }
    }

    /// How many certificates it has.
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Never: an empty bundle is an error.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// As the SDK's connector takes it.
    pub(super) fn tls_context(&self) -> TlsContext {
        let pem: String = self.certificates.iter().map(|certificate| pem_of(certificate)).collect();
        let store = TrustStore::empty().with_pem_certificate(pem.into_bytes());
        TlsContext::builder().with_trust_store(store).build().expect("a trust store is all that it needs")
    }
}

fn pem_of(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority() -> String {
        rcgen::generate_simple_self_signed([]).unwrap().cert.pem()
    }

    #[test]
    fn a_bundle_has_its_certificates_and_what_cannot_be_used_is_counted() {
        let odd = pem_of(b"not a certificate at all");
        let text = format!("# the company's\n{}\nsubject=/CN=odd\n{odd}", authority());
        let bundle = Bundle::parse(text.as_bytes()).unwrap();
        assert_eq!((bundle.len(), bundle.passed_over), (1, 1));
        // What the SDK's connector is given parses again, whole.
        let again = Bundle::parse(pem_of(&bundle.certificates[0]).as_bytes()).unwrap();
        assert_eq!(again, Bundle { passed_over: 0, ..bundle });
    }

    #[test]
    fn what_is_no_bundle_says_why() {
        assert!(matches!(Bundle::parse(b""), Err(BundleError::Empty)));
        assert!(matches!(Bundle::parse(b"<html>blocked</html>"), Err(BundleError::Empty)));
        assert!(matches!(Bundle::parse(pem_of(b"odd").as_bytes()), Err(BundleError::Unusable(1))));
        let authority = authority();
        let torn = &authority[..authority.len() / 2];
        assert!(matches!(Bundle::parse(torn.as_bytes()), Err(BundleError::Broken(_))));
    }
}
