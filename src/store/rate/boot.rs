//! The clock that runs since the machine's start, and a name for that start. Systems without both share nothing.

use std::time::Duration;

/// The time since the machine started, sleep included.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn now() -> Option<Duration> {
    read(libc::CLOCK_BOOTTIME)
}

/// The time since the machine started: here the monotonic clock goes on while the machine sleeps.
#[cfg(target_os = "macos")]
pub fn now() -> Option<Duration> {
    read(libc::CLOCK_MONOTONIC)
}

/// There is none that processes could share.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
pub fn now() -> Option<Duration> {
    None
}

/// The name of this start of the machine, and of the container's own clock where it has one.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn id() -> Option<String> {
    let start = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    // A kernel without such namespaces has one clock for all.
    let clock = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
    Some(format!("{} {}", start.trim(), clock.display())).filter(|_| !start.trim().is_empty())
}

/// The name of this start of the machine.
#[cfg(target_os = "macos")]
pub fn id() -> Option<String> {
    let mut text = [0_u8; 64];
    let mut length = text.len();
    // SAFETY: the name ends with a zero byte, `text` has room for `length` bytes, and nothing is set.
    let failed = unsafe {
        libc::sysctlbyname(
            c"kern.bootsessionuuid".as_ptr(),
            text.as_mut_ptr().cast(),
            &raw mut length,
            std::ptr::null_mut(),
            0,
        )
    };
    let id = std::str::from_utf8(text.get(..length)?).ok()?.trim_end_matches('\0');
    (failed == 0 && !id.is_empty()).then(|| id.to_string())
}

/// There is none.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
pub fn id() -> Option<String> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
fn read(clock: libc::clockid_t) -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a live value of the type that is asked for.
    let failed = unsafe { libc::clock_gettime(clock, &raw mut time) };
    let (seconds, nanos) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
    (failed == 0).then(|| Duration::new(seconds, nanos))
}
