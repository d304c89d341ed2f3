//! Consent: which terms a person has yet to accept, and writing down that they did.

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::external_user::ExternalUser;
use crate::domain::portal::{Portal, Terms};
use crate::store::{StoreError, Unit};

use super::SignIn;

impl SignIn {
    /// The terms that a person (or somebody who has no account yet) has to accept before coming in.
    pub(super) async fn terms_to_accept(
        &self,
        portal: &Portal,
        user: Option<&ExternalUser>,
    ) -> Result<Option<Terms>, StoreError> {
        let accepted = match user {
            Some(user) if portal.terms.is_some() => {
                self.parts.store.accepted_terms(portal.scope(), user.id).await?
            }
            _ => Vec::new(),
        };
        Ok(portal.terms_to_accept(&accepted).cloned())
    }

    /// Writes down that a person accepts the terms, in the unit of what that allows; false when they had before.
    pub(super) async fn accept(
        &self,
        unit: &Unit,
        user: &ExternalUser,
        terms: &Terms,
        caller: &Caller,
    ) -> Result<bool, StoreError> {
        let written = unit.accept_terms(user, &terms.version).await?;
        if written {
            let entry = Entry {
                organization: user.organization,
                action: Action::TermsAccepted,
                actor: user.id.to_string(),
                subject: Some(terms.version.clone()),
                result: "ok",
            };
            unit.audit(entry, caller);
        }
        Ok(written)
    }
}
