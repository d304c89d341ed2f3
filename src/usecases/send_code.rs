//! Sending a verification code: counted first, written, then sent.

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::ids::CodeId;
use crate::domain::keys::hex;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::qr_session::Refusal;
use crate::domain::verification::{DAY, Limited, code_limits, draw_code, locked};
use crate::sms::{CodeMessage, SmsError};
use crate::store::verification_codes::CodeOwner;
use crate::store::{StoreError, Unit};

use super::SignIn;
use super::phone_steps::{NoStep, PhoneView, Step};

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendCodeError {
    /// Nothing under way, or a foreign form.
    #[error(transparent)]
    NoStep(#[from] NoStep),
    /// What was typed is no number that can get a code.
    #[error("not a phone number that can be used here")]
    PhoneInvalid,
    /// Too many codes.
    #[error("too many codes")]
    Limited(Limited),
    /// This person is not let in (any more).
    #[error("not let in")]
    Refused(Refusal),
    /// The gateway did not take it.
    #[error("the SMS gateway did not take it")]
    Sms(#[source] SmsError),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignIn {
    /// Sends a code to a phone.
    ///
    /// # Errors
    /// See [`SendCodeError`]; a refused one changes nothing.
    pub async fn send_code(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
        typed: &str,
        caller: &Caller,
    ) -> Result<PhoneView, SendCodeError> {
        let view = self.posted(slug, cookie, csrf, &[Step::Bind]).await?;
        if view.step != Step::Bind {
            return Ok(view);
        }
        let account = view.user.as_ref().map(|user| (user.id, user.status));
        if let Err(refusal) = view.portal.admit_visitor(account) {
            self.turn_away(&view, refusal, caller).await?;
            return Err(SendCodeError::Refused(refusal));
        }
        let phone =
            PhoneNumber::parse(typed, &self.parts.countries).map_err(|_| SendCodeError::PhoneInvalid)?;
        let owner = owner(&view, phone, caller);
        let id = CodeId::generate(self.clock(), self.entropy());
        let code = draw_code(self.entropy());
        self.write_code(&view, &owner, id, &code, caller).await?;
        self.deliver(&view, &owner, id, &code).await?;
        Ok(self.phone_view(slug, cookie).await?)
    }

    async fn write_code(
        &self,
        view: &PhoneView,
        owner: &CodeOwner,
        id: CodeId,
        code: &str,
        caller: &Caller,
    ) -> Result<(), SendCodeError> {
        let now = self.now();
        let unit = self.parts.store.begin().await?;
        unit.hold_code_limits(owner).await?;
        let mut half = None;
        for limit in code_limits(&self.parts.limits) {
            let usage = unit.code_usage(owner, &limit).await?;
            if let Err(limited) = limit.admit(usage, now) {
                drop(unit);
                self.note_limit(owner, limited.limit, caller).await?;
                return Err(SendCodeError::Limited(limited));
            }
            if limit.reaches_half(usage) {
                half = Some(limit.name);
            }
        }
        if let Some(limited) = self.locked(&unit, owner).await? {
            drop(unit);
            self.note_locked(owner, caller).await?;
            return Err(SendCodeError::Limited(limited));
        }
        unit.create_code(id, owner, &self.code_mac(owner, code), now.plus(self.parts.lifetimes.code)).await?;
        if let Some(limit) = half {
            unit.audit(limit_entry(owner, limit, "half"), caller).await?;
        }
        let entry = Entry {
            organization: owner.organization,
            action: Action::CodeSent,
            actor: "phone".into(),
            subject: Some(id.to_string()),
            result: "ok",
        };
        unit.audit(entry, caller).await?;
        if let Some(next) =
            view.session.as_ref().and_then(|session| session.code_asked(&owner.openid, now).ok())
        {
            unit.advance_qr_session(&next).await?;
        }
        unit.commit().await?;
        self.nudge_changes();
        Ok(())
    }

    /// Whether too many wrong codes were typed for this phone in this app.
    pub(super) async fn locked(&self, unit: &Unit, owner: &CodeOwner) -> Result<Option<Limited>, StoreError> {
        let now = self.now();
        let wrong = unit.wrong_guesses(owner, now.minus(DAY * 2)).await?;
        Ok(locked(&wrong, self.parts.limits.wrong_guesses_per_phone_day, now))
    }

    pub(super) async fn note_locked(&self, owner: &CodeOwner, caller: &Caller) -> Result<(), StoreError> {
        metrics::counter!("menfang_limit_hits_total", "limit" => "wrong_guesses_per_phone_day").increment(1);
        if !self.worth_noting("code_locked", caller) {
            return Ok(());
        }
        let unit = self.parts.store.begin().await?;
        unit.audit(
            Entry {
                action: Action::CodeLocked,
                ..limit_entry(owner, "wrong_guesses_per_phone_day", "refused")
            },
            caller,
        )
        .await?;
        unit.commit().await
    }

    async fn note_limit(
        &self,
        owner: &CodeOwner,
        limit: &'static str,
        caller: &Caller,
    ) -> Result<(), StoreError> {
        metrics::counter!("menfang_limit_hits_total", "limit" => limit).increment(1);
        if !self.worth_noting("limit_hit", caller) {
            return Ok(());
        }
        let unit = self.parts.store.begin().await?;
        unit.audit(limit_entry(owner, limit, "refused"), caller).await?;
        unit.commit().await
    }

    async fn deliver(
        &self,
        view: &PhoneView,
        owner: &CodeOwner,
        id: CodeId,
        code: &str,
    ) -> Result<(), SendCodeError> {
        let minutes = (self.parts.lifetimes.code.as_secs() / 60).max(1).to_string();
        let text = self
            .parts
            .sms_text
            .replace("{app}", &view.portal.app_name)
            .replace("{code}", code)
            .replace("{minutes}", &minutes);
        let message = CodeMessage { id: &id.to_string(), phone: owner.phone.as_str(), code, text: &text };
        let sent = self.parts.sms.send(&message).await;
        let outcome = if sent.is_ok() { "sent" } else { "failed" };
        metrics::counter!("menfang_sms_total", "provider" => self.parts.sms.provider(), "outcome" => outcome)
            .increment(1);
        let Err(error) = sent else { return Ok(()) };
        tracing::warn!(code.id = %id, error = %error, "a verification code was not sent");
        if error != SmsError::Unavailable {
            // The gateway said no: nobody has it, so nobody may use it.
            let unit = self.parts.store.begin().await?;
            unit.kill_code(id).await?;
            unit.commit().await?;
        }
        Err(SendCodeError::Sms(error))
    }

    /// The keyed hash of a code: bound to visit, organization, app, openid and phone.
    pub(super) fn code_mac(&self, owner: &CodeOwner, code: &str) -> String {
        hex(&self.parts.signing.mac(
            "verification code",
            &[
                owner.visit.0.as_bytes(),
                owner.organization.0.as_bytes(),
                owner.app.0.as_bytes(),
                owner.openid.as_bytes(),
                owner.phone.as_str().as_bytes(),
                code.as_bytes(),
            ],
        ))
    }
}

/// Whose code it is.
pub(super) fn owner(view: &PhoneView, phone: PhoneNumber, caller: &Caller) -> CodeOwner {
    CodeOwner {
        organization: view.portal.organization,
        app: view.portal.app,
        visit: view.visit.id,
        openid: view.openid().to_owned(),
        phone,
        network: caller.network,
    }
}

fn limit_entry(owner: &CodeOwner, limit: &str, result: &'static str) -> Entry {
    Entry {
        organization: owner.organization,
        action: Action::LimitHit,
        actor: "phone".into(),
        subject: Some(limit.to_owned()),
        result,
    }
}
