//! The program's allocator: the system's, with a count. It knows how much the whole process and each thread hold, and
//! on a thread that asked for it ([`Bounds`]) it is the last line of defence: an allocation past the ceiling, or with
//! the stack nearly used up, is never made. What is allowed is decided by others; nothing here knows a script.

mod stack;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr::{self, addr_of},
    sync::{
        Arc,
        atomic::{AtomicIsize, AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

/// A thread tells the process's total of its share in steps of this many bytes.
const STEP: isize = 16 << 10;
/// What must be left of the stack for an allocation: more than any function of the system's allocator needs.
const STACK_RESERVE: usize = 256 << 10;

static PROCESS: AtomicIsize = AtomicIsize::new(0);

/// Has all threads allocate from one heap; to be called before there is a second one. Otherwise the GNU library gives
/// each thread a heap that grows page by page, with a call of the system for each: a fifth of a small script's time.
pub fn share_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it sets a number inside the library's allocator, and no other thread is running.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// The system's allocator with a count.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One thread's part of the count. Without a destructor, so that it can be used until the thread's very end.
struct Local {
    /// What this thread allocated less what it freed. Negative where it frees what others made.
    own: Cell<isize>,
    /// How much of `own` the total knows.
    told: Cell<isize>,
    /// No allocation may lift `own` beyond it.
    ceiling: Cell<isize>,
    /// The lowest address that the stack may reach in an allocation.
    floor: Cell<usize>,
    /// Where to say that the thread was halted. Null where it has no bounds.
    halted: Cell<*const AtomicU8>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            own: Cell::new(0),
            told: Cell::new(0),
            ceiling: Cell::new(isize::MAX),
            floor: Cell::new(0),
            halted: Cell::new(ptr::null()),
        }
    };
}

/// Why a thread was halted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// It wanted more memory than its ceiling allows.
    Memory,
    /// Its stack was used up.
    Stack,
}

/// Says whether a thread with [`Bounds`] was halted. Clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct Halted(Arc<AtomicU8>);

impl Halted {
    /// Why the thread was halted, if it was. It will never run again, and what it holds is never freed.
    pub fn why(&self) -> Option<Halt> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Halt::Memory),
            _ => Some(Halt::Stack),
        }
    }
}

/// The present thread's bounds, while it lives.
///
/// An allocator can neither fail (the program would be aborted) nor unwind (undefined). What it can do is not return:
/// a thread that goes beyond is halted for good, and whoever waits for it learns so from [`Halted`].
pub struct Bounds {
    // Keeps the flag alive that the thread's pointer leads to.
    _halted: Halted,
    // Bound to its thread.
    _here: std::marker::PhantomData<*const ()>,
}

impl Bounds {
    /// From now on this thread may allocate up to `bytes`, counted from zero, and use `stack` bytes of stack from here.
    pub fn set(bytes: usize, stack: usize, halted: &Halted) -> Bounds {
        stack::arm();
        let here = 0_u8;
        LOCAL.with(|local| {
            local.own.set(0);
            local.told.set(0);
            local.ceiling.set(isize::try_from(bytes).unwrap_or(isize::MAX));
            local.floor.set((addr_of!(here) as usize).saturating_sub(stack).saturating_add(STACK_RESERVE));
            local.halted.set(Arc::as_ptr(&halted.0));
        });
        Bounds { _halted: halted.clone(), _here: std::marker::PhantomData }
    }
}

impl Drop for Bounds {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            local.ceiling.set(isize::MAX);
            local.floor.set(0);
            local.halted.set(ptr::null());
        });
    }
}

/// What the present thread holds, as far as the process's total bears it out: memory that went to another thread and
/// was freed there does not count, nor does what this thread freed for others count in its favour.
pub fn used() -> usize {
    LOCAL.with(|local| usize::try_from(measure(local)).unwrap_or(0))
}

/// Whether the present thread holds more than that.
pub fn exceeds(bytes: usize) -> bool {
    let bytes = isize::try_from(bytes).unwrap_or(isize::MAX);
    LOCAL.with(|local| local.own.get() > bytes && measure(local) > bytes)
}

