//! A stack that is used up, where no allocation comes to notice it: dropping a value of a million levels, for example.
//! The system sends a signal when the page below the stack is touched; the thread is halted in its handler.

#[cfg(unix)]
pub use unix::arm;

/// Elsewhere only allocations look at the stack.
#[cfg(not(unix))]
pub fn arm() {}

#[cfg(unix)]
mod unix {
    use crate::memory::{LOCAL, STACK_RESERVE, halt};
    use libc::{SA_ONSTACK, SA_SIGINFO, SIGBUS, SIGSEGV, c_int, c_void, sigaction, siginfo_t};
    use std::{mem, ptr, sync::OnceLock};

    /// What the signals led to before: the standard library's handlers, which know threads without bounds.
    static BEFORE: OnceLock<[sigaction; 2]> = OnceLock::new();

    /// Makes overflows of bounded threads known from now on. May be called more than once.
    pub fn arm() {
        BEFORE.get_or_init(|| [SIGSEGV, SIGBUS].map(listen));
    }

    fn listen(signal: c_int) -> sigaction {
        // SAFETY: a zeroed `sigaction` is a valid one, both pointers lead to live values, and `on_fault` has the
        // signature that `SA_SIGINFO` asks for. The stack that `SA_ONSTACK` switches to is set up by the standard
        // library for each thread that it starts.
        unsafe {
            let mut before: sigaction = mem::zeroed();
            let mut ours: sigaction = mem::zeroed();
            ours.sa_sigaction = on_fault as *const () as usize;
            ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
            libc::sigemptyset(&raw mut ours.sa_mask);
            libc::sigaction(signal, &raw const ours, &raw mut before);
            before
        }
    }

    /// Does only what a signal handler may: reads this thread's bounds, sets a flag, sleeps.
    extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
        // SAFETY: the system hands a valid `siginfo_t` to a handler with `SA_SIGINFO`, and for these signals it holds
        // an address.
        let address = unsafe { (*info).si_addr() } as usize;
        LOCAL.with(|local| {
            let floor = local.floor.get();
            // The lowest page of the stack lies this far below the floor, give or take what the thread's start used.
            let end = floor.saturating_sub(STACK_RESERVE);
            if floor != 0 && address > end.saturating_sub(STACK_RESERVE) && address < floor {
                halt(local, 2);
            }
        });
        // Not ours: the fault comes again, to whoever it led to before.
        if let Some(before) = BEFORE.get() {
            let before = &before[usize::from(signal == SIGBUS)];
            // SAFETY: `before` is what the system itself gave us.
            unsafe { libc::sigaction(signal, before, ptr::null_mut()) };
        }
    }
}
