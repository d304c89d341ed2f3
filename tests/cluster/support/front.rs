//! What stands in front of the nodes: each connection is passed on to one of them by chance, past those that do not answer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::random_below;

type Behind = Arc<Mutex<Vec<SocketAddr>>>;

/// It stops when it is dropped.
pub(crate) struct Front {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    behind: Behind,
    task: JoinHandle<()>,
}

impl Front {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", super::free_port())).await.unwrap();
        let (address, behind) = (listener.local_addr().unwrap(), Behind::default());
        let task = tokio::spawn(serve(listener, Arc::clone(&behind)));
        Self { address, behind, task }
    }

    /// Passes on to this node, too.
    pub(crate) fn add(&self, node: SocketAddr) {
        self.behind.lock().unwrap().push(node);
    }

    /// Passes on to this node no more, as a balancer does when nothing comes back.
    pub(crate) fn leave_out(&self, node: SocketAddr) {
        self.behind.lock().unwrap().retain(|other| *other != node);
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, behind: Behind) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        tokio::spawn(pass_on(client, Arc::clone(&behind)));
    }
}

async fn pass_on(mut client: TcpStream, behind: Behind) {
    let mut nodes = behind.lock().unwrap().clone();
    while !nodes.is_empty() {
        let chosen = random_below(u32::try_from(nodes.len()).unwrap());
        let node = nodes.swap_remove(usize::try_from(chosen).unwrap());
        if let Ok(mut server) = TcpStream::connect(node).await {
            drop((client.set_nodelay(true), server.set_nodelay(true)));
            // Either side may break off at any time.
            drop(copy_bidirectional(&mut client, &mut server).await);
            return;
        }
    }
}
