//! The cryptography of callbacks: signatures and the encrypted envelope.
//! No keys are kept here and nothing is sent. Used by `callback`, and by `control` to check a key's shape.

mod envelope;
mod signature;

pub(crate) use envelope::EncodingKey;
pub(crate) use signature::{message_signature, url_signature};
