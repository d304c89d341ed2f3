//! Receipts as WeChat posts them: signed, and encrypted for the account.

use std::sync::Arc;

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use anyhow::Context as _;
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use menfang::domain::clock::{Clock, Entropy, random};
use menfang::domain::keys::hex;
use menfang::server::World;
use sha1::{Digest, Sha1};

use crate::measure::server::{AES_KEY, TOKEN};

use crate::measure::sandbox::Message;

/// The last character of a key carries bits that mean nothing.
const KEYS: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);
/// What the padding goes up to.
const BLOCK: usize = 32;

/// A request to post.
pub(crate) struct Callback {
    pub(crate) query: String,
    pub(crate) body: String,
}

/// Writes callbacks of one account.
pub(crate) struct Callbacks {
    appid: String,
    key: Vec<u8>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Callbacks {
    pub(crate) fn new(appid: &str, world: &World) -> anyhow::Result<Self> {
        Ok(Self {
            appid: appid.to_owned(),
            key: KEYS.decode(AES_KEY)?,
            clock: Arc::clone(&world.clock),
            entropy: Arc::clone(&world.entropy),
        })
    }

    /// The receipt of a message that arrived.
    pub(crate) fn arrived(&self, message: &Message) -> anyhow::Result<Callback> {
        let now = (self.clock.now().0 / 1000).to_string();
        let xml = format!(
            "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[{}]]></FromUserName>\
             <CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
             <Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{}</MsgID>\
             <Status><![CDATA[success]]></Status></xml>",
            message.openid, message.msgid
        );
        let sealed = self.sealed(&xml)?;
        let nonce = message.msgid.to_string();
        let mut signed = [TOKEN, now.as_str(), nonce.as_str(), sealed.as_str()];
        signed.sort_unstable();
        let signature = hex(&Sha1::digest(signed.concat()));
        Ok(Callback {
            query: format!("?encrypt_type=aes&timestamp={now}&nonce={nonce}&msg_signature={signature}"),
            body: format!(
                "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>\
                 <Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
            ),
        })
    }

    fn sealed(&self, message: &str) -> anyhow::Result<String> {
        let mut plain = random::<16>(&*self.entropy).to_vec();
        plain.extend(u32::try_from(message.len())?.to_be_bytes());
        plain.extend(message.as_bytes());
        plain.extend(self.appid.as_bytes());
        let padding = BLOCK - plain.len() % BLOCK;
        plain.resize(plain.len() + padding, u8::try_from(padding)?);
        let iv = self.key.get(..16).context("a key has 32 bytes")?;
        let encryptor = cbc::Encryptor::<aes::Aes256>::new_from_slices(&self.key, iv)?;
        Ok(STANDARD.encode(encryptor.encrypt_padded_vec::<NoPadding>(&plain)))
    }
}
