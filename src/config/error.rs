//! The one error of this room.

/// A setting that cannot be used; the text names the key and says what to do, and never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// The dotted key, such as `http.listen`; `--config` when the file itself is the problem.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub problem: String,
}

impl ConfigError {
    /// An error about `key`.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}
