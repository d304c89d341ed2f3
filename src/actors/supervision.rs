//! Keeping core actors alive: a panic ends an actor even under actix's own supervisor, so ours builds a new one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Actor, Addr, ArbiterHandle, Context};
use tokio::sync::oneshot;

/// The shortest pause before a new one is built; it doubles with every end that comes soon.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// An actor that lived this long starts over with the shortest pause.
const SETTLED: Duration = Duration::from_mins(1);

/// Held by an actor as long as it lives; its drop is how the end is noticed.
pub struct LifeLine {
    _dropped: oneshot::Sender<()>,
}

/// A handle to whichever incarnation lives.
pub struct Supervised<A: Actor<Context = Context<A>>> {
    current: Arc<Mutex<Option<Addr<A>>>>,
}

impl<A: Actor<Context = Context<A>>> Clone for Supervised<A> {
    fn clone(&self) -> Self {
        Self { current: Arc::clone(&self.current) }
    }
}

impl<A: Actor<Context = Context<A>>> Supervised<A> {
    /// The address of the present incarnation; none in the pause between two.
    pub fn address(&self) -> Option<Addr<A>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(Addr::connected)
    }
}

/// Starts an actor on an arbiter, and a new one whenever it ends.
pub fn supervise<A, F>(name: &'static str, arbiter: &ArbiterHandle, make: F) -> Supervised<A>
where
    A: Actor<Context = Context<A>> + Send,
    F: Fn(LifeLine) -> A + Send + 'static,
{
    let supervised = Supervised { current: Arc::default() };
    let current = Arc::clone(&supervised.current);
    let home = arbiter.clone();
    arbiter.spawn(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            let (alive, ended) = oneshot::channel();
            let born = tokio::time::Instant::now();
            let actor = make(LifeLine { _dropped: alive });
            let address = A::start_in_arbiter(&home, move |_| actor);
            *current.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
            // Nothing is ever sent: an error says that the life line was dropped.
            drop(ended.await);
            if born.elapsed() > SETTLED {
                pause = FIRST_PAUSE;
            }
            metrics::counter!("menfang_actor_restarts_total", "actor" => name).increment(1);
            tracing::warn!(actor = name, "an actor ended; a new one is built");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
    supervised
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix::{Handler, Message};

    struct Fragile {
        _life: LifeLine,
        generation: usize,
    }

    impl Actor for Fragile {
        type Context = Context<Self>;
    }

    #[derive(Message)]
    #[rtype(result = "usize")]
    struct Ask {
        panic: bool,
    }

    impl Handler<Ask> for Fragile {
        type Result = usize;

        fn handle(&mut self, ask: Ask, _: &mut Self::Context) -> usize {
            assert!(!ask.panic, "told to");
            self.generation
        }
    }

    #[actix_web::test]
    async fn a_panic_is_followed_by_a_new_incarnation() {
        let (born, mut births) = tokio::sync::mpsc::unbounded_channel();
        let count = std::sync::atomic::AtomicUsize::new(0);
        let arbiter = actix::Arbiter::new();
        let supervised = supervise("fragile", &arbiter.handle(), move |life| {
            let generation = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            born.send(generation).unwrap();
            Fragile { _life: life, generation }
        });
        assert_eq!(births.recv().await, Some(0));
        let address = loop {
            tokio::task::yield_now().await;
            if let Some(address) = supervised.address() {
                break address;
            }
        };
        assert_eq!(address.send(Ask { panic: false }).await.unwrap(), 0);
        assert!(address.send(Ask { panic: true }).await.is_err());
        assert_eq!(births.recv().await, Some(1), "a new one is built");
        arbiter.stop();
    }
}
