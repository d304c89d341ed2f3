//! What the numbers are compared with: the bare loopback.

use std::net::SocketAddr;

use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Bytes of a small request.
const MESSAGE: usize = 256;

/// Listens, and sends back whatever comes.
pub(crate) async fn echo() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    actix::Arbiter::new().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            actix::spawn(async move {
                drop(stream.set_nodelay(true));
                let mut message = [0; MESSAGE];
                while stream.read_exact(&mut message).await.is_ok()
                    && stream.write_all(&message).await.is_ok()
                {}
            });
        }
    });
    Ok(address)
}

/// So many connections send so many messages each and wait for every answer.
pub(crate) async fn round_trips(address: SocketAddr, at_once: usize, each: usize) -> anyhow::Result<()> {
    let one = || async move {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut message = [7; MESSAGE];
        for _ in 0..each {
            stream.write_all(&message).await?;
            stream.read_exact(&mut message).await?;
        }
        anyhow::Ok(())
    };
    try_join_all((0..at_once).map(|_| one())).await?;
    Ok(())
}
