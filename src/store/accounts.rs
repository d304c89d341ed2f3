//! Platform accounts: found by their phone in all of the platform, for they are of no organization by themselves.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use entities::{account, external_user};

use crate::domain::account::Account;
use crate::domain::clock::Millis;
use crate::domain::ids::{AccountId, OrgId};
use crate::domain::phone_number::PhoneNumber;

use super::connect::{Store, Tools};
use super::error::StoreError;
use super::unit::Unit;
use super::vault::Place;

/// An account with what its password is checked against.
#[derive(Clone)]
pub struct AccountWithPassword {
    /// The account.
    pub account: Account,
    /// The password's hash, if it has one.
    pub password_hash: Option<String>,
}

impl Store {
    /// An account.
    ///
    /// # Errors
    /// The database is away, or the phone does not open.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = account::Entity::find_by_id(id.0).one(&self.readers).await?;
        row.map(|row| read(&self.tools, row).map(|found| found.account)).transpose()
    }

    /// The account of a phone.
    ///
    /// # Errors
    /// The database is away, or the phone does not open.
    pub async fn account_of_phone(
        &self,
        phone: &PhoneNumber,
    ) -> Result<Option<AccountWithPassword>, StoreError> {
        of_phone(&self.readers, &self.tools, phone).await
    }
}

impl Unit {
    /// The account of a phone, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or the phone does not open.
    pub async fn account_of_phone(&self, phone: &PhoneNumber) -> Result<Option<Account>, StoreError> {
        Ok(of_phone(&self.tx, &self.tools, phone).await?.map(|found| found.account))
    }

    /// Whether a phone is that of an external user in any app.
    ///
    /// # Errors
    /// The database is away.
    pub async fn is_external_user(&self, phone: &PhoneNumber) -> Result<bool, StoreError> {
        let row = external_user::Entity::find()
            .filter(external_user::Column::PhoneIndex.eq(self.tools.vault.phone_index(phone)))
            .one(&self.tx)
            .await?;
        Ok(row.is_some())
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the phone has one.
    pub async fn create_account(&self, new: &Account, password_hash: &str) -> Result<(), StoreError> {
        let sealed = self.tools.vault.seal(&place(&new.id), new.phone.as_str(), &*self.tools.entropy)?;
        let row = account::ActiveModel {
            id: Set(new.id.0),
            phone_index: Set(self.tools.vault.phone_index(&new.phone)),
            phone: Set(sealed),
            name: Set(new.name.clone()),
            password_hash: Set(Some(password_hash.into())),
            enabled: Set(new.enabled),
            created_at: Set(new.created_at.0),
            updated_at: Set(new.created_at.0),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }
}

async fn of_phone<C: ConnectionTrait>(
    db: &C,
    tools: &Tools,
    phone: &PhoneNumber,
) -> Result<Option<AccountWithPassword>, StoreError> {
    let row = account::Entity::find()
        .filter(account::Column::PhoneIndex.eq(tools.vault.phone_index(phone)))
        .one(db)
        .await?;
    row.map(|row| read(tools, row)).transpose()
}

fn read(tools: &Tools, row: account::Model) -> Result<AccountWithPassword, StoreError> {
    let id = AccountId(row.id);
    let account = Account {
        id,
        phone: PhoneNumber::from_stored(tools.vault.open(&place(&id), &row.phone)?),
        name: row.name,
        enabled: row.enabled,
        created_at: Millis(row.created_at),
    };
    Ok(AccountWithPassword { account, password_hash: row.password_hash })
}

/// Accounts are of no organization: their phones are sealed under the nil id.
pub(super) fn place(id: &AccountId) -> Place<'_, AccountId> {
    Place { table: "accounts", column: "phone", row: id, organization: OrgId(Uuid::nil()) }
}
