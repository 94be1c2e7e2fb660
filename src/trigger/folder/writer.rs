//! Whether somebody has a file open for writing, as far as the system can say.

use std::fs::File;
#[cfg(target_os = "linux")]
use std::io;

/// Whether somebody has a file open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    Nobody,
    Somebody,
    /// This cannot be asked here.
    Unknown,
}

/// Whether somebody has this file open for writing: where nobody has, the system gives a lease on it.
#[cfg(target_os = "linux")]
pub fn writer(file: &File) -> Writer {
    use std::os::fd::AsRawFd;
    /// Which signal tells of somebody who wants to write; not in the crate.
    const F_SETSIG: libc::c_int = 10;
    let fd = file.as_raw_fd();
    // SAFETY: the descriptor is open, and none of these takes an address. The signal is one that is ignored unless somebody
    // asks for it; the system's own choice would end the process.
    let taken = unsafe {
        libc::fcntl(fd, F_SETSIG, libc::SIGURG);
        libc::fcntl(fd, libc::F_SETLEASE, libc::F_RDLCK)
    };
    let refused = (taken != 0).then(|| io::Error::last_os_error().raw_os_error().unwrap_or_default());
    if refused.is_none() {
        // SAFETY: as above.
        unsafe { libc::fcntl(fd, libc::F_SETLEASE, libc::F_UNLCK) };
    }
    judge(refused, kind_of_disk(fd))
}

/// What it means that a lease was given, or was refused for that reason, on a disk of that kind.
#[cfg(target_os = "linux")]
fn judge(refused: Option<i32>, disk: u32) -> Writer {
    match refused {
        None if !NETWORK.contains(&disk) && !SHARED.contains(&disk) => Writer::Nobody,
        Some(libc::EAGAIN) if !NETWORK.contains(&disk) => Writer::Somebody,
        _ => Writer::Unknown,
    }
}

/// Disks that refuse a lease also where nobody writes: NFS, and SMB in three ages.
#[cfg(target_os = "linux")]
const NETWORK: [u32; 4] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42];
/// Disks that others may write to unseen: AFS, Ceph, 9P, FUSE.
#[cfg(target_os = "linux")]
const SHARED: [u32; 4] = [0x5346_414f, 0x00c3_6400, 0x0102_1997, 0x6573_5546];

/// The number of its kind; 0 where it cannot be had.
#[cfg(target_os = "linux")]
fn kind_of_disk(fd: std::os::fd::RawFd) -> u32 {
    let mut about = std::mem::MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the descriptor is open, and there is room for the answer, which is all noughts where there is none.
    let about = unsafe {
        libc::fstatfs(fd, about.as_mut_ptr());
        about.assume_init()
    };
    // It has 32 bits, whatever the width of its field here.
    about.f_type as u32
}

#[cfg(not(target_os = "linux"))]
pub fn writer(_: &File) -> Writer {
    Writer::Unknown
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{super::look::open, *};

    #[test]
    fn a_writer_is_seen_as_long_as_it_has_the_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let writing = File::create(&path).unwrap();
        let reading = open(&path).unwrap();
        if writer(&reading) == Writer::Unknown {
            // A disk without leases: the longer settle time has to do.
            return;
        }
        assert_eq!(writer(&reading), Writer::Somebody);
        drop(writing);
        assert_eq!(writer(&reading), Writer::Nobody);
        // A lease that is still held would let this one wait.
        File::options().write(true).open(&path).unwrap();
    }

    #[test]
    fn a_lease_says_less_on_disks_that_others_write_to() {
        const EXT4: u32 = 0xef53;
        let (nfs, fuse) = (NETWORK[0], SHARED[3]);
        for (refused, disk, means) in [
            (None, EXT4, Writer::Nobody),
            (None, nfs, Writer::Unknown),
            (None, fuse, Writer::Unknown),
            (Some(libc::EAGAIN), EXT4, Writer::Somebody),
            (Some(libc::EAGAIN), fuse, Writer::Somebody),
            (Some(libc::EAGAIN), nfs, Writer::Unknown),
            (Some(libc::EACCES), EXT4, Writer::Unknown),
        ] {
            assert_eq!(judge(refused, disk), means, "{refused:?} on {disk:x}");
        }
        let here = File::open("/proc/self/status").unwrap();
        assert_eq!(kind_of_disk(std::os::fd::AsRawFd::as_raw_fd(&here)), 0x9fa0, "the kind is read");
    }
}
