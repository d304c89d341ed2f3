//! Service accounts; their secrets are sealed.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};

use entities::service_account;

use crate::domain::ids::{OrgId, ServiceAccountId};
use crate::domain::service_account::{PushMode, ServiceAccount};

use super::connect::{Store, Tools};
use super::error::{StoreError, inconsistent};
use super::unit::Unit;
use super::vault::Place;

const TABLE: &str = "service_accounts";

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
}

impl Unit {
    /// Binds a service account to its organization.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the organization has one, or the appid belongs to another organization.
    pub async fn bind_service_account(&self, account: &ServiceAccount) -> Result<(), StoreError> {
        let seal = |column, secret: &SecretString| {
            let place = Place { table: TABLE, column, row: &account.id, organization: account.organization };
            self.tools.vault.seal(&place, secret.expose_secret(), &*self.tools.entropy)
        };
        let previous = account.previous_encoding_aes_key.as_ref();
        let row = service_account::ActiveModel {
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
            created_at: Set(self.now().0),
            domain_file_name: Set(None),
            domain_file_text: Set(None),
            updated_at: Set(None),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }
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
        appid: row.appid,
        original_id: row.original_id,
    })
}
