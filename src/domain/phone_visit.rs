//! A phone's visit: from opening a QR link or a menu link inside WeChat to the decision.
//!
//! Until WeChat's authorization is back nothing is stored: the phone's cookie holds a secret and the parts that OAuth's
//! `state` is made of, so any node can check the two against each other (login CSRF: RFC 9700, 4.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::clock::{Entropy, Millis, random};
use super::ids::{AppId, OrgId, VisitId};
use super::keys::{SigningKey, hex, sha256};
use super::network::Network;
use super::qr_session::Refusal;
use super::qr_ticket::QrRef;

/// What the phone came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitKind {
    /// To sign in a computer whose code it scanned.
    Qr,
    /// To sign in here, inside WeChat, by the portal's link.
    Menu,
}

impl VisitKind {
    /// The word in cookies and rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Qr => "qr",
            Self::Menu => "menu",
        }
    }

    /// Reads the word of a cookie or row.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Qr, Self::Menu].into_iter().find(|value| value.name() == name)
    }
}

/// The phone's cookie.
#[derive(Clone)]
pub struct PhoneCookie {
    secret: [u8; 32],
    /// What the phone came for.
    pub kind: VisitKind,
    /// To which app.
    pub app: AppId,
    /// When.
    pub issued_at: Millis,
    /// The QR code's ticket; empty for a menu link.
    pub ticket: String,
    /// When the person asked to use the WeChat name and picture, if so.
    pub profile_at: Option<Millis>,
    /// Whether the authorization was begun anew because WeChat did not take its code; that is done once.
    pub retried: bool,
}

impl PhoneCookie {
    /// A new visit's cookie.
    pub fn generate(kind: VisitKind, app: AppId, ticket: &str, now: Millis, entropy: &dyn Entropy) -> Self {
        Self {
            secret: random(entropy),
            kind,
            app,
            issued_at: now,
            ticket: ticket.to_owned(),
            profile_at: None,
            retried: false,
        }
    }

    /// The cookie's value.
    pub fn to_value(&self) -> String {
        format!(
            "{}.{}.{}.{}.{}.{}.{}",
            URL_SAFE_NO_PAD.encode(self.secret),
            self.kind.name(),
            self.app.0.simple(),
            self.issued_at.0,
            self.ticket,
            self.profile_at.map_or(0, |at| at.0),
            u8::from(self.retried)
        )
    }

    /// Reads a cookie's value; anything else is none.
    pub fn from_value(value: &str) -> Option<Self> {
        let mut parts = value.split('.');
        let secret = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
        let kind = VisitKind::from_name(parts.next()?)?;
        let app = AppId(Uuid::try_parse(parts.next()?).ok()?);
        let issued_at = Millis(parts.next()?.parse().ok()?);
        let ticket = parts.next()?.to_owned();
        let profile_at = Some(parts.next()?.parse::<i64>().ok()?).filter(|&at| at > 0).map(Millis);
        let retried = parts.next()? == "1";
        parts.next().is_none().then_some(Self { secret, kind, app, issued_at, ticket, profile_at, retried })
    }

    /// The same visit, asking for the WeChat name and picture.
    #[must_use]
    pub fn asking_profile(self, now: Millis) -> Self {
        Self { profile_at: Some(now), ..self }
    }

    /// OAuth's `state` of this visit: 64 hexadecimal digits (WeChat allows 128 letters and digits).
    pub fn state(&self, key: &SigningKey) -> String {
        hex(&key.mac(
            "oauth state",
            &[
                &self.secret,
                self.kind.name().as_bytes(),
                self.app.0.as_bytes(),
                self.ticket.as_bytes(),
                &self.issued_at.0.to_be_bytes(),
            ],
        ))
    }

    /// OAuth's `state` of asking for name and picture within this visit.
    pub fn profile_state(&self, key: &SigningKey) -> Option<String> {
        let at = self.profile_at?;
        Some(hex(&key.mac("oauth profile", &[self.state(key).as_bytes(), &at.0.to_be_bytes()])))
    }

    /// What the visit's row is found by: the hash of its state.
    pub fn visit_key(&self, key: &SigningKey) -> String {
        hex(&sha256(self.state(key).as_bytes()))
    }

