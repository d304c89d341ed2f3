//! A Redis of a story's own.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use tokio::net::TcpStream;

use super::program::{Program, command};
use super::{eventually, free_port};

/// A Redis that keeps nothing.
pub(crate) struct Redis {
    /// Where it listens.
    pub(crate) port: u16,
    folder: PathBuf,
    program: Mutex<Option<Program>>,
}

impl Redis {
    pub(crate) async fn start(folder: &Path) -> Self {
        let redis = Self { port: free_port(), folder: folder.to_owned(), program: Mutex::default() };
        redis.start_again().await;
        redis
    }

    /// Starts it, and waits until it takes connections.
    pub(crate) async fn start_again(&self) {
        let mut command = command("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "no", "--dir"]).arg(&self.folder);
        *self.program.lock().unwrap() = Some(Program::start(&mut command, &self.folder.join("redis.log")));
        let up = eventually(Duration::from_secs(10), async || {
            TcpStream::connect(("127.0.0.1", self.port)).await.ok()
        });
        up.await.expect("Redis does not start");
    }

    pub(crate) fn kill(&self) {
        self.program.lock().unwrap().take().unwrap().kill();
    }

    /// It does nothing any more; its connections stay.
    pub(crate) fn freeze(&self) {
        self.program.lock().unwrap().as_ref().unwrap().signal("STOP");
    }

    pub(crate) fn thaw(&self) {
        self.program.lock().unwrap().as_ref().unwrap().signal("CONT");
    }
}
