//! The audit log: what happened, by whom, without personal data.

use super::ids::OrgId;
use super::network::Network;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its stable name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

actions! {
    /// A code was scanned.
    QrScanned = "qr_scanned",
    /// A sign-in was approved.
    QrApproved = "qr_approved",
    /// A sign-in was declined.
    QrDeclined = "qr_declined",
    /// A person said that they did not ask for a sign-in.
    QrReported = "qr_reported",
    /// A browser took its login.
    QrClaimed = "qr_claimed",
    /// An authorization did not fit its phone.
    OauthRejected = "oauth_rejected",
    /// A verification code was sent.
    CodeSent = "code_sent",
    /// A wrong verification code was typed.
    CodeFailed = "code_failed",
    /// Too many wrong codes for this phone.
    CodeLocked = "code_locked",
    /// Phone and WeChat account were joined.
    PhoneBound = "phone_bound",
    /// The phone belongs to another WeChat account.
    PhoneConflict = "phone_conflict",
    /// A login began.
    SessionCreated = "session_created",
    /// A login ended.
    SessionEnded = "session_ended",
    /// A limit was reached, or half of one.
    LimitHit = "limit_hit",
    /// A push was refused.
    PushRejected = "push_rejected",
    /// No seat was left.
    SeatDenied = "seat_denied",
    /// The portal's gate did not let somebody in.
    EntryDenied = "entry_denied",
    /// An account was switched off.
    UserDisabled = "user_disabled",
    /// An account was switched on or let in.
    UserEnabled = "user_enabled",
    /// An account was prepared for a phone.
    UserInvited = "user_invited",
    /// Role, department or manager of a person changed.
    RoleChanged = "role_changed",
    /// An account and its personal data are gone.
    UserDeleted = "user_deleted",
    /// A phone was freed from its account.
    PhoneFreed = "phone_freed",
    /// A WeChat identity was taken from its account.
    WechatUnbound = "wechat_unbound",
    /// A person accepted a portal's terms.
    TermsAccepted = "terms_accepted",
    /// A person's data that WeChat said to delete is gone.
    PrivacyErased = "privacy_erased",
    /// An API key was made.
    KeyCreated = "key_created",
    /// An API key was taken back.
    KeyRevoked = "key_revoked",
    /// A key asked for something of another organization.
    CrossTenantDenied = "cross_tenant_denied",
    /// A credential was bound or changed.
    SecretChanged = "secret_changed",
    /// A setting changed.
    SettingChanged = "setting_changed",
    /// Something was added: an organization, app, role, department, module.
    Created = "created",
    /// Something was taken away.
    Deleted = "deleted",
    /// Seats were bought.
    SeatsBought = "seats_bought",
    /// Seats are 80, 90 or 100 per cent taken.
    SeatsReached = "seats_reached",
    /// Somebody was invited as a member or collaborator.
    MemberInvited = "member_invited",
    /// An invited person joined the organization.
    MemberJoined = "member_joined",
    /// A member or collaborator was removed.
    MemberRemoved = "member_removed",
    /// A platform account was registered.
    AccountRegistered = "account_registered",
    /// Followers were imported from WeChat.
    FollowersImported = "followers_imported",
    /// Message templates were fetched from WeChat.
    TemplatesSynced = "templates_synced",
    /// A notification was called off.
    NotificationCancelled = "notification_cancelled",
    /// A delivery that came to a bad end was sent once more.
    DeliveryResent = "delivery_resent",
    /// A message was not sent, and is not tried again.
    MessageFailed = "message_failed",
    /// Nobody knows whether a message was sent, and it is not repeated.
    MessageUncertain = "message_uncertain",
    /// A backup was put back: what may have happened since it was taken was settled.
    BackupRestored = "backup_restored",
}

impl Action {
    /// Reads its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}

/// Who asks: what every use case takes along for the audit log.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Where from.
    pub network: Network,
    /// The id of the request.
    pub request_id: String,
    /// Browser and system in two words.
    pub agent: String,
}

/// Who changes something by its own right (an API key, an operator's shell), and where from.
#[derive(Clone, Debug)]
pub struct By {
    /// The id of the key (`key_…`), or what kind of caller.
    pub actor: String,
    /// The request.
    pub caller: Caller,
}

impl By {
    /// Somebody at the shell of the server.
    pub fn operator() -> Self {
        let caller = Caller { network: Network::Unknown, request_id: String::new(), agent: "shell".into() };
        Self { actor: "operator".into(), caller }
    }

    /// An entry of this actor about something.
    pub fn did(&self, organization: OrgId, action: Action, subject: &impl ToString) -> Entry {
        Entry {
            organization,
            action,
            actor: self.actor.clone(),
            subject: Some(subject.to_string()),
            result: "ok",
        }
    }
}

/// One line of the audit log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose.
    pub organization: OrgId,
    /// What happened.
    pub action: Action,
    /// Who did it: an id of ours (`usr_…`), or what kind of caller.
    pub actor: String,
    /// What it was done to: an id of ours.
    pub subject: Option<String>,
    /// How it ended, in a word.
    pub result: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own_and_reads_back() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(*action));
        }
        assert_eq!(Action::from_name("nothing"), None);
    }
}
