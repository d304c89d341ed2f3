//! Spreading a notification over its audience: who is in it, a page at a time.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use entities::{external_user, follower, role, wechat_binding};

use crate::domain::external_user::Status;
use crate::domain::ids::{DepartmentId, RoleId, UserId};
use crate::domain::notification::{Audience, Notification};
use crate::domain::service_account::ServiceAccount;

use super::error::{StoreError, inconsistent};
use super::locks::by_key_only;
use super::unit::Unit;

/// Rows in one statement: well below what every database takes as parameters.
const ROWS: usize = 500;

/// Somebody in an audience.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Which external user, where it is known.
    pub user: Option<UserId>,
    /// The person at the service account; none of a user without a WeChat identity here.
    pub openid: Option<String>,
}

/// Some people of an audience.
#[derive(Clone, Debug, Default)]
pub struct AudiencePage {
    /// Who.
    pub people: Vec<Recipient>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

impl Unit {
    /// The people of an audience behind a position, in an order that stays. Asked by the holder of the outbox: whoever is erased
    /// holds it, too, and is not in it any more or has a delivery to be ended.
    ///
    /// # Errors
    /// The database is away, or the audience makes no sense.
    pub async fn audience(
        &self,
        notification: &Notification,
        account: &ServiceAccount,
        limit: usize,
    ) -> Result<AudiencePage, StoreError> {
        let behind = notification.position.as_deref();
        match &notification.audience {
            Audience::Users(ids) => {
                let (page, next) = cut(ids, behind, limit);
                let users: Vec<UserId> = page.iter().filter_map(|id| id.parse().ok()).collect();
                Ok(AudiencePage { people: self.reachable(notification, account, &users).await?, next })
            }
            Audience::Openids(openids) => {
                let (page, next) = cut(openids, behind, limit);
                Ok(AudiencePage { people: self.known(notification, account, page.to_vec()).await?, next })
            }
            Audience::Followers(_) => self.followers_page(notification, account, limit).await,
            Audience::All(_) => self.users_page(notification, account, limit, |users| users).await,
            Audience::Role(role) => {
                let Some(name) = self.role_name(notification, role).await? else {
                    return Ok(AudiencePage::default());
                };
                let with_role = |users: Select<_>| users.filter(external_user::Column::Role.eq(name));
                self.users_page(notification, account, limit, with_role).await
            }
            Audience::Department(department) => {
                let department: DepartmentId = id_of(notification, department)?;
                let inside =
                    |users: Select<_>| users.filter(external_user::Column::DepartmentId.eq(department.0));
                self.users_page(notification, account, limit, inside).await
            }
            Audience::Members(_) => Ok(AudiencePage::default()),
        }
    }

    /// External users have their role by its name, which may have changed since the order.
    async fn role_name(&self, notification: &Notification, id: &str) -> Result<Option<String>, StoreError> {
        let id: RoleId = id_of(notification, id)?;
        let role = role::Entity::find_by_id(id.0)
            .filter(role::Column::AppId.eq(notification.app.0))
            .one(&self.tx)
            .await?;
        Ok(role.map(|role| role.name))
    }

    async fn users_page(
        &self,
        notification: &Notification,
        account: &ServiceAccount,
        limit: usize,
        narrow: impl FnOnce(Select<external_user::Entity>) -> Select<external_user::Entity>,
    ) -> Result<AudiencePage, StoreError> {
        use external_user::Column;
        let users = external_user::Entity::find()
            .filter(Column::OrgId.eq(notification.organization.0))
            .filter(Column::AppId.eq(notification.app.0))
            .filter(Column::Status.eq(Status::Active.name()))
            .filter(Column::Id.gt(behind_row(notification)?));
        let ids: Vec<Uuid> = narrow(users)
            .select_only()
            .column(Column::Id)
            .order_by_asc(Column::Id)
            .limit(limit as u64)
            .into_tuple()
            .all(&self.tx)
            .await?;
        let next = ids.last().filter(|_| ids.len() == limit).map(ToString::to_string);
        let users: Vec<UserId> = ids.into_iter().map(UserId).collect();
        Ok(AudiencePage { people: self.reachable(notification, account, &users).await?, next })
    }

