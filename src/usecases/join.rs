//! Proving a phone: the right code joins phone and WeChat identity to the app's external user, within the seats.

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::external_user::{ExternalUser, Status};
use crate::domain::ids::{CodeId, UserId};
use crate::domain::login::LoginKind;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::phone_visit::{Ending, VisitKind};
use crate::domain::portal::Portal;
use crate::domain::qr_session::Refusal;
use crate::domain::verification::{Limited, read_code};
use crate::store::verification_codes::CodeOwner;
use crate::store::{StoreError, Unit};

use super::SignIn;
use super::logins::{Granted, hold_person};
use super::phone_steps::{NoStep, PhoneView, Step, TermsRequired};
use super::seats::take_seat;
use super::send_code::owner;
use super::verification::WrongGuess;

/// Tries against other writers of the same keys; each try sees what the one before lost to.
const TRIES: usize = 3;

/// Why phone and identity were not joined.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Nothing under way, or a foreign form.
    #[error(transparent)]
    NoStep(#[from] NoStep),
    /// What was typed is no number that can be used.
    #[error("not a phone number that can be used here")]
    PhoneInvalid,
    /// The terms were not accepted; the code is still good.
    #[error("the terms were not accepted")]
    TermsRequired,
    /// Wrong, late, used, or tried too often: one and the same refusal.
    #[error("the code is wrong")]
    CodeWrong,
    /// Too many wrong codes.
    #[error("too many wrong codes")]
    Limited(Limited),
    /// The code was right, but this person is not let in.
    #[error("not let in")]
    Refused(Refusal),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WrongGuess> for BindError {
    fn from(error: WrongGuess) -> Self {
        match error {
            WrongGuess::Wrong => Self::CodeWrong,
            WrongGuess::Limited(limited) => Self::Limited(limited),
            WrongGuess::Store(error) => Self::Store(error),
        }
    }
}

impl From<TermsRequired> for BindError {
    fn from(_: TermsRequired) -> Self {
        Self::TermsRequired
    }
}

/// What a person typed to prove a phone.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    /// The phone.
    pub phone: &'a str,
    /// The code.
    pub code: &'a str,
    /// The tick box of the terms; empty when it is not ticked.
    pub terms: &'a str,
}

/// A joined account.
pub struct Bound {
    /// The phone at its next step.
    pub view: PhoneView,
    /// The login, when this was a menu visit.
    pub granted: Option<Granted>,
}

/// An account that was there before.
struct Known {
    user: ExternalUser,
    /// Found by the WeChat identity, not by the phone.
    by_openid: bool,
}

impl SignIn {
    /// Binds a phone by its code.
    ///
    /// # Errors
    /// See [`BindError`]; every guess is counted before it is compared.
    pub async fn bind(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
        typed: Typed<'_>,
        caller: &Caller,
    ) -> Result<Bound, BindError> {
        let view = self.posted(slug, cookie, csrf, &[Step::Bind]).await?;
        if view.step != Step::Bind {
            return Ok(Bound { view, granted: None });
        }
        view.ticked(typed.terms)?;
        let phone =
            PhoneNumber::parse(typed.phone, &self.parts.countries).map_err(|_| BindError::PhoneInvalid)?;
        let code = read_code(typed.code).ok_or(BindError::CodeWrong)?;
        let owner = owner(&view, phone, caller);
        let proved = self.parts.guess_code(&owner, &code, caller).await?;
        let granted = match self.join(&view, &owner, proved, caller).await {
            Ok(granted) => granted,
            Err(BindError::Refused(refusal)) => {
                // The code was right, so it is used up, and no wrong guess.
                let unit = self.parts.store.begin().await?;
                unit.use_code(proved).await?;
                unit.commit().await?;
                self.turn_away(&view, refusal, caller).await?;
                return Err(BindError::Refused(refusal));
            }
            Err(error) => return Err(error),
        };
        self.nudge_changes();
        Ok(Bound { view: self.phone_view(slug, cookie).await?, granted })
    }