    /// The token that a post from this visit's page must carry, good within one step and for the version of the terms
    /// that the page showed.
    pub fn csrf(&self, key: &SigningKey, visit: VisitId, step: &str, terms: Option<&str>) -> String {
        let (secret, visit) = (&self.secret[..], visit.0.as_bytes());
        let mac = match terms {
            Some(version) => key.mac("phone csrf", &[secret, visit, step.as_bytes(), version.as_bytes()]),
            None => key.mac("phone csrf", &[secret, visit, step.as_bytes()]),
        };
        URL_SAFE_NO_PAD.encode(&mac[..18])
    }
}

/// How a menu visit ended without a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person said no.
    Denied,
    /// The person is not let in.
    Refused(Refusal),
}

impl Ending {
    /// The word in its row.
    pub fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Refused(refusal) => refusal.code(),
        }
    }

    /// Reads the word of a row.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == Self::Denied.name() {
            return Some(Self::Denied);
        }
        Refusal::from_code(name).map(Self::Refused)
    }
}

/// A visit whose authorization came back.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its id.
    pub id: VisitId,
    /// The organization.
    pub organization: OrgId,
    /// The app.
    pub app: AppId,
    /// What the phone came for.
    pub kind: VisitKind,
    /// Who it is, once the code is exchanged.
    pub openid: Option<String>,
    /// The QR session it scanned.
    pub qr: Option<QrRef>,
    /// Where the phone is.
    pub phone_network: Network,
    /// How a menu visit ended without a login, if it did.
    pub ended: Option<Ending>,
    /// Name and picture that the person let us use.
    pub nickname: Option<String>,
    /// See `nickname`.
    pub avatar_url: Option<String>,
    /// When the exchange of the code began.
    pub exchanging_since: Millis,
    /// When the visit is over.
    pub expires_at: Millis,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_cookie_reads_back_and_every_part_changes_the_state() {
        let key = SigningKey::new([1; 32]);
        let cookie =
            PhoneCookie::generate(VisitKind::Qr, AppId(Uuid::from_u128(3)), "ticket", Millis(99), &Sevens);
        let read = PhoneCookie::from_value(&cookie.to_value()).unwrap();
        assert_eq!(read.state(&key), cookie.state(&key));
        assert!(
            cookie.state(&key).len() == 64 && cookie.state(&key).bytes().all(|b| b.is_ascii_alphanumeric())
        );
        for other in [
            PhoneCookie { kind: VisitKind::Menu, ..cookie.clone() },
            PhoneCookie { app: AppId(Uuid::from_u128(4)), ..cookie.clone() },
            PhoneCookie { ticket: "other".into(), ..cookie.clone() },
            PhoneCookie { issued_at: Millis(98), ..cookie.clone() },
            PhoneCookie { secret: [8; 32], ..cookie.clone() },
        ] {
            assert_ne!(other.state(&key), cookie.state(&key));
        }
    }

    #[test]
    fn a_form_belongs_to_its_visit_step_and_terms() {
        let key = SigningKey::new([1; 32]);
        let cookie = PhoneCookie::generate(VisitKind::Menu, AppId(Uuid::nil()), "", Millis(1), &Sevens);
        let visit = |n| VisitId(Uuid::from_u128(n));
        let tokens = [
            cookie.csrf(&key, visit(1), "bind", None),
            cookie.csrf(&key, visit(2), "bind", None),
            cookie.csrf(&key, visit(1), "approve", None),
            cookie.csrf(&key, visit(1), "bind", Some("")),
            cookie.csrf(&key, visit(1), "bind", Some("1")),
            cookie.csrf(&key, visit(1), "bind", Some("2")),
        ];
        let different: std::collections::HashSet<_> = tokens.iter().collect();
        assert_eq!(different.len(), tokens.len());
        assert_eq!(cookie.csrf(&key, visit(1), "bind", Some("1")), tokens[4]);
    }

    #[test]
    fn endings_read_back() {
        for ending in [Ending::Denied, Ending::Refused(Refusal::SeatsFull)] {
            assert_eq!(Ending::from_name(ending.name()), Some(ending));
        }
        assert_eq!(Ending::from_name("tired"), None);
    }

    #[test]
    fn foreign_texts_are_no_cookies() {
        for text in ["", "a", "a.b.c.d.e.f.g", "......"] {
            assert!(PhoneCookie::from_value(text).is_none());
        }
    }
}
