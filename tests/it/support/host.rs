//! A thread that a server of a story lives on, so that all of it ends with the story, also with one that fails.

use std::thread::JoinHandle;

use menfang::config::Config;
use menfang::server::{Running, Server, World, build};
use tokio::sync::{mpsc, oneshot};

/// The thread; it ends when this is dropped.
pub(crate) struct Host {
    jobs: Option<mpsc::UnboundedSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Build(Box<(Config, World)>, oneshot::Sender<anyhow::Result<Server>>),
    Start(Box<Server>, oneshot::Sender<anyhow::Result<Running>>),
}

impl Host {
    pub(crate) fn new() -> Self {
        let (jobs, todo) = mpsc::unbounded_channel();
        let thread = std::thread::spawn(move || actix::System::new().block_on(work(todo)));
        Self { jobs: Some(jobs), thread: Some(thread) }
    }

    pub(crate) async fn build(&self, config: Config, world: World) -> Server {
        let (answer, built) = oneshot::channel();
        self.ask(Job::Build(Box::new((config, world)), answer));
        built.await.unwrap().unwrap()
    }

    pub(crate) async fn start(&self, server: Server) -> Running {
        let (answer, started) = oneshot::channel();
        self.ask(Job::Start(Box::new(server), answer));
        started.await.unwrap().unwrap()
    }

    fn ask(&self, job: Job) {
        assert!(self.jobs.as_ref().unwrap().send(job).is_ok());
    }
}

async fn work(mut todo: mpsc::UnboundedReceiver<Job>) {
    while let Some(job) = todo.recv().await {
        // Whoever asked may have failed meanwhile.
        match job {
            Job::Build(parts, answer) => drop(answer.send(build(parts.0, parts.1).await)),
            Job::Start(server, answer) => drop(answer.send(server.start())),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.jobs.take());
        drop(self.thread.take().unwrap().join());
    }
}

/// Stops a server at once, from a place that cannot wait.
pub(crate) fn halt(running: Running) {
    let halted = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(running.halt());
    });
    drop(halted.join());
}
