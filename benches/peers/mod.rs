//! What Menfang is compared with: other programs that hold sockets and push to them, and bare ones without which nothing goes.

mod nchan;
mod node;
pub(crate) mod serve;

use std::net::SocketAddr;
use std::path::Path;

use crate::measure::program::{Program, command, first_child, free_address};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Peer {
    /// Sends back what comes
    Echo,
    /// A bare route of actix-web
    Actix,
    /// WebSockets by hand on tokio
    Tokio,
    /// WebSockets by tokio-tungstenite
    Tungstenite,
    /// WebSockets by `ws` on Node
    Node,
    /// WebSockets by nchan in nginx
    Nchan,
}

/// Those that hold WebSockets.
pub(crate) const HOLDERS: [Peer; 4] = [Peer::Tokio, Peer::Tungstenite, Peer::Node, Peer::Nchan];

/// One that runs.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    /// The process that does the work.
    pub(crate) process: u32,
    _program: Program,
}

impl Peer {
    /// As it is called in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "bare TCP",
            Self::Actix => "a bare actix-web route",
            Self::Tokio => "bare tokio",
            Self::Tungstenite => "tokio-tungstenite",
            Self::Node => "ws on Node",
            Self::Nchan => "nchan in nginx",
        }
    }

    /// By which its lines are named.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Actix => "actix",
            Self::Tokio => "tokio",
            Self::Tungstenite => "tungstenite",
            Self::Node => "node",
            Self::Nchan => "nchan",
        }
    }

    /// Why it cannot be measured, if it cannot.
    pub(crate) fn missing(self) -> Option<String> {
        match self {
            Self::Node => node::missing(),
            Self::Nchan => nchan::missing(),
            _ => None,
        }
    }

    /// Starts it on a core, with a folder for what it says.
    pub(crate) async fn start(self, core: usize, folder: &Path) -> anyhow::Result<Running> {
        let address = free_address();
        let mut command = match self {
            Self::Node => node::command(core, address),
            Self::Nchan => nchan::command(core, address, folder)?,
            own => {
                let mut command = command(core, std::env::current_exe()?);
                command.args(["--serve", own.key(), "--listen", &address.to_string()]);
                command
            }
        };
        let mut program = Program::start(&mut command, &folder.join(format!("peer-{}.log", address.port())))?;
        if self == Self::Nchan {
            // Killed, it would leave its worker behind.
            program = program.ends_by("TERM");
        }
        program.accepts(address).await?;
        let mut process = program.id();
        if self == Self::Nchan {
            let master = process;
            program.until(async || first_child(master).is_some()).await?;
            process = first_child(master).unwrap_or(master);
        }
        Ok(Running { address, process, _program: program })
    }
}
