//! Showing a code: no row is written, so it costs nothing but arithmetic.

use std::time::Duration;

use crate::bus::guard::{Limit, Reached};
use crate::domain::portal::Portal;
use crate::domain::qr_ticket::{BrowserSecret, Computer};

use super::SignIn;

/// A QR session that waits.
pub struct OpenedQr {
    /// The browser's handle.
    pub handle: String,
    /// What the code encodes.
    pub scan_url: String,
    /// How long it may be scanned.
    pub expires_in: Duration,
}

/// Why no code is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenQrError {
    /// The portal is closed.
    #[error("the portal is closed")]
    Closed,
    /// Too many codes from here.
    #[error("too many codes")]
    Limited(Reached),
}

impl SignIn {
    /// Starts a QR session for a browser.
    ///
    /// # Errors
    /// The portal is closed, or too many codes were asked for.
    pub async fn open_qr(
        &self,
        portal: &Portal,
        browser: &BrowserSecret,
        computer: Computer,
    ) -> Result<OpenedQr, OpenQrError> {
        if portal.admit_visitor(None).is_err() {
            return Err(OpenQrError::Closed);
        }
        let (now, limits, life) = (self.now(), &self.parts.limits, self.parts.lifetimes.qr);
        let address = computer.network.key();
        let limit = |name, key: &str, max, window| Limit { name, key: key.to_owned(), max, window };
        let asked = [
            limit("qr_live_per_browser", &browser.fingerprint(), limits.qr_live_per_browser, life),
            limit("qr_per_address_minute", &address, limits.qr_per_address_minute, Duration::from_mins(1)),
            limit("qr_live_per_address", &address, limits.qr_live_per_address, life),
        ];
        self.parts.bus.pass(&asked, now).await.map_err(|reached| {
            metrics::counter!("menfang_limit_hits_total", "limit" => reached.limit).increment(1);
            OpenQrError::Limited(reached)
        })?;
        let (handle, ticket, _) = self.sealer.issue(browser, portal.app, computer, now, self.entropy());
        let scan_url = format!("{}/p/{}/q/{ticket}", self.parts.public_url, portal.slug);
        metrics::counter!("menfang_qr_sessions_created_total").increment(1);
        Ok(OpenedQr { handle, scan_url, expires_in: life })
    }
}
