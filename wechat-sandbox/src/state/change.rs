//! What can happen to the state: one line of the journal each.

use serde::{Deserialize, Serialize};

use super::{Account, Button, Code, Crowd, FamilyName, Message, Payload, QrCode, Sms, State, Template};
use crate::instant::Millis;

/// A decided change, with the moment and the random parts that it needs to be repeated exactly.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// The whole state, first line of a compacted journal.
    Snapshot(Box<State>),
    /// A service account came, or its settings changed.
    AccountRegistered(Account),
    /// A person came.
    PersonJoined { id: String, nickname: String, at: Millis },
    /// Many people came at once.
    CrowdCame(Crowd),
    /// A person follows an account, by way of a parametric QR code when there is a scene.
    Followed { person: String, appid: String, scene: Option<String>, at: Millis },
    /// A person follows an account no longer.
    Unfollowed { person: String, appid: String },
    /// A person refuses one template of an account, or all it sends.
    Blocked { person: String, appid: String, template_id: Option<String> },
    /// A person takes a refusal back: of one template, or of all the account sends.
    Unblocked { person: String, appid: String, template_id: Option<String> },
    /// An account's templates took the place of those before.
    TemplatesSet { appid: String, templates: Vec<Template> },
    /// An account has one template more.
    TemplateAdded { appid: String, template: Template },
    /// An account has one template less.
    TemplateDeleted { appid: String, template_id: String },
    /// A template message was taken on; what it says stands beside it the first time.
    MessageSent {
        message: Message,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<Payload>,
    },
    /// A send was the same one again.
    DuplicateDropped { appid: String, at: Millis },
    /// An account's daily counters begin anew.
    QuotaCleared { appid: String, at: Millis },
    /// A parametric QR code was made.
    QrCodeMade(QrCode),
    /// An account's menu took the place of the one before.
    MenuCreated { appid: String, buttons: Vec<Button> },
    /// An account has no menu any more.
    MenuDeleted { appid: String },
    /// A server credential was minted.
    TokenIssued { appid: String, family: FamilyName, token: String, forced: bool, at: Millis },
    /// The server credentials of an account died at once: as if their time were over, or as if they were not the latest.
    TokensEnded { appid: String, forgotten: bool },
    /// A person authorized an account.
    CodeIssued { code: String, record: Code },
    /// An authorization code was turned into user tokens.
    CodeExchanged { code: String, access_token: String, refresh_token: String, at: Millis },
    /// User tokens were renewed; the old refresh token is dead.
    UserTokenRefreshed { old_refresh_token: String, access_token: String, refresh_token: String, at: Millis },
    /// The gateway took an SMS.
    SmsAccepted(Sms),
    /// Everything was forgotten.
    Reset,
}
