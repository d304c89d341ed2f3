//! What the hot paths allocate. Counts do not depend on how busy the machine is, so a bound holds everywhere; each is some
//! way above what is counted now, and a path that grows past it is looked at: `DHAT` finds out where
//! (<https://docs.rs/dhat>). Times are measured by `make bench`.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod claim_batch;
mod frame_push;
mod rows;
mod ticket_check;

use std::sync::{Mutex, PoisonError};

#[global_allocator]
static COUNTING: dhat::Alloc = dhat::Alloc;

/// Tests take turns: what is counted is the whole process's.
static TURN: Mutex<()> = Mutex::new(());

/// Runs something with everything counted.
fn counted(work: impl Future<Output = ()>) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let _profiler = dhat::Profiler::builder().testing().trim_backtraces(Some(1)).build();
    actix_web::rt::System::new().block_on(work);
}

/// How often something was allocated until now.
fn blocks() -> u64 {
    dhat::HeapStats::get().total_blocks
}

/// Fails when one of `many` allocated more than `most` times, and says what it was.
fn assert_at_most(most: u64, before: u64, many: u64, what: &str) {
    // The harness may allocate for other tests meanwhile: less than one for each.
    let each = (blocks() - before) / many;
    eprintln!("{what}: {each} allocations, at most {most}");
    assert!(each <= most, "{what}: {each} allocations, at most {most}");
    // A bound far above tells nothing.
    assert!(
        most < 10 || each * 2 >= most,
        "{what}: only {each} allocations, so the bound of {most} can come down"
    );
}