    async fn join(
        &self,
        view: &PhoneView,
        owner: &CodeOwner,
        code: CodeId,
        caller: &Caller,
    ) -> Result<Option<Granted>, BindError> {
        for _ in 0..TRIES {
            match self.try_join(view, owner, code, caller).await {
                Err(BindError::Store(StoreError::Conflict)) => {}
                outcome => return outcome,
            }
        }
        Err(BindError::Store(StoreError::Conflict))
    }

    async fn try_join(
        &self,
        view: &PhoneView,
        owner: &CodeOwner,
        code: CodeId,
        caller: &Caller,
    ) -> Result<Option<Granted>, BindError> {
        let unit = self.parts.store.begin().await?;
        let scope = view.portal.scope();
        let closed = BindError::Refused(Refusal::PortalClosed);
        let Some((_, appid)) = unit.bound_account(scope).await? else { return Err(closed) };
        // Whoever is deleted is held before the codes and visits that go with them, and so it is here.
        let known = hold_known(&unit, &view.portal, owner).await?;
        if !unit.use_code(code).await? {
            return Err(BindError::CodeWrong);
        }
        // Unbinding refuses every visit: in one that was not, the openid is the bound account's.
        if !unit.hold_visit(view.visit.id, scope).await? {
            return Err(closed);
        }
        let user = self.account_of(&unit, view, owner, (&appid, known), caller).await?;
        if let Some(terms) = &view.terms {
            self.accept(&unit, &user, terms, caller).await?;
        }
        if let Some(session) = &view.session {
            let current = unit.qr_session(session.r).await?.ok_or(StoreError::Conflict)?;
            let next = current.bind(&owner.openid, user.id, self.now(), &self.parts.lifetimes);
            // The QR session may have ended meanwhile; the proved phone is worth keeping all the same.
            if let Ok(next) = next
                && !unit.advance_qr_session(&next).await?
            {
                return Err(StoreError::Conflict.into());
            }
        }
        let menu = view.visit.kind == VisitKind::Menu && user.status == Status::Active;
        let granted = if menu {
            let granted = self.grant(&unit, &view.portal, user.id, LoginKind::WeChat, caller).await?;
            unit.set_visit_login(view.visit.id, granted.login).await?;
            Some(granted)
        } else {
            None
        };
        unit.audit(entry(owner, Action::PhoneBound, user.id.to_string(), "ok"), caller);
        unit.commit().await?;
        Ok(granted)
    }

    /// The account of this phone and identity: the one they share, one that was prepared for the phone, or a new one.
    async fn account_of(
        &self,
        unit: &Unit,
        view: &PhoneView,
        owner: &CodeOwner,
        (appid, known): (&str, Option<Known>),
        caller: &Caller,
    ) -> Result<ExternalUser, BindError> {
        let portal = &view.portal;
        let Some(known) = known else {
            portal.admit(None).map_err(BindError::Refused)?;
            let role = unit.default_role(owner.app).await?.name;
            let user = self.new_user(view, owner, role);
            if user.status == Status::Active && !take_seat(unit, owner.organization, "phone", caller).await? {
                return Err(BindError::Refused(Refusal::SeatsFull));
            }
            unit.create_external_user(&user).await?;
            unit.bind_wechat(&user, appid, &owner.openid).await?;
            return Ok(user);
        };
        portal.admit(Some((known.user.id, known.user.status))).map_err(BindError::Refused)?;
        let mut user = known.user;
        if known.by_openid {
            return if user.phone.is_some() { Ok(user) } else { take_phone(unit, user, owner).await };
        }
        if unit.openid_of(user.id).await?.is_some() {
            // A carrier may have given the number to somebody else: a code alone never moves an account.
            return Err(BindError::Refused(Refusal::PhoneInUse));
        }
        if user.status == Status::Pending && portal.lets_in_at_once(user.invited_at.is_some()) {
            if !unit.change_status(portal.scope(), user.id, Status::Pending, Status::Active).await? {
                return Err(StoreError::Conflict.into());
            }
            // Refused, the unit is given up, and the person stays pending.
            if !take_seat(unit, owner.organization, "phone", caller).await? {
                return Err(BindError::Refused(Refusal::SeatsFull));
            }
            user.status = Status::Active;
        }
        unit.bind_wechat(&user, appid, &owner.openid).await?;
        Ok(user)
    }

