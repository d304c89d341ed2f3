//! The QR ticket: a waiting QR session is a signed value, not a row, so showing a code costs no storage.
//!
//! The browser holds a 256-bit secret `b` in its cookie. For every QR session a fresh `n` is drawn and `r = HMAC(b, n)`,
//! cut to 128 bits. The *handle* goes to the browser only, the *ticket* into the QR code; `r` joins the two:
//! ```text
//! handle = n(16) ‖ issued_at(6) ‖ app(16) ‖ browser_mac(16, over r) ‖ mac(12, over all of it)
//! ticket = r(16) ‖ issued_at(6) ‖ AEAD(25 bytes of facts about the browser; nonce from r and issued_at; aad app) (41)
//! ```
//! Two MACs in the handle tell a forged or foreign handle (unknown) from a true one in a wrong browser. From a ticket
//! nobody finds `b` or `n`. Both lengths are multiples of three, so base64url has no spare bits and one spelling only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::clock::{Entropy, Millis, random};
use super::ids::AppId;
use super::keys::{SigningKey, hex, hmac_parts, sha256};
use super::network::Network;
use super::user_agent::{Browser, System};

const HANDLE_BYTES: usize = 66;
const TICKET_BYTES: usize = 63;
const FACTS_BYTES: usize = 25;

/// The secret that binds QR sessions to one browser; it lives in that browser's cookie and nowhere else.
#[derive(Clone)]
pub struct BrowserSecret([u8; 32]);

impl BrowserSecret {
    /// Draws a new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// Reads the cookie's value; anything not written by [`BrowserSecret::to_cookie`] is none.
    pub fn from_cookie(value: &str) -> Option<Self> {
        decode::<32>(value).map(Self)
    }

    /// The cookie's value (base64url).
    pub fn to_cookie(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// A text that is the same for the same browser, to count by; the secret cannot be found from it.
    pub fn fingerprint(&self) -> String {
        hex(&sha256(&self.0)[..8])
    }

    fn reference(&self, n: &[u8; 16]) -> QrRef {
        let mut cut = [0; 16];
        cut.copy_from_slice(&hmac_parts(&self.0, "qr", &[n])[..16]);
        QrRef(cut)
    }
}

/// `r`: what joins the browser's handle and the phone's ticket, and the unique key of the QR session's row.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct QrRef(pub [u8; 16]);

impl QrRef {
    /// Lower-case hexadecimal, as rows and the change feed name it.
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Reads what [`QrRef::to_hex`] wrote.
    pub fn from_hex(text: &str) -> Option<Self> {
        u128::from_str_radix(text, 16)
            .ok()
            .filter(|_| text.len() == 32)
            .map(|value| Self(value.to_be_bytes()))
    }
}

impl std::fmt::Debug for QrRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QrRef({}…)", hex(&self.0[..4]))
    }
}

/// A long-lived mark of one browser (the device cookie), cut to 112 bits; not a secret by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceMark(pub [u8; 14]);

impl DeviceMark {
    /// The mark of a device cookie's value.
    pub fn of_cookie(value: &str) -> Self {
        let mut cut = [0; 14];
        cut.copy_from_slice(&sha256(value.as_bytes())[..14]);
        Self(cut)
    }
}

/// What the server saw of the computer that shows the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Computer {
    /// Its browser.
    pub browser: Browser,
    /// Its system.
    pub system: System,
    /// Where it is.
    pub network: Network,
    /// Which browser it is over the months.
    pub device: DeviceMark,
}

impl Computer {
    fn to_bytes(self) -> [u8; FACTS_BYTES] {
        let mut bytes = [0; FACTS_BYTES];
        bytes[0] = self.browser.code();
        bytes[1] = self.system.code();
        bytes[2..11].copy_from_slice(&self.network.to_bytes());
        bytes[11..].copy_from_slice(&self.device.0);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; FACTS_BYTES] = bytes.try_into().ok()?;
        let mut network = [0; 9];
        network.copy_from_slice(&bytes[2..11]);
        let mut device = [0; 14];
        device.copy_from_slice(&bytes[11..]);
        Some(Self {
            browser: Browser::from_code(bytes[0]),
            system: System::from_code(bytes[1]),
            network: Network::from_bytes(network),
            device: DeviceMark(device),
        })
    }
}

