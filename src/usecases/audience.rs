//! The audience of an order: whether those whom it names are there, and whether it reaches anybody.

use std::str::FromStr;

use crate::domain::affiliation::AffiliationId;
use crate::domain::ids::{AccountId, AppId, CollaboratorId, DepartmentId, MemberId, RoleId, UserId};
use crate::domain::naming::Named;
use crate::domain::notification::Audience;
use crate::domain::order::Draft;
use crate::domain::scope::OrgScope;
use crate::domain::service_account::ServiceAccount;
use crate::store::Page;
use crate::store::audiences::{Group, InboxOwner};
use crate::store::followers::Wanted;

use super::administration::{Administration, ChangeError, Conflict};

/// Most external users that a refusal names.
const MOST_NAMED: usize = 20;

/// How well recipients are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// Whether there is one; of many the number may be too low.
    Whether,
    /// All of them.
    All,
}

/// An audience that is there.
#[derive(Debug)]
pub(super) struct FoundAudience {
    /// The same, with ids in the place of names.
    pub(super) audience: Audience,
    /// How many people are in it.
    pub(super) recipients: u64,
}

/// Where it is looked for.
#[derive(Clone, Copy)]
pub(super) struct Where<'a> {
    pub(super) scope: OrgScope,
    pub(super) app: AppId,
    /// By which account messages go out; none for inboxes.
    pub(super) account: Option<&'a ServiceAccount>,
}

impl Administration {
    /// Finds those whom an order names.
    ///
    /// # Errors
    /// Somebody who is named is not there, or external users were to be reached by an inbox, or there is nobody.
    pub(super) async fn find_audience(
        &self,
        place: Where<'_>,
        draft: &Draft,
        counting: Counting,
    ) -> Result<FoundAudience, ChangeError> {
        let found = match &draft.audience {
            Audience::Users(ids) if place.account.is_some() => {
                self.named_users(place, ids).await?;
                FoundAudience { audience: draft.audience.clone(), recipients: ids.len() as u64 }
            }
            Audience::Users(ids) => {
                self.named_inboxes(place, ids).await?;
                FoundAudience { audience: draft.audience.clone(), recipients: ids.len() as u64 }
            }
            Audience::Openids(openids) => {
                FoundAudience { audience: draft.audience.clone(), recipients: openids.len() as u64 }
            }
            Audience::Followers(_) => {
                let recipients = self.followers(place, counting).await?;
                FoundAudience { audience: draft.audience.clone(), recipients }
            }
            Audience::Members(_) => {
                let recipients = self.parts.store.count_members_with_inbox(place.scope).await?;
                FoundAudience { audience: draft.audience.clone(), recipients }
            }
            Audience::Role(_) | Audience::Department(_) | Audience::All(_) => {
                let (audience, group) = self.group(place, &draft.audience).await?;
                FoundAudience { audience, recipients: self.people(place, &group, counting).await? }
            }
        };
        if found.recipients == 0 {
            return Err(ChangeError::invalid("audience", "there is nobody in it"));
        }
        Ok(found)
    }

    /// Every id is that of an external user of the app; what is unknown and what is another's are the same.
    async fn named_users(&self, place: Where<'_>, ids: &[String]) -> Result<(), ChangeError> {
        let unknown = |at: usize| invalid_user(at, "must be an external user of this app");
        let read: Vec<UserId> = ids
            .iter()
            .enumerate()
            .map(|(at, id)| id.parse().map_err(|_| unknown(at)))
            .collect::<Result<_, _>>()?;
        let there = self.parts.store.users_of_app(place.scope, place.app, &read).await?;
        read.iter().position(|id| !there.contains(id)).map_or(Ok(()), |at| Err(unknown(at)))
    }

    /// Every id is that of somebody here who has an inbox.
    async fn named_inboxes(&self, place: Where<'_>, ids: &[String]) -> Result<(), ChangeError> {
        let external: Vec<UserId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let there = self.parts.store.users_of_app(place.scope, place.app, &external).await?;
        unreachable(external.into_iter().filter(|user| there.contains(user)).collect())?;
        let unknown = |at: usize| {
            invalid_user(
                at,
                "must be a member, a collaborator or an account of this organization who has joined it",
            )
        };
        let named = |(at, id): (usize, &String)| inbox_owner(id).ok_or_else(|| unknown(at));
        let named: Vec<_> = ids.iter().enumerate().map(named).collect::<Result<_, _>>()?;
        let there = self.parts.store.inbox_owners(place.scope, &named).await?;
        named.iter().position(|one| !there.contains(one)).map_or(Ok(()), |at| Err(unknown(at)))
    }

    async fn followers(&self, place: Where<'_>, counting: Counting) -> Result<u64, ChangeError> {
        let Some(account) = place.account else { return Ok(0) };
        let following = Wanted { follows: Some(true), ..Wanted::default() };
        let store = &self.parts.store;
        Ok(match counting {
            Counting::All => store.count_followers(place.scope, account, &following).await?,
            Counting::Whether => {
                store.followers(place.scope, account, &following, Page::first(1)).await?.items.len() as u64
            }
        })
    }

    /// The people whom an audience means by what they have in common; roles and departments may be named.
    async fn group(&self, place: Where<'_>, audience: &Audience) -> Result<(Audience, Group), ChangeError> {
        let store = &self.parts.store;
        match audience {
            Audience::Role(text) => {
                let role = store.role(place.app, &Named::<RoleId>::read(text)).await?;
                let role =
                    role.ok_or_else(|| ChangeError::invalid("audience.role", "must be a role of this app"))?;
                Ok((Audience::Role(role.id.to_string()), Group::Role(role)))
            }
            Audience::Department(text) => {
                let named = Named::<DepartmentId>::read(text);
                let department = store.department_by(place.scope, &named).await?;
                let unknown = || {
                    ChangeError::invalid("audience.department", "must be a department of this organization")
                };
                let department = department.ok_or_else(unknown)?;
                Ok((Audience::Department(department.to_string()), Group::Department(department)))
            }
            all => Ok((all.clone(), Group::Everybody)),
        }
    }

    async fn people(
        &self,
        Where { scope, app, account }: Where<'_>,
        group: &Group,
        counting: Counting,
    ) -> Result<u64, ChangeError> {
        let store = &self.parts.store;
        match (account, counting) {
            (Some(_), Counting::All) => Ok(store.count_active_users(scope, app, group).await?),
            (Some(_), Counting::Whether) => {
                Ok(store.some_active_users(scope, app, group, 1).await?.len() as u64)
            }
            (None, _) => {
                unreachable(store.some_active_users(scope, app, group, MOST_NAMED as u64).await?)?;
                Ok(store.count_inbox_owners(scope, app, group).await?)
            }
        }
    }
}

fn invalid_user(at: usize, rule: &str) -> ChangeError {
    ChangeError::invalid(format!("audience.users[{at}]"), rule)
}

/// Refuses external users where only inboxes are written to.
fn unreachable(mut users: Vec<UserId>) -> Result<(), ChangeError> {
    users.truncate(MOST_NAMED);
    if users.is_empty() { Ok(()) } else { Err(Conflict::ExternalUsersNotReachable(users).into()) }
}

fn inbox_owner(id: &str) -> Option<InboxOwner> {
    fn read<I: FromStr>(id: &str) -> Option<I> {
        id.parse().ok()
    }
    read::<MemberId>(id)
        .map(AffiliationId::Member)
        .or_else(|| read::<CollaboratorId>(id).map(AffiliationId::Collaborator))
        .map(InboxOwner::Affiliation)
        .or_else(|| read::<AccountId>(id).map(InboxOwner::Account))
}
