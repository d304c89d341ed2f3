//! A WeChat on localhost: what a service account (服务号) meets at `api.weixin.qq.com` and `open.weixin.qq.com`, the
//! SMS gateway beside it, and a phone to play with in a browser.
//!
//! It is written from WeChat's documents and knows nothing of the server that is tried against it. Everything is
//! reached over HTTP; this crate's own interface only starts and stops it.
//!
//! The rooms, each with one job:
//! - `server`: binds, starts and stops.
//! - `world`: what every handler holds: the ledger, the faults, the counters, the way out to callbacks.
//! - `ledger`, `journal`: how a change is made to last.
//! - `state`: everything remembered, changed only by applying a `Change`; pure, time is a parameter.
//! - `crypto`: signatures and the encrypted envelope of callbacks.
//! - `callback`: events on their way to an account's callback URL.
//! - `wechat`: WeChat's own paths. `control`: `/sandbox/…` and the SMS gateway. `phone`: the pages under `/phone`.
//! - `traffic`: misbehaviour on request, and the counting of calls.
//!
//! What a phone is, is told by cookies on `GET /connect/oauth2/authorize`; a `MicroMessenger` user agent is welcome, too:
//! - `sandbox_person={id}`: who holds it. With this cookie any browser counts as WeChat's.
//! - `sandbox_consent=yes|no`: answers the consent page of `snsapi_userinfo` by itself.
//! - `sandbox_snapshot=yes`: the page is opened in snapshot mode (网页快照页), with a virtual account.
//!
//! Template messages, as they differ from WeChat's where WeChat's documents are silent or a test needs it:
//! - Every send that is taken on has a receipt. Whoever blocks the account is sent to as before, gets nothing, and the
//!   receipt says `failed:user block`; a refused template is 43101 at once.
//! - The same `client_msg_id` for the same person within the window is answered with the same `msgid`.
//! - The daily number counts sends that are taken on or the same one again, and begins anew at midnight in China.
//! - Receipts that wait do not outlive the process; messages, names of messages and counters do.
//! - `POST /sandbox/accounts/{appid}/token/expire` lets all access tokens that are out die at once: they are answered 42001,
//!   or 40001 with `{"errcode": 40001}`. `token_ttl_s` of the faults shortens their lives instead.

mod callback;
mod control;
mod crypto;
mod instant;
mod journal;
mod ledger;
mod phone;
mod random;
mod server;
mod state;
mod traffic;
mod wechat;
mod world;

pub use server::{RunningSandbox, Sandbox, SandboxConfig};
