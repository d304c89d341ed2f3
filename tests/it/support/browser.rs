//! The browser that waits.

use serde_json::Value;

use super::web::{Answer, Web};
use super::{Socket, TestServer};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// A browser on a computer.
pub(crate) struct Browser {
    pub(crate) web: Web,
    url: String,
}

/// A QR session as its browser got it.
#[derive(Clone, Debug)]
pub(crate) struct Qr {
    pub(crate) id: String,
    pub(crate) scan_url: String,
    pub(crate) body: Value,
}

impl Browser {
    pub(crate) fn new(server: &TestServer) -> Self {
        Self { web: Web::new(&server.http, FIREFOX), url: server.url.clone() }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) async fn start_qr(&self, slug: &str) -> Qr {
        let body = self.web.post(&self.at(&format!("/p/{slug}/qr")), &[]).await.expect(201).json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Qr { id: text("id"), scan_url: text("scan_url"), body }
    }

    pub(crate) async fn watch(&self, qr: &Qr) -> Socket {
        self.try_watch(&qr.id, &self.url).await.unwrap()
    }

    /// Opens a socket for any id, from a page of any origin; a refusal is its HTTP status.
    pub(crate) async fn try_watch(&self, id: &str, origin: &str) -> Result<Socket, u16> {
        let place = format!("{}/qr/{id}/ws", self.url);
        let cookies = self.web.cookies(&self.url.parse().unwrap());
        Socket::open(&place, origin, &cookies, self.web.address()).await
    }

    pub(crate) async fn poll(&self, qr: &Qr, query: &str) -> Answer {
        self.web.get_json(&self.at(&format!("/qr/{}{query}", qr.id))).await
    }

    pub(crate) async fn claim(&self, qr: &Qr) -> Answer {
        self.web.post(&self.at(qr.body["claim"].as_str().unwrap()), &[]).await
    }

    pub(crate) async fn me(&self, slug: &str) -> Answer {
        self.web.get_json(&self.at(&format!("/p/{slug}/me"))).await
    }

    pub(crate) async fn logout(&self, slug: &str) -> Answer {
        self.web.post(&self.at(&format!("/p/{slug}/logout")), &[]).await
    }
}
