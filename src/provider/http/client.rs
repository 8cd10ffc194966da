//! Builds the one reqwest client of an account: rustls with ring, the system's
//! certificates or the built-in ones, no automatic redirects. Sends nothing.

use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, redirect};
use url::Url;

use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::origin::is_loopback;

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the answer begins; servers that build a listing from cold files take long.
    pub answer: Duration,
    /// Between two pieces of the answer.
    pub idle: Duration,
    /// For one whole exchange.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(120),
            idle: Duration::from_secs(45),
            total: Duration::from_secs(300),
        }
    }
}

/// The client for an account at `base`; `extra_ca` is a PEM bundle to trust besides
/// the system's certificates; `pooled` connections are used more than once.
///
/// # Errors
/// `Tls` when the bundle cannot be read or no client can be made.
pub fn build(
    base: &Url,
    timeouts: Timeouts,
    extra_ca: Option<&[u8]>,
    pooled: bool,
) -> Result<Client, ProviderError> {
    // A second call fails because the first one did it; both leave a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let extra = match extra_ca {
        None => Vec::new(),
        Some(pem) => Certificate::from_pem_bundle(pem).map_err(|error| {
            let what = "the extra CA file is not a PEM bundle";
            ProviderError::new(ErrorKind::Tls(what.to_owned()), "").caused_by(error)
        })?,
    };
    if extra.is_empty() && extra_ca.is_some() {
        let what = "the extra CA file holds no certificate".to_owned();
        return Err(ProviderError::new(ErrorKind::Tls(what), ""));
    }
    let system = configured(base, timeouts, pooled).tls_certs_merge(extra.clone()).build();
    system
        .or_else(|_| {
            // A machine without a certificate store: the roots of Mozilla's programme.
            let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .filter_map(|der| Certificate::from_der(der).ok());
            configured(base, timeouts, pooled).tls_certs_only(built_in.chain(extra)).build()
        })
        .map_err(|error| {
            let what = "no TLS client can be made on this machine".to_owned();
            ProviderError::new(ErrorKind::Tls(what), "").caused_by(error)
        })
}

fn configured(base: &Url, timeouts: Timeouts, pooled: bool) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(concat!("onbeat/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(timeouts.connect)
        .pool_idle_timeout(Duration::from_secs(20))
        .pool_max_idle_per_host(usize::from(pooled))
        .http1_max_headers(128)
        .http2_max_header_list_size(64 * 1024);
    if is_loopback(base) { builder.no_proxy() } else { builder }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_can_be_made_and_a_broken_ca_file_is_named() {
        let base = Url::parse("https://dav.example.org/").unwrap();
        assert!(build(&base, Timeouts::default(), None, true).is_ok());
        for broken in
            ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            let error =
                build(&base, Timeouts::default(), Some(broken.as_bytes()), true).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Tls(_)), "{broken}");
        }
    }
}
