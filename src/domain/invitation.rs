//! Invitations: the link by which somebody becomes a member or an external collaborator, once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::clock::{Entropy, Millis, random};
use super::ids::{InvitationId, OrgId};
use super::keys::{hex, sha256};

/// What an invitation's link ends with: 256 random bits, kept as a hash.
#[derive(Clone)]
pub struct InvitationToken(String);

impl InvitationToken {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::<32>(entropy)))
    }

    /// Reads a token; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let long_enough = URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        long_enough.then(|| Self(text.to_owned()))
    }

    /// The token, for whoever hands it on.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. A plain hash is enough for 256 random bits.
    pub fn hash(&self) -> String {
        hex(&sha256(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvitationToken([redacted])")
    }
}

/// An invitation.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Who invites.
    pub organization: OrgId,
    /// Until when it can be taken up.
    pub expires_at: Millis,
    /// When it was taken up.
    pub accepted_at: Option<Millis>,
    /// When it was taken back.
    pub revoked_at: Option<Millis>,
}

impl Invitation {
    /// Whether it can be taken up.
    pub fn is_open(&self, now: Millis) -> bool {
        now <= self.expires_at && self.accepted_at.is_none() && self.revoked_at.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_token_reads_back_and_is_never_printed() {
        let token = InvitationToken::generate(&Sevens);
        assert_eq!(InvitationToken::parse(token.reveal()).unwrap().hash(), token.hash());
        assert_eq!(format!("{token:?}"), "InvitationToken([redacted])");
        for text in ["", "abc", &token.reveal()[1..], &format!("{}A", token.reveal())] {
            assert!(InvitationToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_invitation_is_open_until_its_end_its_use_or_its_revocation() {
        let open = Invitation {
            id: InvitationId(Uuid::nil()),
            organization: OrgId(Uuid::nil()),
            expires_at: Millis(10),
            accepted_at: None,
            revoked_at: None,
        };
        assert!(open.is_open(Millis(10)) && !open.is_open(Millis(11)));
        assert!(!Invitation { accepted_at: Some(Millis(1)), ..open.clone() }.is_open(Millis(5)));
        assert!(!Invitation { revoked_at: Some(Millis(1)), ..open }.is_open(Millis(5)));
    }
}