    async fn followers_page(
        &self,
        notification: &Notification,
        account: &ServiceAccount,
        limit: usize,
    ) -> Result<AudiencePage, StoreError> {
        use follower::Column;
        let (app, appid) = (notification.app.0, account.appid.clone());
        let their_users = follower::Entity::belongs_to(wechat_binding::Entity)
            .from(Column::Openid)
            .to(wechat_binding::Column::Openid)
            .on_condition(move |_, bound| {
                let bound = |column| Expr::col((bound.clone(), column));
                Condition::all()
                    .add(bound(wechat_binding::Column::AppId).eq(app))
                    .add(bound(wechat_binding::Column::Appid).eq(appid.as_str()))
            });
        let rows: Vec<(Uuid, String, Option<Uuid>)> = follower::Entity::find()
            .join(JoinType::LeftJoin, their_users.into())
            .select_only()
            .columns([Column::Id, Column::Openid])
            .column(wechat_binding::Column::UserId)
            .filter(Column::ServiceAccountId.eq(account.id.0))
            .filter(Column::Follows.eq(true))
            .filter(Column::Id.gt(behind_row(notification)?))
            .order_by_asc(Column::Id)
            .limit(limit as u64)
            .into_tuple()
            .all(&self.tx)
            .await?;
        let next = rows.last().filter(|_| rows.len() == limit).map(|(id, ..)| id.to_string());
        let recipient = |(_, openid, user): (Uuid, String, Option<Uuid>)| Recipient {
            user: user.map(UserId),
            openid: Some(openid),
        };
        Ok(AudiencePage { people: rows.into_iter().map(recipient).collect(), next })
    }

    /// The WeChat identities of users; of one who is not active, or not there any more, none.
    async fn reachable(
        &self,
        notification: &Notification,
        account: &ServiceAccount,
        users: &[UserId],
    ) -> Result<Vec<Recipient>, StoreError> {
        use wechat_binding::Column;
        let mut openids: HashMap<Uuid, String> = HashMap::new();
        for some in users.chunks(ROWS) {
            let ids = some.iter().map(|user| user.0);
            let active: HashSet<Uuid> = external_user::Entity::find()
                .select_only()
                .column(external_user::Column::Id)
                .filter(external_user::Column::Id.is_in(ids.clone()))
                .filter(external_user::Column::AppId.eq(notification.app.0))
                .filter(external_user::Column::Status.eq(Status::Active.name()))
                .into_tuple()
                .all(&self.tx)
                .await?
                .into_iter()
                .collect();
            let bound: Vec<(Uuid, String)> = wechat_binding::Entity::find()
                .select_only()
                .columns([Column::UserId, Column::Openid])
                .filter(Column::OrgId.eq(notification.organization.0))
                .filter(Column::Appid.eq(account.appid.as_str()))
                .filter(Column::UserId.is_in(ids))
                .into_tuple()
                .all(&self.tx)
                .await?;
            openids.extend(bound.into_iter().filter(|(user, _)| active.contains(user)));
        }
        let recipient = |user: &UserId| Recipient { user: Some(*user), openid: openids.remove(&user.0) };
        Ok(users.iter().map(recipient).collect())
    }