/// Whether the present thread could allocate `more` bytes and stay below its ceiling.
pub fn has_room(more: usize) -> bool {
    LOCAL.with(|local| used().saturating_add(more) <= usize::try_from(local.ceiling.get()).unwrap_or(0))
}

/// Does something that must not be halted half-way, because others wait for what it holds: a lock on a stream.
pub fn unbounded<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(isize);
    impl Drop for Restore {
        fn drop(&mut self) {
            LOCAL.with(|local| local.ceiling.set(self.0));
        }
    }
    let _restore = Restore(LOCAL.with(|local| local.ceiling.replace(isize::MAX)));
    work()
}

fn measure(local: &Local) -> isize {
    let own = local.own.get();
    own.min(PROCESS.load(Ordering::Relaxed) + own - local.told.get())
}

/// What an allocation really takes: the system's allocator puts a header before it and rounds up.
fn cost(size: usize) -> isize {
    isize::try_from((size.saturating_add(8 + 15) & !15).max(32)).unwrap_or(isize::MAX / 2)
}

fn count(local: &Local, change: isize) {
    let own = local.own.get().saturating_add(change);
    local.own.set(own);
    let untold = own - local.told.get();
    if untold.unsigned_abs() > STEP.unsigned_abs() {
        PROCESS.fetch_add(untold, Ordering::Relaxed);
        local.told.set(own);
    }
}

/// Counts an allocation that is about to be made; does not return where it must not be.
fn admit(local: &Local, change: isize) {
    let here = 0_u8;
    if local.own.get().saturating_add(change) > local.ceiling.get()
        && measure(local).saturating_add(change) > local.ceiling.get()
    {
        halt(local, 1);
    }
    if (addr_of!(here) as usize) < local.floor.get() {
        halt(local, 2);
    }
    count(local, change);
}

#[cold]
fn halt(local: &Local, why: u8) {
    let flag = local.halted.get();
    if flag.is_null() {
        return;
    }
    // SAFETY: the pointer is set by `Bounds::set` from an `Arc` that the `Bounds` keeps alive, and taken away when the
    // `Bounds` is dropped on this same thread.
    unsafe { (*flag).store(why, Ordering::Release) };
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

// SAFETY: every call goes on to the system's allocator with its arguments unchanged; counting neither allocates nor
// unwinds, and a thread that is halted never gets a pointer.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LOCAL.with(|local| admit(local, cost(layout.size())));
        // SAFETY: the caller's promises about `layout` are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LOCAL.with(|local| admit(local, cost(layout.size())));
        // SAFETY: the caller's promises about `layout` are handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LOCAL.with(|local| count(local, -cost(layout.size())));
        // SAFETY: the caller's promises about `pointer` and `layout` are handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LOCAL.with(|local| admit(local, cost(size) - cost(layout.size())));
        // SAFETY: the caller's promises about `pointer`, `layout` and `size` are handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_thread_holds_is_counted_also_when_another_frees_it() {
        let given = thread::spawn(|| {
            let halted = Halted::default();
            let _bounds = Bounds::set(64 << 20, 1 << 20, &halted);
            let data = vec![1_u8; 8 << 20];
            assert!((8 << 20..9 << 20).contains(&used()), "{}", used());
            assert!(has_room(50 << 20) && !has_room(60 << 20));
            data
        });
        drop(given.join().unwrap());
    }

    #[test]
    fn a_thread_beyond_its_ceiling_is_halted_and_not_the_process() {
        let halted = Halted::default();
        let seen = halted.clone();
        thread::spawn(move || {
            let _bounds = Bounds::set(4 << 20, 1 << 20, &seen);
            assert_eq!(unbounded(|| vec![1_u8; 16 << 20]).len(), 16 << 20);
            let too_much = vec![1_u8; 8 << 20];
            unreachable!("{} bytes were allocated", too_much.len());
        });
        for _ in 0..500 {
            if halted.why().is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(halted.why(), Some(Halt::Memory));
    }
}
