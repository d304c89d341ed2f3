//! What external users are placed in: a department, and a member who is their manager.

use serde_json::json;

use super::TestServer;

impl TestServer {
    /// A department of the organization, by its id.
    pub(crate) async fn department(&self, name: &str) -> String {
        let place = format!("{}/departments", self.org());
        let made = self.own_backend().post(&place, json!({"name": name})).await.expect(201).json();
        made["id"].as_str().unwrap().to_owned()
    }

    /// A member of the organization, by its id.
    pub(crate) async fn member(&self, name: &str) -> String {
        let place = format!("{}/members", self.org());
        let invited = json!({"phone": self.fresh_number(), "name": name});
        let invited = self.own_backend().post(&place, invited).await.expect(201).json();
        invited["id"].as_str().unwrap().to_owned()
    }
}
