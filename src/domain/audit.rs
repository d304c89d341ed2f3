//! The audit log: what happened, by whom, without personal data.

use super::ids::OrgId;
use super::network::Network;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A code was scanned.
    QrScanned,
    /// A sign-in was approved.
    QrApproved,
    /// A sign-in was declined.
    QrDeclined,
    /// A person said that they did not ask for a sign-in.
    QrReported,
    /// A browser took its login.
    QrClaimed,
    /// An authorization did not fit its phone.
    OauthRejected,
    /// A verification code was sent.
    CodeSent,
    /// A wrong verification code was typed.
    CodeFailed,
    /// Too many wrong codes for this phone.
    CodeLocked,
    /// Phone and WeChat account were joined.
    PhoneBound,
    /// The phone belongs to another WeChat account.
    PhoneConflict,
    /// A login began.
    SessionCreated,
    /// A login ended.
    SessionEnded,
    /// A limit was reached, or half of one.
    LimitHit,
    /// A push was refused.
    PushRejected,
    /// No seat was left.
    SeatDenied,
    /// The portal's gate did not let somebody in.
    EntryDenied,
    /// An account was switched off.
    UserDisabled,
    /// An account was switched on or let in.
    UserEnabled,
    /// An account was prepared for a phone.
    UserInvited,
    /// Role, department or manager of a person changed.
    RoleChanged,
    /// An account and its personal data are gone.
    UserDeleted,
    /// A phone was freed from its account.
    PhoneFreed,
    /// A WeChat identity was taken from its account.
    WechatUnbound,
    /// A person accepted a portal's terms.
    TermsAccepted,
    /// A person's data that WeChat said to delete is gone.
    PrivacyErased,
    /// An API key was made.
    KeyCreated,
    /// An API key was taken back.
    KeyRevoked,
    /// A key asked for something of another organization.
    CrossTenantDenied,
    /// A credential was bound or changed.
    SecretChanged,
    /// A setting changed.
    SettingChanged,
    /// Something was added: an organization, app, role, department, module.
    Created,
    /// Something was taken away.
    Deleted,
    /// Seats were bought.
    SeatsBought,
    /// Seats are 80, 90 or 100 per cent taken.
    SeatsReached,
    /// Somebody was invited as a member or collaborator.
    MemberInvited,
    /// An invited person joined the organization.
    MemberJoined,
    /// A member or collaborator was removed.
    MemberRemoved,
    /// A platform account was registered.
    AccountRegistered,
    /// Followers were imported from WeChat.
    FollowersImported,
    /// Message templates were fetched from WeChat.
    TemplatesSynced,
    /// A notification was called off.
    NotificationCancelled,
    /// A delivery that came to a bad end was sent once more.
    DeliveryResent,
    /// A message was not sent, and is not tried again.
    MessageFailed,
    /// Nobody knows whether a message was sent, and it is not repeated.
    MessageUncertain,
}

impl Action {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::QrScanned => "qr_scanned",
            Self::QrApproved => "qr_approved",
            Self::QrDeclined => "qr_declined",
            Self::QrReported => "qr_reported",
            Self::QrClaimed => "qr_claimed",
            Self::OauthRejected => "oauth_rejected",
            Self::CodeSent => "code_sent",
            Self::CodeFailed => "code_failed",
            Self::CodeLocked => "code_locked",
            Self::PhoneBound => "phone_bound",
            Self::PhoneConflict => "phone_conflict",
            Self::SessionCreated => "session_created",
            Self::SessionEnded => "session_ended",
            Self::LimitHit => "limit_hit",
            Self::PushRejected => "push_rejected",
            Self::SeatDenied => "seat_denied",
            Self::EntryDenied => "entry_denied",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::UserInvited => "user_invited",
            Self::RoleChanged => "role_changed",
            Self::UserDeleted => "user_deleted",
            Self::PhoneFreed => "phone_freed",
            Self::WechatUnbound => "wechat_unbound",
            Self::TermsAccepted => "terms_accepted",
            Self::PrivacyErased => "privacy_erased",
            Self::KeyCreated => "key_created",
            Self::KeyRevoked => "key_revoked",
            Self::CrossTenantDenied => "cross_tenant_denied",
            Self::SecretChanged => "secret_changed",
            Self::SettingChanged => "setting_changed",
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::SeatsBought => "seats_bought",
            Self::SeatsReached => "seats_reached",
            Self::MemberInvited => "member_invited",
            Self::MemberJoined => "member_joined",
            Self::MemberRemoved => "member_removed",
            Self::AccountRegistered => "account_registered",
            Self::FollowersImported => "followers_imported",
            Self::MessageFailed => "message_failed",
            Self::MessageUncertain => "message_uncertain",
            Self::TemplatesSynced => "templates_synced",
            Self::NotificationCancelled => "notification_cancelled",
            Self::DeliveryResent => "delivery_resent",
        }
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
