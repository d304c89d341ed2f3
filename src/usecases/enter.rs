//! Coming in on the phone itself, by a menu link: after accepting terms, or once the organization has let the person in.

use crate::domain::audit::{Caller, Entry};
use crate::domain::login::LoginKind;
use crate::domain::phone_visit::Ending;
use crate::store::StoreError;

use super::SignIn;
use super::decide::{DECISION_COMMIT, DecideError, No};
use super::logins::{Granted, hold_person};
use super::phone_steps::PhoneView;

impl SignIn {
    /// Signs the person in on this phone, with the terms that this post accepts; none when another request was first, or
    /// when this visit has had its login.
    pub(super) async fn enter(
        &self,
        view: &PhoneView,
        caller: &Caller,
    ) -> Result<Option<Granted>, DecideError> {
        let Some(user) = &view.user else { return Ok(None) };
        let unit = self.parts.store.begin().await?.within(DECISION_COMMIT);
        let user = hold_person(&unit, &view.portal, user.id, view.openid()).await?;
        let Some(user) = user else { return Ok(None) };
        if let Err(refusal) = view.portal.admit(Some((user.id, user.status))) {
            drop(unit);
            self.turn_away(view, refusal, caller).await?;
            return Err(DecideError::Refused(refusal));
        }
        if !user.may_sign_in() {
            return Ok(None);
        }
        if let Some(terms) = &view.terms
            && !self.accept(&unit, &user, terms, caller).await?
        {
            return Ok(None);
        }
        let granted = self.grant(&unit, &view.portal, user.id, LoginKind::WeChat, caller).await?;
        match unit.set_visit_login(view.visit.id, granted.login).await {
            Ok(None) => {}
            // New terms were published while this phone was signed in: the new login takes the place of the old one.
            Ok(Some(replaced)) if view.terms.is_some() => {
                unit.end_login(replaced).await?;
            }
            Ok(Some(_)) | Err(StoreError::Conflict) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        unit.commit().await?;
        Ok(Some(granted))
    }

    /// Ends a menu visit whose person does not accept the terms; without effect when they were accepted first.
    pub(super) async fn stay_out(&self, view: &PhoneView, no: No, caller: &Caller) -> Result<(), StoreError> {
        let unit = self.parts.store.begin().await?.within(DECISION_COMMIT);
        let first = unit.end_visit(view.visit.id, Ending::Denied).await?;
        let accepted = match (&view.user, &view.terms) {
            (Some(user), Some(terms)) => unit.has_accepted(user.id, &terms.version).await?,
            _ => false,
        };
        if !first || accepted {
            return Ok(());
        }
        let entry = Entry {
            organization: view.portal.organization,
            action: no.action(),
            actor: view.user.as_ref().map_or_else(|| "phone".into(), |user| user.id.to_string()),
            subject: None,
            result: "ok",
        };
        unit.audit(entry, caller);
        unit.commit().await
    }
}