    /// People at the service account, and which users of the app they are.
    async fn known(
        &self,
        notification: &Notification,
        account: &ServiceAccount,
        openids: Vec<String>,
    ) -> Result<Vec<Recipient>, StoreError> {
        use wechat_binding::Column;
        let mut users: HashMap<String, Uuid> = HashMap::new();
        for some in openids.chunks(ROWS) {
            let bound: Vec<(String, Uuid)> = wechat_binding::Entity::find()
                .select_only()
                .columns([Column::Openid, Column::UserId])
                .filter(Column::OrgId.eq(notification.organization.0))
                .filter(Column::AppId.eq(notification.app.0))
                .filter(Column::Appid.eq(account.appid.as_str()))
                .filter(Column::Openid.is_in(some.iter().map(String::as_str)))
                .into_tuple()
                .all(&self.tx)
                .await?;
            users.extend(bound);
        }
        let recipient = |openid: String| Recipient {
            user: users.get(&openid).copied().map(UserId),
            openid: Some(openid),
        };
        Ok(openids.into_iter().map(recipient).collect())
    }
}

impl Unit {
    /// Those of these users who are active and still have this openid at the service account.
    ///
    /// # Errors
    /// The database is away.
    pub async fn still_reachable(
        &self,
        account: &ServiceAccount,
        users: &[(UserId, &str)],
    ) -> Result<HashSet<UserId>, StoreError> {
        if users.is_empty() {
            return Ok(HashSet::new());
        }
        let ids = || users.iter().map(|(user, _)| user.0);
        let active: HashSet<Uuid> = external_user::Entity::find()
            .select_only()
            .column(external_user::Column::Id)
            .filter(external_user::Column::Id.is_in(ids()))
            .filter(external_user::Column::Status.eq(Status::Active.name()))
            .into_tuple()
            .all(&self.tx)
            .await?
            .into_iter()
            .collect();
        let bound: HashSet<(Uuid, String)> = wechat_binding::Entity::find()
            .select_only()
            .columns([wechat_binding::Column::UserId, wechat_binding::Column::Openid])
            .filter(wechat_binding::Column::UserId.is_in(ids()))
            .filter(wechat_binding::Column::Appid.eq(account.appid.as_str()))
            .into_tuple()
            .all(&self.tx)
            .await?
            .into_iter()
            .collect();
        let is_so = |(user, openid): &&(UserId, &str)| {
            active.contains(&user.0) && bound.contains(&(user.0, (*openid).to_owned()))
        };
        Ok(users.iter().filter(is_so).map(|(user, _)| *user).collect())
    }

    /// Those of whom it is known that they do not follow.
    ///
    /// # Errors
    /// The database is away.
    pub async fn known_away(
        &self,
        account: crate::domain::ids::ServiceAccountId,
        openids: Vec<&str>,
    ) -> Result<HashSet<String>, StoreError> {
        if openids.is_empty() {
            return Ok(HashSet::new());
        }
        let away: Vec<String> = follower::Entity::find()
            .select_only()
            .column(follower::Column::Openid)
            .filter(follower::Column::ServiceAccountId.eq(account.0))
            .filter(follower::Column::Openid.is_in(openids))
            .filter(by_key_only(follower::Column::Follows, false))
            .into_tuple()
            .all(&self.tx)
            .await?;
        Ok(away.into_iter().collect())
    }
}

/// The part of a list behind a position, and the next position.
fn cut<'l, T>(list: &'l [T], behind: Option<&str>, limit: usize) -> (&'l [T], Option<String>) {
    let from = behind.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0).min(list.len());
    let to = (from + limit).min(list.len());
    (&list[from..to], (to < list.len()).then(|| to.to_string()))
}

fn id_of<I: std::str::FromStr>(notification: &Notification, text: &str) -> Result<I, StoreError> {
    text.parse().map_err(|_| inconsistent("notifications", "audience", notification.id))
}

fn behind_row(notification: &Notification) -> Result<Uuid, StoreError> {
    match &notification.position {
        None => Ok(Uuid::nil()),
        Some(text) => text.parse().map_err(|_| inconsistent("notifications", "position", notification.id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_into_pages_that_meet() {
        let list = [1, 2, 3, 4, 5];
        let (first, next) = cut(&list, None, 2);
        assert_eq!((first, next.as_deref()), (&list[..2], Some("2")));
        let (second, next) = cut(&list, next.as_deref(), 2);
        assert_eq!((second, next.as_deref()), (&list[2..4], Some("4")));
        assert_eq!(cut(&list, next.as_deref(), 2), (&list[4..], None));
        assert_eq!(cut(&list, Some("9"), 2), (&list[5..], None));
    }
}