/// A QR session as its browser knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What joins it to the ticket.
    pub r: QrRef,
    /// When the code was made.
    pub issued_at: Millis,
    /// For which app.
    pub app: AppId,
}

/// A QR session as a phone learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What joins it to the browser's handle.
    pub r: QrRef,
    /// When the code was made.
    pub issued_at: Millis,
    /// Which computer asks.
    pub computer: Computer,
}

/// Why a handle opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// It has not the form of one.
    #[error("malformed")]
    Malformed,
    /// It has the form, but we never made it.
    #[error("unknown")]
    Unknown,
    /// It is ours, but of another browser.
    #[error("another browser's")]
    WrongBrowser,
}

/// A ticket that we never made for this app, or that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("forged ticket")]
pub struct Forged;

/// Makes and opens handles and tickets.
#[derive(Clone)]
pub struct QrSealer {
    signing: SigningKey,
    cipher: XChaCha20Poly1305,
}

impl QrSealer {
    /// Derives its keys from the server's signing key.
    pub fn new(signing: SigningKey) -> Self {
        let cipher = XChaCha20Poly1305::new(&signing.derive("qr ticket").into());
        Self { signing, cipher }
    }

    /// Starts a QR session: the browser's handle, the QR's ticket, and what they stand for.
    pub fn issue(
        &self,
        browser: &BrowserSecret,
        app: AppId,
        computer: Computer,
        now: Millis,
        entropy: &dyn Entropy,
    ) -> (String, String, Waiting) {
        let n: [u8; 16] = random(entropy);
        let r = browser.reference(&n);
        let waiting = Waiting { r, issued_at: now, app };
        (self.handle(&n, waiting), self.ticket(waiting, computer), waiting)
    }

