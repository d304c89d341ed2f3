//! What external users are placed in: a department, and a member who is their manager.

use menfang::domain::clock::Clock;
use menfang::domain::ids::{DepartmentId, MemberId, new_uuid};
use menfang::server::world::{OsEntropy, SystemClock};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, Database};

use super::TestServer;

impl TestServer {
    /// A department of the organization, by its id.
    pub(crate) async fn department(&self, name: &str) -> String {
        let id = new_uuid(&SystemClock, &OsEntropy);
        let row = entities::department::ActiveModel {
            id: Set(id),
            org_id: Set(self.organization.0),
            name: Set(name.into()),
            parent_id: Set(None),
            created_at: Set(SystemClock.now().0),
        };
        row.insert(&Database::connect(self.database_url()).await.unwrap()).await.unwrap();
        DepartmentId(id).to_string()
    }

    /// A member of the organization, by its id.
    pub(crate) async fn member(&self, name: &str) -> String {
        let id = new_uuid(&SystemClock, &OsEntropy);
        let row = entities::affiliation::ActiveModel {
            id: Set(id),
            org_id: Set(self.organization.0),
            kind: Set("member".into()),
            account_id: Set(None),
            phone_index: Set(name.into()),
            phone: Set(String::new()),
            name: Set(name.into()),
            status: Set("active".into()),
            department_id: Set(None),
            manager_id: Set(None),
            created_at: Set(SystemClock.now().0),
            updated_at: Set(SystemClock.now().0),
        };
        row.insert(&Database::connect(self.database_url()).await.unwrap()).await.unwrap();
        MemberId(id).to_string()
    }
}
