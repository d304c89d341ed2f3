//! Opening a link inside WeChat, and WeChat's authorization coming back: who is it, and for which computer?

use std::time::Duration;

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::clock::random_below;
use crate::domain::external_user::ExternalUser;
use crate::domain::ids::VisitId;
use crate::domain::keys::same_secret;
use crate::domain::login::LoginKind;
use crate::domain::phone_visit::{PhoneCookie, Visit, VisitKind};
use crate::domain::portal::Portal;
use crate::domain::qr_session::{QrSession, Scan, TransitionError};
use crate::domain::qr_ticket::Ticket;
use crate::domain::service_account::ServiceAccount;
use crate::store::StoreError;
use crate::wechat::{Advice, Scope, WeChatError};

use super::SignIn;
use super::logins::{Granted, hold_person};
use super::sign_in::credentials;

/// An exchange that took longer than this was cut off by a crash, and may be done anew.
pub(super) const ABANDONED: Duration = Duration::from_secs(15);
/// The scan must be committed within this of being checked, so that "expired" can be said soon after the code's end.
const SCAN_COMMIT: Duration = Duration::from_secs(2);

/// Where to send the phone.
pub struct Departure {
    /// Its cookie.
    pub cookie: PhoneCookie,
    /// WeChat's authorization page.
    pub url: String,
}

/// Why a link leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum DepartError {
    /// The ticket is forged, or of another app.
    #[error("forged ticket")]
    Forged,
    /// The ticket's time is over.
    #[error("the code has expired")]
    Expired,
    /// The portal is closed.
    #[error("the portal is closed")]
    Closed,
    /// The organization has no service account.
    #[error("no service account")]
    NoServiceAccount,
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where an authorization leads.
pub enum Arrival {
    /// To the phone page of this portal.
    Phone {
        /// The portal's slug.
        slug: String,
    },
    /// Signed in here, inside WeChat.
    SignedIn(Granted),
    /// Once more to WeChat, because it did not take its own code.
    Again(Departure),
}

