//! Template messages (模板消息): the account's templates, and sending one to one person.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Credentials, WeChat};
use super::error::WeChatError;

/// A template as WeChat lists it (`template/get_all_private_template`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedTemplate {
    /// WeChat's id of it.
    pub template_id: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its text, with `{{thing1.DATA}}` where a field stands.
    #[serde(default)]
    pub content: String,
    /// An example of it.
    #[serde(default)]
    pub example: String,
}

/// One message to one person.
#[derive(Clone)]
pub struct TemplateMessage<'a> {
    /// Whom it is for.
    pub openid: &'a str,
    /// By which template.
    pub template_id: &'a str,
    /// Its fields: `{"thing1":{"value":"…"}}`.
    pub data: &'a Value,
    /// What a tap opens.
    pub url: Option<&'a str>,
    /// WeChat sends one message only for one openid and one of these, for ten minutes.
    pub client_msg_id: &'a str,
}

#[derive(Deserialize)]
struct TemplateList {
    template_list: Vec<ListedTemplate>,
}

#[derive(Deserialize)]
struct SendAnswer {
    msgid: Option<i64>,
}

impl WeChat {
    /// The templates in use by an account (25 at most).
    ///
    /// # Errors
    /// See [`WeChatError`].
    pub async fn templates(&self, credentials: &Credentials) -> Result<Vec<ListedTemplate>, WeChatError> {
        let path = "/cgi-bin/template/get_all_private_template";
        let list: TemplateList = self.get_as_account(credentials, path, &[]).await?;
        Ok(list.template_list)
    }

    /// Hands a message to WeChat, and gives its number there: it is taken then, not yet delivered.
    ///
    /// # Errors
    /// See [`WeChatError`]; after [`super::Advice::Uncertain`] the message may have been taken.
    pub async fn send_template(
        &self,
        credentials: &Credentials,
        message: &TemplateMessage<'_>,
    ) -> Result<Option<i64>, WeChatError> {
        let mut body = json!({
            "touser": message.openid,
            "template_id": message.template_id,
            "data": message.data,
            "client_msg_id": message.client_msg_id,
        });
        if let Some(url) = message.url {
            body["url"] = url.into();
        }
        let answer: SendAnswer =
            self.post_as_account(credentials, "/cgi-bin/message/template/send", &body).await?;
        Ok(answer.msgid.filter(|&msgid| msgid != 0))
    }
}