    fn handle(&self, n: &[u8; 16], waiting: Waiting) -> String {
        let mut bytes = Vec::with_capacity(HANDLE_BYTES);
        bytes.extend_from_slice(n);
        bytes.extend_from_slice(&six_bytes(waiting.issued_at));
        bytes.extend_from_slice(waiting.app.0.as_bytes());
        let browser_mac = self.signing.mac("qr handle of browser", &[&waiting.r.0, &bytes]);
        bytes.extend_from_slice(&browser_mac[..16]);
        let mac = self.signing.mac("qr handle", &[&bytes]);
        bytes.extend_from_slice(&mac[..12]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens a browser's handle.
    ///
    /// # Errors
    /// Malformed, never made by us, or (`browser` being another one) not this browser's.
    pub fn open_handle(&self, handle: &str, browser: &BrowserSecret) -> Result<Waiting, HandleError> {
        let bytes = decode::<HANDLE_BYTES>(handle).ok_or(HandleError::Malformed)?;
        let mac = self.signing.mac("qr handle", &[&bytes[..54]]);
        if !bool::from(mac[..12].ct_eq(&bytes[54..])) {
            return Err(HandleError::Unknown);
        }
        let mut n = [0; 16];
        n.copy_from_slice(&bytes[..16]);
        let r = browser.reference(&n);
        let browser_mac = self.signing.mac("qr handle of browser", &[&r.0, &bytes[..38]]);
        if !bool::from(browser_mac[..16].ct_eq(&bytes[38..54])) {
            return Err(HandleError::WrongBrowser);
        }
        let app = Uuid::from_slice(&bytes[22..38]).map_err(|_| HandleError::Malformed)?;
        Ok(Waiting { r, issued_at: millis(&bytes[16..22]), app: AppId(app) })
    }

    fn ticket(&self, waiting: Waiting, computer: Computer) -> String {
        let mut bytes = Vec::with_capacity(TICKET_BYTES);
        bytes.extend_from_slice(&waiting.r.0);
        bytes.extend_from_slice(&six_bytes(waiting.issued_at));
        let payload = Payload { msg: &computer.to_bytes(), aad: waiting.app.0.as_bytes() };
        // Encrypting 25 bytes fails only past 256 GiB; an empty seal would open nowhere.
        bytes.extend(self.cipher.encrypt(&nonce(&bytes), payload).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens the ticket of a QR code that was made for `app`.
    ///
    /// # Errors
    /// [`Forged`] when any bit of it differs from what we made, or it was made for another app.
    pub fn open_ticket(&self, ticket: &str, app: AppId) -> Result<Ticket, Forged> {
        let bytes = decode::<TICKET_BYTES>(ticket).ok_or(Forged)?;
        let (head, sealed) = bytes.split_at(22);
        let payload = Payload { msg: sealed, aad: app.0.as_bytes() };
        let facts = self.cipher.decrypt(&nonce(head), payload).map_err(|_| Forged)?;
        let mut r = [0; 16];
        r.copy_from_slice(&head[..16]);
        let computer = Computer::from_bytes(&facts).ok_or(Forged)?;
        Ok(Ticket { r: QrRef(r), issued_at: millis(&head[16..]), computer })
    }
}

/// `r` is drawn anew for every QR session, so `r ‖ issued_at` never comes twice under one key.
fn nonce(head: &[u8]) -> XNonce {
    let mut nonce = [0; 24];
    nonce[..22].copy_from_slice(head);
    nonce.into()
}

fn six_bytes(at: Millis) -> [u8; 6] {
    let mut cut = [0; 6];
    cut.copy_from_slice(&at.0.to_be_bytes()[2..]);
    cut
}

fn millis(bytes: &[u8]) -> Millis {
    Millis(bytes.iter().fold(0, |value, &byte| value << 8 | i64::from(byte)))
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != (N * 4).div_ceil(3) {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    fn sealer() -> QrSealer {
        QrSealer::new(SigningKey::new([9; 32]))
    }

    fn computer() -> Computer {
        Computer {
            browser: Browser::Firefox,
            system: System::Linux,
            network: Network::of("203.0.113.7".parse().unwrap()),
            device: DeviceMark::of_cookie("d"),
        }
    }

    fn issued() -> (BrowserSecret, String, String, Waiting) {
        let entropy = Counting(1.into());
        let browser = BrowserSecret::generate(&entropy);
        let (handle, ticket, waiting) = sealer().issue(
            &browser,
            AppId(Uuid::from_u128(5)),
            computer(),
            Millis(1_767_225_600_123),
            &entropy,
        );
        (browser, handle, ticket, waiting)
    }

    #[test]
    fn both_sides_learn_the_same_session() {
        let (browser, handle, ticket, waiting) = issued();
        assert_eq!(sealer().open_handle(&handle, &browser), Ok(waiting));
        let opened = sealer().open_ticket(&ticket, waiting.app).unwrap();
        assert_eq!((opened.r, opened.issued_at, opened.computer), (waiting.r, waiting.issued_at, computer()));
        assert_eq!((handle.len(), ticket.len()), (88, 84));
    }

    #[test]
    fn another_browser_app_or_server_opens_nothing() {
        let (_, handle, ticket, _) = issued();
        let other = BrowserSecret([0xee; 32]);
        assert_eq!(sealer().open_handle(&handle, &other), Err(HandleError::WrongBrowser));
        assert_eq!(sealer().open_ticket(&ticket, AppId(Uuid::from_u128(6))), Err(Forged));
        let foreign = QrSealer::new(SigningKey::new([8; 32]));
        assert_eq!(foreign.open_ticket(&ticket, AppId(Uuid::from_u128(5))), Err(Forged));
        assert_eq!(foreign.open_handle(&handle, &other), Err(HandleError::Unknown));
        assert_eq!(sealer().open_handle("short", &other), Err(HandleError::Malformed));
    }

    proptest! {
        #[test]
        fn a_ticket_with_any_bit_changed_is_refused(bit in 0..TICKET_BYTES * 8) {
            let (_, _, ticket, waiting) = issued();
            let mut bytes = URL_SAFE_NO_PAD.decode(&ticket).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(sealer().open_ticket(&URL_SAFE_NO_PAD.encode(bytes), waiting.app), Err(Forged));
        }

        #[test]
        fn a_handle_with_any_bit_changed_is_unknown(bit in 0..HANDLE_BYTES * 8) {
            let (browser, handle, _, _) = issued();
            let mut bytes = URL_SAFE_NO_PAD.decode(&handle).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(sealer().open_handle(&URL_SAFE_NO_PAD.encode(bytes), &browser), Err(HandleError::Unknown));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in ".{0,120}") {
            prop_assert!(sealer().open_ticket(&text, AppId(Uuid::from_u128(5))).is_err());
        }
    }
}
