//! What all steps of signing in share.

use std::sync::Arc;
use std::time::Duration;

use crate::bus::guard::Limit;
use crate::bus::{Bus, Nudge, Written};
use crate::domain::audit::Caller;
use crate::domain::billing::PriceList;
use crate::domain::clock::{Clock, Entropy, Millis};
use crate::domain::external_user::ExternalUser;
use crate::domain::ids::OrgId;
use crate::domain::keys::SigningKey;
use crate::domain::policy::{AccountRules, ApiRules, DispatchRules, Lifetimes, Limits, MemberSeats};
use crate::domain::qr_session::QrSession;
use crate::domain::qr_ticket::{BrowserSecret, HandleError, QrSealer, Waiting};
use crate::domain::service_account::ServiceAccount;
use crate::sms::SmsSender;
use crate::store::{Store, StoreError};
use crate::wechat::{Credentials, WeChat};

use super::receipts::ReceiptIntake;
use super::turns::Turns;

/// Refusals of one kind from one address that are written down in a minute.
const NOTED_REFUSALS: u32 = 10;

/// What signing in works with.
pub struct Parts {
    /// The rows.
    pub store: Store,
    /// The bus.
    pub bus: Bus,
    /// The WeChat client.
    pub wechat: WeChat,
    /// The SMS gateway.
    pub sms: SmsSender,
    /// The time that is stored.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The server's signing key.
    pub signing: SigningKey,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// How many there may be.
    pub limits: Limits,
    /// What callers of the API are held to.
    pub api: ApiRules,
    /// What platform accounts are held to.
    pub accounts: AccountRules,
    /// Member seats that come with each edition.
    pub member_seats: MemberSeats,
    /// What expansion packs cost.
    pub prices: PriceList,
    /// How notifications are taken and sent.
    pub dispatch: DispatchRules,
    /// Where receipts of messages come in.
    pub receipts: ReceiptIntake,
    /// Scheme and host of every link, without a slash at the end.
    pub public_url: String,
    /// Country codes that may get a code, with their plus sign.
    pub countries: Vec<String>,
    /// The text of a code message, with `{app}`, `{code}` and `{minutes}`.
    pub sms_text: String,
}

impl Parts {
    /// Whether a refusal is worth a line of the audit log: a flood of them from one address is not written down.
    /// Each node counts for itself: it is asked within units, which wait for nobody.
    pub(super) fn worth_noting(&self, what: &'static str, caller: &Caller) -> bool {
        let limit = Limit {
            name: what,
            key: caller.network.key(),
            max: NOTED_REFUSALS,
            window: Duration::from_mins(1),
        };
        self.bus.pass_here(&[limit], self.clock.now()).is_ok()
    }
}

/// Signing in, step by step; a clone is the same.
#[derive(Clone)]
pub struct SignIn {
    pub(super) parts: Arc<Parts>,
    pub(super) sealer: QrSealer,
    pub(super) turns: Arc<Turns>,
}

impl SignIn {
    /// Takes its parts.
    pub fn new(parts: Arc<Parts>) -> Self {
        let sealer = QrSealer::new(parts.signing.clone());
        Self { parts, sealer, turns: Arc::default() }
    }

    /// The QR session behind a browser's handle.
    ///
    /// # Errors
    /// Malformed, unknown (also when its time is long over), or another browser's.
    pub fn waiting(&self, handle: &str, browser: &BrowserSecret) -> Result<Waiting, HandleError> {
        let waiting = self.sealer.open_handle(handle, browser)?;
        if self.now() > waiting.issued_at.plus(self.parts.lifetimes.browser) {
            return Err(HandleError::Unknown);
        }
        Ok(waiting)
    }

    /// A secret for a browser that has none.
    pub fn new_browser(&self) -> BrowserSecret {
        BrowserSecret::generate(self.entropy())
    }

    /// How long things live.
    pub fn lifetimes(&self) -> &Lifetimes {
        &self.parts.lifetimes
    }

    /// Scheme and host of every link.
    pub fn public_url(&self) -> &str {
        &self.parts.public_url
    }

    /// The rows, to read.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// Whether WeChat itself is spoken to, and not something that stands in for it.
    pub fn wechat_is_real(&self) -> bool {
        self.parts.wechat.is_real()
    }

    /// The pages of a phone to play with, where something stands in for WeChat.
    pub fn pretend_phone(&self) -> Option<String> {
        self.parts.wechat.pretend_phone()
    }

    /// The clock of what is stored, for whoever outlives a request.
    pub fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.parts.clock)
    }

    /// The present instant.
    pub fn now(&self) -> Millis {
        self.parts.clock.now()
    }

    /// The portal that a link names, as it was a moment ago.
    ///
    /// # Errors
    /// The database is away.
    pub async fn portal(&self, slug: &str) -> Result<Option<crate::domain::portal::Portal>, StoreError> {
        self.parts.store.recent_portal(slug).await
    }

    /// Whether a refusal is worth a line of the audit log.
    pub(super) fn worth_noting(&self, what: &'static str, caller: &Caller) -> bool {
        self.parts.worth_noting(what, caller)
    }

    pub(super) fn entropy(&self) -> &dyn Entropy {
        &*self.parts.entropy
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    pub(super) fn nudge_changes(&self) {
        self.parts.bus.nudge(Nudge::Changes);
    }

    /// A QR session was written, and is committed: its browser is told, and has its turn on this thread before whatever is done next,
    /// such as the phone's answer.
    pub(super) async fn show_session(&self, session: QrSession, user: Option<ExternalUser>) {
        self.parts.bus.session_written(Written { session, user });
        tokio::task::yield_now().await;
    }

    pub(super) fn nudge_follower(&self, organization: OrgId, openid: &str) {
        self.parts.bus.nudge(Nudge::Follower { organization, openid: openid.to_owned() });
    }
}

/// A service account's credentials, as the client takes them.
pub(super) fn credentials(account: &ServiceAccount) -> Credentials {
    Credentials {
        account: account.id,
        organization: account.organization,
        appid: account.appid.clone(),
        secret: account.secret.clone(),
    }
}
