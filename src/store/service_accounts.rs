//! Service accounts; their secrets are sealed.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QuerySelect, QueryTrait,
};
use secrecy::{ExposeSecret, SecretString};

use entities::{external_user, follower, follower_import, service_account, wechat_binding};

use crate::domain::clock::Millis;
use crate::domain::ids::{OrgId, ServiceAccountId};
use crate::domain::scope::OrgScope;
use crate::domain::service_account::{DomainFile, PushMode, Reach, ServiceAccount};

use super::connect::{Store, Tools};
use super::error::{StoreError, inconsistent};
use super::external_users::FREED;
use super::unit::Unit;
use super::vault::Place;

const TABLE: &str = "service_accounts";

/// Followers removed in one unit.
const PAGE: u64 = 5_000;

impl Store {
    /// The service account of an organization.
    ///
    /// # Errors
    /// The database is away, or a secret does not open.
    pub async fn service_account_of(
        &self,
        organization: OrgId,
    ) -> Result<Option<ServiceAccount>, StoreError> {
        let row = service_account::Entity::find()
            .filter(service_account::Column::OrgId.eq(organization.0))
            .one(&self.readers)
            .await?;
        row.map(|row| open(&self.tools, row)).transpose()
    }

    /// The service account that a path names; the path chooses the organization, nothing in a body does.
    ///
    /// # Errors
    /// The database is away, or a secret does not open.
    pub async fn service_account_by_appid(&self, appid: &str) -> Result<Option<ServiceAccount>, StoreError> {
        let row = service_account::Entity::find()
            .filter(service_account::Column::Appid.eq(appid))
            .one(&self.readers)
            .await?;
        row.map(|row| open(&self.tools, row)).transpose()
    }

    /// Every service account of this installation, for the doctor.
    ///
    /// # Errors
    /// The database is away, or a secret does not open.
    pub async fn all_service_accounts(&self) -> Result<Vec<ServiceAccount>, StoreError> {
        let rows = service_account::Entity::find().all(&self.readers).await?;
        rows.into_iter().map(|row| open(&self.tools, row)).collect()
    }

    /// The file of this name, and whose it is.
    ///
    /// # Errors
    /// The database is away.
    pub async fn domain_file(&self, name: &str) -> Result<Option<(OrgId, DomainFile)>, StoreError> {
        let row = service_account::Entity::find()
            .filter(service_account::Column::DomainFileName.eq(name))
            .one(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let organization = OrgId(row.org_id);
        Ok(domain_file(&row)?.map(|file| (organization, file)))
    }

    /// How many people the scope's account reaches.
    ///
    /// # Errors
    /// The database is away.
    pub async fn reach(&self, scope: OrgScope, account: &ServiceAccount) -> Result<Reach, StoreError> {
        reach(&self.readers, scope, account).await
    }
}

impl Unit {
    /// The service account of the scope's organization, held until this unit ends.
    ///
    /// # Errors
    /// The database is away, or a secret does not open.
    pub async fn service_account(&self, scope: OrgScope) -> Result<Option<ServiceAccount>, StoreError> {
        let row = service_account::Entity::find()
            .filter(service_account::Column::OrgId.eq(scope.organization().0))
            .lock_exclusive()
            .one(&self.tx)
            .await?;
        row.map(|row| open(&self.tools, row)).transpose()
    }

    /// The id and the appid of the account that is bound to the scope's organization; it stays so until this unit ends.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bound_account(
        &self,
        scope: OrgScope,
    ) -> Result<Option<(ServiceAccountId, String)>, StoreError> {
        let row = service_account::Entity::find()
            .filter(service_account::Column::OrgId.eq(scope.organization().0))
            .lock_shared()
            .one(&self.tx)
            .await?;
        Ok(row.map(|row| (ServiceAccountId(row.id), row.appid)))
    }

