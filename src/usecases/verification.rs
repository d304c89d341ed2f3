//! Verification codes, whoever asks for them: counted first, written, then sent; guesses counted before they are compared.

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::ids::CodeId;
use crate::domain::keys::{hex, same_secret};
use crate::domain::verification::{DAY, Limited, code_limits, draw_code, locked};
use crate::sms::{CodeMessage, SmsError};
use crate::store::verification_codes::CodeOwner;
use crate::store::{StoreError, Unit};

use super::Parts;

/// A code that has just been drawn, on its way to a phone.
pub(super) struct FreshCode {
    id: CodeId,
    code: String,
}

/// Why no code was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoCode {
    /// Too many codes.
    #[error("too many codes")]
    Limited(Limited),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a code was not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    /// The gateway did not take it.
    #[error("the SMS gateway did not take it")]
    Sms(#[source] SmsError),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a guess did not count.
#[derive(Debug, thiserror::Error)]
pub(super) enum WrongGuess {
    /// Wrong, late, used, or tried too often: one and the same refusal.
    #[error("the code is wrong")]
    Wrong,
    /// Too many wrong codes.
    #[error("too many wrong codes")]
    Limited(Limited),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Parts {
    /// Draws a code and writes it within the limits, in a unit that the caller commits before it is sent.
    pub(super) async fn write_code(
        &self,
        owner: &CodeOwner,
        caller: &Caller,
    ) -> Result<(Unit, FreshCode), NoCode> {
        let id = CodeId::generate(&*self.clock, &*self.entropy);
        let code = draw_code(&*self.entropy);
        let now = self.clock.now();
        let unit = self.store.begin().await?;
        unit.hold_code_limits(owner).await?;
        let mut half = None;
        for limit in code_limits(&self.limits) {
            let usage = unit.code_usage(owner, &limit).await?;
            if let Err(limited) = limit.admit(usage, now) {
                drop(unit);
                self.note_limit(owner, limited.limit, caller).await?;
                return Err(NoCode::Limited(limited));
            }
            if limit.reaches_half(usage) {
                half = Some(limit.name);
            }
        }
        if let Some(limited) = self.locked(&unit, owner).await? {
            drop(unit);
            self.note_locked(owner, caller).await?;
            return Err(NoCode::Limited(limited));
        }
        unit.create_code(id, owner, &self.code_mac(owner, &code), now.plus(self.lifetimes.code)).await?;
        if let Some(limit) = half {
            unit.audit(limit_entry(owner, limit, "half"), caller);
        }
        let entry = Entry {
            organization: owner.organization,
            action: Action::CodeSent,
            actor: "phone".into(),
            subject: Some(id.to_string()),
            result: "ok",
        };
        unit.audit(entry, caller);
        Ok((unit, FreshCode { id, code }))
    }

    /// Sends a code that is written; `sender` is what the message names.
    pub(super) async fn deliver_code(
        &self,
        sender: &str,
        owner: &CodeOwner,
        fresh: &FreshCode,
    ) -> Result<(), NotSent> {
        let FreshCode { id, code } = fresh;
        let minutes = (self.lifetimes.code.as_secs() / 60).max(1).to_string();
        let text =
            self.sms_text.replace("{app}", sender).replace("{code}", code).replace("{minutes}", &minutes);
        let message = CodeMessage { id: &id.to_string(), phone: owner.phone.as_str(), code, text: &text };
        let sent = self.sms.send(&message).await;
        let outcome = if sent.is_ok() { "sent" } else { "failed" };
        metrics::counter!("menfang_sms_total", "provider" => self.sms.provider(), "outcome" => outcome)
            .increment(1);
        let Err(error) = sent else { return Ok(()) };
        tracing::warn!(code.id = %id, error = %error, "a verification code was not sent");
        if error != SmsError::Unavailable {
            // The gateway said no: nobody has it, so nobody may use it.
            let unit = self.store.begin().await?;
            unit.kill_code(*id).await?;
            unit.commit().await?;
        }
        Err(NotSent::Sms(error))
    }

    /// Counts a guess, then compares it; the right code is yet to be used up.
    pub(super) async fn guess_code(
        &self,
        owner: &CodeOwner,
        code: &str,
        caller: &Caller,
    ) -> Result<CodeId, WrongGuess> {
        let unit = self.store.begin().await?;
        unit.hold_code_limits(owner).await?;
        if let Some(limited) = self.locked(&unit, owner).await? {
            drop(unit);
            self.note_locked(owner, caller).await?;
            return Err(WrongGuess::Limited(limited));
        }
        let right = self.compare_code(&unit, owner, code).await?;
        if right.is_none() && self.worth_noting("code_failed", caller) {
            unit.audit(failed_entry(owner), caller);
        }
        unit.commit().await?;
        right.ok_or(WrongGuess::Wrong)
    }

    /// Counts a guess in a unit, then compares it; the caller commits, whatever came of it.
    pub(super) async fn compare_code(
        &self,
        unit: &Unit,
        owner: &CodeOwner,
        code: &str,
    ) -> Result<Option<CodeId>, StoreError> {
        let live = unit.count_guess(owner, self.limits.guesses_per_code).await?;
        let right =
            live.filter(|live| same_secret(live.mac.as_bytes(), self.code_mac(owner, code).as_bytes()));
        Ok(right.map(|live| live.id))
    }

    /// Whether it is the right code, without counting a guess: somebody who knows a phone could use up its guesses
    /// otherwise. Only for answers that give no right to anything.
    pub(super) async fn is_right_code(
        &self,
        unit: &Unit,
        owner: &CodeOwner,
        code: &str,
    ) -> Result<bool, StoreError> {
        let live = unit.peek_code(owner).await?;
        Ok(live.is_some_and(|live| same_secret(live.mac.as_bytes(), self.code_mac(owner, code).as_bytes())))
    }

    /// Whether too many wrong codes were typed for this phone in this app.
    pub(super) async fn locked(&self, unit: &Unit, owner: &CodeOwner) -> Result<Option<Limited>, StoreError> {
        let now = self.clock.now();
        let wrong = unit.wrong_guesses(owner, now.minus(DAY * 2)).await?;
        Ok(locked(&wrong, self.limits.wrong_guesses_per_phone_day, now))
    }

    async fn note_locked(&self, owner: &CodeOwner, caller: &Caller) -> Result<(), StoreError> {
        metrics::counter!("menfang_limit_hits_total", "limit" => "wrong_guesses_per_phone_day").increment(1);
        if !self.worth_noting("code_locked", caller) {
            return Ok(());
        }
        let unit = self.store.begin().await?;
        unit.audit(
            Entry {
                action: Action::CodeLocked,
                ..limit_entry(owner, "wrong_guesses_per_phone_day", "refused")
            },
            caller,
        );
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
        let unit = self.store.begin().await?;
        unit.audit(limit_entry(owner, limit, "refused"), caller);
        unit.commit().await
    }

    /// The keyed hash of a code: bound to visit, organization, app, openid and phone.
    fn code_mac(&self, owner: &CodeOwner, code: &str) -> String {
        hex(&self.signing.mac(
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

/// A line about a wrong code.
pub(super) fn failed_entry(owner: &CodeOwner) -> Entry {
    Entry {
        organization: owner.organization,
        action: Action::CodeFailed,
        actor: "phone".into(),
        subject: None,
        result: "wrong",
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