/// Why an authorization leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum ArriveError {
    /// Cookie, state, app or service account do not belong together.
    #[error("the state is not this phone's")]
    BadState,
    /// Another person scanned the code first.
    #[error("another person was first")]
    Taken,
    /// The state's or the code's time is over.
    #[error("too late")]
    TooLate,
    /// The person said no to WeChat.
    #[error("no consent")]
    NoConsent,
    /// A virtual person of WeChat's snapshot mode.
    #[error("snapshot mode")]
    Snapshot,
    /// WeChat did not answer, or did not take the code twice.
    #[error("WeChat is not available")]
    WeChat(#[source] WeChatError),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignIn {
    /// Whether a QR code's ticket is ours, in time, and of a portal that is open.
    ///
    /// # Errors
    /// It is forged, its time is over, or the portal is closed.
    pub fn check_ticket(&self, portal: &Portal, ticket: &str) -> Result<(), DepartError> {
        let ticket = self.sealer.open_ticket(ticket, portal.app).map_err(|_| DepartError::Forged)?;
        if self.now() > ticket.issued_at.plus(self.parts.lifetimes.qr) {
            return Err(DepartError::Expired);
        }
        portal.admit_visitor(None).map_err(|_| DepartError::Closed)
    }

    /// Sends a phone to WeChat's authorization; nothing is stored, so previews and double loads change nothing.
    ///
    /// # Errors
    /// The ticket or the portal does not allow it.
    pub async fn depart(&self, portal: &Portal, ticket: Option<&str>) -> Result<Departure, DepartError> {
        if let Some(ticket) = ticket {
            self.check_ticket(portal, ticket)?;
        }
        let kind = if ticket.is_some() { VisitKind::Qr } else { VisitKind::Menu };
        portal.admit_visitor(None).map_err(|_| DepartError::Closed)?;
        let account = self.parts.store.recent_account_of(portal.organization).await?;
        let account = account.ok_or(DepartError::NoServiceAccount)?;
        let cookie =
            PhoneCookie::generate(kind, portal.app, ticket.unwrap_or_default(), self.now(), self.entropy());
        Ok(self.departure(&account, cookie))
    }

    fn departure(&self, account: &ServiceAccount, cookie: PhoneCookie) -> Departure {
        let state = cookie.state(&self.parts.signing);
        let url =
            self.parts.wechat.authorize_url(&account.appid, &self.callback_url(account), Scope::Base, &state);
        Departure { cookie, url }
    }

    pub(super) fn callback_url(&self, account: &ServiceAccount) -> String {
        format!("{}/wechat/{}/oauth/callback", self.parts.public_url, account.appid)
    }

    /// Takes the authorization that WeChat sends back.
    ///
    /// # Errors
    /// See [`ArriveError`]; none of them exchanges a code twice.
    pub async fn arrive(
        &self,
        appid: &str,
        cookie: Option<&str>,
        code: Option<&str>,
        state: &str,
        caller: &Caller,
    ) -> Result<Arrival, ArriveError> {
        let cookie = cookie.and_then(PhoneCookie::from_value).ok_or(ArriveError::BadState)?;
        let portal = self.parts.store.recent_portal_of_app(cookie.app).await?.ok_or(ArriveError::BadState)?;
        let account =
            self.parts.store.recent_account_of(portal.organization).await?.ok_or(ArriveError::BadState)?;
        let key = &self.parts.signing;
        if account.appid == appid
            && let Some(profile_state) =
                cookie.profile_state(key).filter(|own| same_secret(own.as_bytes(), state.as_bytes()))
        {
            return self.take_profile(&portal, &account, &cookie, code, &profile_state).await;
        }
        if account.appid != appid || !same_secret(cookie.state(key).as_bytes(), state.as_bytes()) {
            self.note_rejected(&portal, caller).await?;
            return Err(ArriveError::BadState);
        }
        let visit_key = cookie.visit_key(key);
        if let Some(visit) = self.parts.store.visit(&visit_key).await?.filter(|visit| visit.openid.is_some())
        {
            let late = self.now() > cookie.issued_at.plus(self.parts.lifetimes.oauth_state);
            if late && visit.kind == VisitKind::Menu {
                return Ok(Arrival::Phone { slug: portal.slug });
            }
            return self.arrived_before(&portal, &visit, caller).await;
        }
        let ticket = self.check_times(&portal, &cookie)?;
        let code = code.ok_or(ArriveError::NoConsent)?;
        let Some(visit) = self.begin(&portal, &account, &cookie, &visit_key, caller).await? else {
            // The other callback of this state is on its way; the phone page waits for it.
            return Ok(Arrival::Phone { slug: portal.slug });
        };
        let authorization = match self.parts.wechat.exchange_code(&credentials(&account), code).await {
            Ok(authorization) => authorization,
            Err(error) => return self.not_exchanged(&account, &cookie, &visit, error).await,
        };
        self.meet(&portal, &visit, ticket, &authorization.openid, caller).await
    }

    async fn note_rejected(&self, portal: &Portal, caller: &Caller) -> Result<(), StoreError> {
        if !self.worth_noting("oauth_rejected", caller) {
            return Ok(());
        }
        let unit = self.parts.store.begin().await?;
        let entry = Entry {
            organization: portal.organization,
            action: Action::OauthRejected,
            actor: "phone".into(),
            subject: None,
            result: "bad_state",
        };
        unit.audit(entry, caller);
        unit.commit().await
    }

    fn check_times(&self, portal: &Portal, cookie: &PhoneCookie) -> Result<Option<Ticket>, ArriveError> {
        let (now, life) = (self.now(), &self.parts.lifetimes);
        if now > cookie.issued_at.plus(life.oauth_state) {
            return Err(ArriveError::TooLate);
        }
        if cookie.kind == VisitKind::Menu {
            return Ok(None);
        }
        let ticket =
            self.sealer.open_ticket(&cookie.ticket, portal.app).map_err(|_| ArriveError::BadState)?;
        if now > ticket.issued_at.plus(life.qr) {
            return Err(ArriveError::TooLate);
        }
        Ok(Some(ticket))
    }

    /// Writes the visit, which gives the right to exchange the code; none when another callback has it.
    async fn begin(
        &self,
        portal: &Portal,
        account: &ServiceAccount,
        cookie: &PhoneCookie,
        visit_key: &str,
        caller: &Caller,
    ) -> Result<Option<Visit>, ArriveError> {
        let now = self.now();
        let visit = Visit {
            id: VisitId::generate(self.clock(), self.entropy()),
            organization: portal.organization,
            app: portal.app,
            kind: cookie.kind,
            openid: None,
            qr: None,
            phone_network: caller.network,
            ended: None,
            nickname: None,
            avatar_url: None,
            exchanging_since: now,
            expires_at: now.plus(self.parts.lifetimes.browser),
        };
        let unit = self.parts.store.begin().await?;
        // Unbinding refuses the visits that there are; none of an account that is gone begins after that.
        if unit.bound_account(portal.scope()).await?.is_none_or(|(bound, _)| bound != account.id) {
            return Err(ArriveError::BadState);
        }
        match unit.begin_visit(&visit, visit_key).await {
            Ok(()) => {
                unit.commit().await?;
                return Ok(Some(visit));
            }
            Err(StoreError::Conflict) => drop(unit),
            Err(error) => return Err(error.into()),
        }
        let Some(other) = self.parts.store.visit(visit_key).await? else { return Ok(None) };
        let unit = self.parts.store.begin().await?;
        let taken_over = unit.retake_visit(other.id, now.minus(ABANDONED)).await?;
        unit.commit().await?;
        Ok(taken_over.then_some(other))
    }

    async fn not_exchanged(
        &self,
        account: &ServiceAccount,
        cookie: &PhoneCookie,
        visit: &Visit,
        error: WeChatError,
    ) -> Result<Arrival, ArriveError> {
        let unit = self.parts.store.begin().await?;
        unit.forget_visit(visit.id).await?;
        unit.commit().await?;
        match error {
            WeChatError::SnapshotUser => Err(ArriveError::Snapshot),
            error if error.advice() == Advice::Reauthorize && !cookie.retried => {
                let mut again = PhoneCookie::generate(
                    cookie.kind,
                    cookie.app,
                    &cookie.ticket,
                    self.now(),
                    self.entropy(),
                );
                again.retried = true;
                Ok(Arrival::Again(self.departure(account, again)))
            }
            error => Err(ArriveError::WeChat(error)),
        }
    }

    /// The code is exchanged: the person is known.
    async fn meet(
        &self,
        portal: &Portal,
        visit: &Visit,
        ticket: Option<Ticket>,
        openid: &str,
        caller: &Caller,
    ) -> Result<Arrival, ArriveError> {
        let user = self.parts.store.user_of_openid(portal.scope(), portal.app, openid).await?;
        self.nudge_follower(portal.organization, openid);
        let Some(ticket) = ticket else {
            let unit = self.parts.store.begin().await?;
            if !unit.arrive(visit.id, openid, None).await? {
                // Refused meanwhile, or the other exchange was first: the phone page says which.
                return Ok(Arrival::Phone { slug: portal.slug.clone() });
            }
            unit.commit().await?;
            let visit = Visit { openid: Some(openid.to_owned()), ..visit.clone() };
            return self.arrived_before(portal, &visit, caller).await;
        };
        self.scan(portal, visit, &ticket, openid, user, caller).await?;
        Ok(Arrival::Phone { slug: portal.slug.clone() })
    }

    async fn scan(
        &self,
        portal: &Portal,
        visit: &Visit,
        ticket: &Ticket,
        openid: &str,
        user: Option<ExternalUser>,
        caller: &Caller,
    ) -> Result<(), ArriveError> {
        let known = match &user {
            Some(user) => {
                self.parts.store.knows_browser(portal.scope(), user.id, ticket.computer.device).await?
            }
            None => false,
        };
        let number = || u8::try_from(10 + random_below(self.entropy(), 90)).ok();
        let scan = Scan {
            organization: portal.organization,
            app: portal.app,
            openid: openid.to_owned(),
            // Whose phone was freed proves a new one first.
            user: user.as_ref().filter(|user| user.phone.is_some()).map(|user| user.id),
            match_number: portal.confirm.needs_number(known).then(number).flatten(),
            phone_network: caller.network,
        };
        // The time is asked once the unit has its place: waiting for it must not count against the commit.
        let unit = self.parts.store.begin().await?.within(SCAN_COMMIT);
        let now = self.now();
        let mut session =
            QrSession::scan(ticket, scan, now, &self.parts.lifetimes).map_err(|_| ArriveError::TooLate)?;
        match unit.insert_qr_session(&session).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => {
                drop(unit);
                return self.join_scan(visit, &session).await;
            }
            Err(error) => return Err(error.into()),
        }
        if !unit.arrive(visit.id, openid, Some(session.r)).await? {
            // Refused meanwhile: nobody has scanned.
            return Ok(());
        }
        let entry = Entry {
            organization: portal.organization,
            action: Action::QrScanned,
            actor: user.as_ref().map_or_else(|| "phone".into(), |user| user.id.to_string()),
            subject: None,
            result: "ok",
        };
        unit.audit(entry, caller);
        if let Err(refusal) = portal.admit_visitor(user.as_ref().map(|user| (user.id, user.status))) {
            session = session.refuse(refusal, now).map_err(|_: TransitionError| ArriveError::TooLate)?;
            unit.advance_qr_session(&session).await?;
        }
        unit.commit().await?;
        self.show_session(session, user).await;
        Ok(())
    }

    /// The code was scanned before: by the same person (go on there) or by another one.
    async fn join_scan(&self, visit: &Visit, mine: &QrSession) -> Result<(), ArriveError> {
        let other = self.parts.store.qr_session(mine.r).await?;
        let same = other.is_some_and(|other| other.openid == mine.openid);
        let unit = self.parts.store.begin().await?;
        unit.arrive(visit.id, &mine.openid, same.then_some(mine.r)).await?;
        unit.commit().await?;
        if same { Ok(()) } else { Err(ArriveError::Taken) }
    }

    /// The same phone comes again: the same step again, and no second exchange.
    async fn arrived_before(
        &self,
        portal: &Portal,
        visit: &Visit,
        caller: &Caller,
    ) -> Result<Arrival, ArriveError> {
        let slug = portal.slug.clone();
        if visit.kind == VisitKind::Qr {
            return if visit.qr.is_some() { Ok(Arrival::Phone { slug }) } else { Err(ArriveError::Taken) };
        }
        let openid = visit.openid.as_deref().unwrap_or_default();
        let user = self.parts.store.user_of_openid(portal.scope(), portal.app, openid).await?;
        // Whoever has something to do first (prove a phone, wait, accept terms) does it on the phone page.
        let terms = self.terms_to_accept(portal, user.as_ref()).await?;
        let passes = |user: &ExternalUser| {
            portal.admit(Some((user.id, user.status))).is_ok() && user.may_sign_in() && terms.is_none()
        };
        let Some(user) = user.filter(|user| passes(user) && visit.ended.is_none()) else {
            return Ok(Arrival::Phone { slug });
        };
        let unit = self.parts.store.begin().await?;
        let held = hold_person(&unit, portal, user.id, openid).await?.filter(passes);
        let asked_by = portal.terms.clone();
        let portal = unit.portal(portal.scope(), portal.app).await?;
        let as_before = portal.filter(|now| now.admit_visitor(None).is_ok() && now.terms == asked_by);
        let (Some(user), Some(portal)) = (held, &as_before) else { return Ok(Arrival::Phone { slug }) };
        let granted = self.grant(&unit, portal, user.id, LoginKind::WeChat, caller).await?;
        match unit.set_visit_login(visit.id, granted.login).await {
            Ok(None) => {}
            // A lost answer is given again; a login that was ended since is not brought back by the Back button.
            Ok(Some(replaced)) if unit.end_login(replaced).await? => {}
            // Another request of this phone was first.
            Ok(Some(_)) | Err(StoreError::Conflict) => return Ok(Arrival::Phone { slug }),
            Err(error) => return Err(error.into()),
        }
        unit.commit().await?;
        Ok(Arrival::SignedIn(granted))
    }
}