    fn new_user(&self, view: &PhoneView, owner: &CodeOwner, role: String) -> ExternalUser {
        ExternalUser {
            id: UserId::generate(self.clock(), self.entropy()),
            organization: owner.organization,
            app: owner.app,
            phone: Some(owner.phone.clone()),
            nickname: view.visit.nickname.clone(),
            avatar_url: view.visit.avatar_url.clone(),
            status: view.portal.first_status(),
            role,
            department: None,
            manager: None,
            invited_at: None,
        }
    }

    /// Tells phone and computer that this person is not let in; nothing else is left behind.
    pub(super) async fn turn_away(
        &self,
        view: &PhoneView,
        refusal: Refusal,
        caller: &Caller,
    ) -> Result<(), StoreError> {
        let mut unit = self.parts.store.begin().await?;
        if let Some(session) = &view.session {
            for _ in 0..TRIES {
                let current = unit.qr_session(session.r).await?;
                let Some(Ok(next)) = current.map(|current| current.refuse(refusal, self.now())) else {
                    break;
                };
                if unit.advance_qr_session(&next).await? {
                    break;
                }
                // Another change was first: what is there now is refused.
                drop(unit);
                unit = self.parts.store.begin().await?;
            }
        } else {
            unit.end_visit(view.visit.id, Ending::Refused(refusal)).await?;
        }
        let action = match refusal {
            Refusal::SeatsFull => Action::SeatDenied,
            Refusal::PhoneInUse => Action::PhoneConflict,
            _ => Action::EntryDenied,
        };
        let organization = view.portal.organization;
        let entry =
            Entry { organization, action, actor: "phone".into(), subject: None, result: refusal.code() };
        unit.audit(entry, caller);
        unit.commit().await?;
        self.nudge_changes();
        Ok(())
    }
}

/// Finds the account of an identity or, if it has none, of the proved phone; it is held until the unit ends.
async fn hold_known(unit: &Unit, portal: &Portal, owner: &CodeOwner) -> Result<Option<Known>, StoreError> {
    if let Some(bound) = unit.bound_user(owner.app, &owner.openid).await? {
        let user = hold_person(unit, portal, bound, &owner.openid).await?.ok_or(StoreError::Conflict)?;
        return Ok(Some(Known { user, by_openid: true }));
    }
    let Some(found) = unit.user_of_phone(owner.app, &owner.phone).await? else { return Ok(None) };
    unit.hold_external_user(portal.scope(), owner.app, found.id).await?;
    let held = unit.user_of_phone(owner.app, &owner.phone).await?;
    let user = held.filter(|held| held.id == found.id).ok_or(StoreError::Conflict)?;
    Ok(Some(Known { user, by_openid: false }))
}

/// Gives the proved phone to the account whose own was freed.
async fn take_phone(unit: &Unit, user: ExternalUser, owner: &CodeOwner) -> Result<ExternalUser, BindError> {
    if unit.user_of_phone(owner.app, &owner.phone).await?.is_some() {
        return Err(BindError::Refused(Refusal::PhoneInUse));
    }
    if !unit.give_phone(&user, &owner.phone).await? {
        return Err(StoreError::Conflict.into());
    }
    unit.end_logins_of(user.id).await?;
    Ok(ExternalUser { phone: Some(owner.phone.clone()), ..user })
}

fn entry(owner: &CodeOwner, action: Action, actor: String, result: &'static str) -> Entry {
    Entry { organization: owner.organization, action, actor, subject: None, result }
}