    /// How many people the scope's account reaches, as this unit sees it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn reach(&self, scope: OrgScope, account: &ServiceAccount) -> Result<Reach, StoreError> {
        reach(&self.tx, scope, account).await
    }

    /// Binds a service account to its organization.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the organization has one, or appid or domain file are another organization's.
    pub async fn bind_service_account(&self, account: &ServiceAccount) -> Result<(), StoreError> {
        self.touches_recent();
        self.sealed_account(account)?.insert(&self.tx).await?;
        Ok(())
    }

    /// Writes a bound service account anew, which this unit holds.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the domain file is another organization's.
    pub async fn set_service_account(&self, account: &ServiceAccount) -> Result<(), StoreError> {
        self.touches_recent();
        self.sealed_account(account)?.update(&self.tx).await?;
        Ok(())
    }

    /// Removes a page of an account's followers; true when there may be more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forget_followers(&self, account: ServiceAccountId) -> Result<bool, StoreError> {
        let page: Vec<uuid::Uuid> = follower::Entity::find()
            .select_only()
            .column(follower::Column::Id)
            .filter(follower::Column::ServiceAccountId.eq(account.0))
            .limit(PAGE)
            .into_tuple()
            .all(&self.tx)
            .await?;
        let full = page.len() as u64 == PAGE;
        follower::Entity::delete_many().filter(follower::Column::Id.is_in(page)).exec(&self.tx).await?;
        Ok(full)
    }

    /// Takes an account from its organization, with what was known by it: followers, imports, templates, and whose WeChat is whose.
    ///
    /// # Errors
    /// The database refused.
    pub async fn unbind_service_account(
        &self,
        scope: OrgScope,
        account: &ServiceAccount,
    ) -> Result<(), StoreError> {
        let (id, organization) = (account.id.0, scope.organization().0);
        self.touches_recent();
        wechat_binding::Entity::delete_many()
            .filter(wechat_binding::Column::OrgId.eq(organization))
            .filter(wechat_binding::Column::Appid.eq(account.appid.as_str()))
            .exec(&self.tx)
            .await?;
        follower::Entity::delete_many()
            .filter(follower::Column::ServiceAccountId.eq(id))
            .exec(&self.tx)
            .await?;
        follower_import::Entity::delete_many()
            .filter(follower_import::Column::ServiceAccountId.eq(id))
            .exec(&self.tx)
            .await?;
        self.forget_templates(account.id).await?;
        self.forget_follow_codes(account.id).await?;
        service_account::Entity::delete_by_id(id)
            .filter(service_account::Column::OrgId.eq(organization))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    fn sealed_account(&self, account: &ServiceAccount) -> Result<service_account::ActiveModel, StoreError> {
        let seal = |column, secret: &SecretString| {
            let place = Place { table: TABLE, column, row: &account.id, organization: account.organization };
            self.tools.vault.seal(&place, secret.expose_secret(), &*self.tools.entropy)
        };
        let previous = account.previous_encoding_aes_key.as_ref();
        let file = account.domain_file.as_ref();
        Ok(service_account::ActiveModel {
            id: Set(account.id.0),
            org_id: Set(account.organization.0),
            appid: Set(account.appid.clone()),
            secret: Set(seal("secret", &account.secret)?),
            token: Set(seal("token", &account.token)?),
            encoding_aes_key: Set(seal("encoding_aes_key", &account.encoding_aes_key)?),
            previous_encoding_aes_key: Set(previous
                .map(|key| seal("previous_encoding_aes_key", key))
                .transpose()?),
            mode: Set(account.mode.name().into()),
            original_id: Set(account.original_id.clone()),
            created_at: Set(account.created_at.0),
            domain_file_name: Set(file.map(|file| file.name().to_owned())),
            domain_file_text: Set(file.map(|file| file.text().to_owned())),
            updated_at: Set(Some(account.updated_at.0)),
        })
    }
}

async fn reach<C: ConnectionTrait>(
    db: &C,
    scope: OrgScope,
    account: &ServiceAccount,
) -> Result<Reach, StoreError> {
    let bindings = wechat_binding::Entity::find()
        .filter(wechat_binding::Column::OrgId.eq(scope.organization().0))
        .filter(wechat_binding::Column::Appid.eq(account.appid.as_str()))
        .count(db)
        .await?;
    let of_account = wechat_binding::Entity::find()
        .select_only()
        .column(wechat_binding::Column::UserId)
        .filter(wechat_binding::Column::OrgId.eq(scope.organization().0))
        .filter(wechat_binding::Column::Appid.eq(account.appid.as_str()));
    let only_by_wechat = external_user::Entity::find()
        .filter(external_user::Column::OrgId.eq(scope.organization().0))
        .filter(external_user::Column::PhoneIndex.starts_with(FREED))
        .filter(external_user::Column::Id.in_subquery(of_account.into_query()))
        .count(db)
        .await?;
    let followers = follower::Entity::find()
        .filter(follower::Column::ServiceAccountId.eq(account.id.0))
        .filter(follower::Column::Follows.eq(true))
        .count(db)
        .await?;
    Ok(Reach { bindings, only_by_wechat, followers })
}

fn domain_file(row: &service_account::Model) -> Result<Option<DomainFile>, StoreError> {
    let Some((name, text)) = row.domain_file_name.as_deref().zip(row.domain_file_text.as_deref()) else {
        return Ok(None);
    };
    let file = DomainFile::new(name, text);
    file.map(Some).map_err(|_| inconsistent(TABLE, "domain_file_name", ServiceAccountId(row.id)))
}

fn open(tools: &Tools, row: service_account::Model) -> Result<ServiceAccount, StoreError> {
    let (id, organization) = (ServiceAccountId(row.id), OrgId(row.org_id));
    let open = |column, sealed: &str| {
        let place = Place { table: TABLE, column, row: &id, organization };
        tools.vault.open(&place, sealed).map(SecretString::from)
    };
    Ok(ServiceAccount {
        id,
        organization,
        secret: open("secret", &row.secret)?,
        token: open("token", &row.token)?,
        encoding_aes_key: open("encoding_aes_key", &row.encoding_aes_key)?,
        previous_encoding_aes_key: row
            .previous_encoding_aes_key
            .as_deref()
            .map(|sealed| open("previous_encoding_aes_key", sealed))
            .transpose()?,
        mode: PushMode::from_name(&row.mode).ok_or_else(|| inconsistent(TABLE, "mode", id))?,
        domain_file: domain_file(&row)?,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at.unwrap_or(row.created_at)),
        appid: row.appid,
        original_id: row.original_id,
    })
}
