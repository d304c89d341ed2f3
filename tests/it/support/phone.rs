//! A person with a phone, inside WeChat.

use serde_json::{Value, json};

use super::web::{Answer, Web};
use super::{Qr, TestServer};

const WECHAT: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
                      Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50 Language/zh_CN";

/// A person of the sandbox.
pub(crate) struct Phone {
    pub(crate) web: Web,
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) openid: String,
    url: String,
}

impl Phone {
    pub(crate) async fn new(server: &TestServer, nickname: &str) -> Self {
        let person = server.sandbox_post("/sandbox/people", &json!({"nickname": nickname})).await;
        let id = person["id"].as_str().unwrap().to_owned();
        let openid = person["openids"][super::server::APPID].as_str().unwrap_or_default().to_owned();
        let web = Web::new(&server.http, WECHAT);
        web.set_cookie(server.sandbox_url(), "sandbox_person", &id);
        Self { web, id, number: server.fresh_number(), openid, url: server.url.clone() }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// From a link to WeChat's page and back, up to where WeChat sends this phone to: the callback's address. Nothing
    /// has been told to the server yet.
    pub(crate) async fn authorize(&self, link: &str) -> String {
        let out = self.web.get(link).await.expect(302);
        let back = self.web.get(out.location()).await.expect(302);
        back.location().to_owned()
    }

    /// Scans a link: out to WeChat, back to the callback. Gives the callback's answer.
    pub(crate) async fn scan(&self, link: &str) -> Answer {
        let callback = self.authorize(link).await;
        self.web.get(&callback).await
    }

    /// Scans a code and stands on the phone page.
    pub(crate) async fn scan_qr(&self, slug: &str, qr: &Qr) -> Value {
        let answer = self.scan(&qr.scan_url).await.expect(303);
        assert_eq!(answer.location(), format!("/p/{slug}/phone"));
        self.view(slug).await
    }

    pub(crate) async fn view(&self, slug: &str) -> Value {
        self.web.get_json(&self.at(&format!("/p/{slug}/phone"))).await.expect(200).json()
    }

    /// Posts a form of the page that is now on the screen.
    pub(crate) async fn post(&self, slug: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let view = self.view(slug).await;
        self.post_with(slug, action, view["csrf"].as_str().unwrap_or_default(), fields).await
    }

    /// Posts a form of an earlier page.
    pub(crate) async fn post_with(
        &self,
        slug: &str,
        action: &str,
        csrf: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut form = vec![("csrf", csrf)];
        form.extend_from_slice(fields);
        self.web.post(&self.at(&format!("/p/{slug}/phone/{action}")), &form).await
    }

    pub(crate) async fn ask_code(&self, slug: &str) -> Answer {
        self.post(slug, "code", &[("phone", &self.number)]).await
    }

    pub(crate) async fn bind_with(&self, slug: &str, code: &str) -> Answer {
        self.post(slug, "bind", &[("phone", &self.number), ("code", code)]).await
    }

    /// Asks for a code, reads it, types it.
    pub(crate) async fn prove(&self, server: &TestServer, slug: &str) -> Answer {
        self.ask_code(slug).await.expect(202);
        self.bind_with(slug, &server.last_code(&self.number).await).await
    }

    pub(crate) async fn approve(&self, slug: &str, number: Option<&str>) -> Answer {
        let fields: Vec<(&str, &str)> = number.map(|number| ("match", number)).into_iter().collect();
        self.post(slug, "approve", &fields).await
    }
}
