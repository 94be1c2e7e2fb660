//! A program at a pseudo-terminal of its own. Shared by tests, a benchmark and the script that makes a picture.

use std::{
    fs::File,
    io::Error,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, Stdio},
};

/// Starts the command at a new terminal of this size. Gives back the other end: what is written to it are keys, what is
/// read from it goes to the screen.
pub fn spawn(command: &mut Command, rows: u16, columns: u16) -> (Child, File) {
    let (main, other) = pair(rows, columns);
    command.stdin(other.try_clone().unwrap()).stdout(other.try_clone().unwrap()).stderr(other);
    // SAFETY: between fork and exec only system calls are made that are allowed there.
    unsafe {
        command.pre_exec(|| {
            // A session of its own, whose terminal is this one: Ctrl-C becomes a signal to it alone.
            if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                return Err(Error::last_os_error());
            }
            Ok(())
        });
    }
    let child = command.spawn().unwrap();
    // The program's end of the terminal is in its hands alone now, so that its end is seen.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    (child, File::from(main))
}

/// The two ends of a new terminal.
fn pair(rows: u16, columns: u16) -> (OwnedFd, OwnedFd) {
    let (mut main, mut other) = (0, 0);
    let mut size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the pointers lead to live values; a null name and null modes are allowed.
    let made = unsafe {
        libc::openpty(&raw mut main, &raw mut other, std::ptr::null_mut(), std::ptr::null_mut(), &raw mut size)
    };
    assert_eq!(made, 0, "{}", Error::last_os_error());
    // SAFETY: the call has just opened them, and nobody else knows them.
    let (main, other) = unsafe { (OwnedFd::from_raw_fd(main), OwnedFd::from_raw_fd(other)) };
    for end in [&main, &other] {
        // SAFETY: both descriptors are open. Children of other tests must not hold this terminal open.
        assert_eq!(unsafe { libc::fcntl(end.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) }, 0);
    }
    (main, other)
}
