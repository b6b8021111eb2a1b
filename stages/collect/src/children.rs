//! Processes that are started here end with this one, however it ends.

use rustix::process::{Pid, Signal, getpid, getppid, kill_process_group, set_parent_process_death_signal};
use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(1);

/// Starts a command in a process group of its own. The kernel kills it when the thread that calls this ends (prctl(2),
/// PR_SET_PDEATHSIG), so that has to be a thread that lives as long as the command is needed.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let parent = getpid();
    let leash = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // It may have died before the kernel was told.
        match getppid() == Some(parent) {
            true => Ok(()),
            false => Err(io::Error::other("its parent is gone")),
        }
    };
    #[expect(unsafe_code, reason = "between fork and exec; two system calls, no memory is allocated or locked")]
    unsafe {
        command.pre_exec(leash);
    }
    command.process_group(0).spawn()
}

/// Kills a child of [`spawn`] and whatever it started in its group.
pub fn kill(child: &Child) {
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Waits until something is so, but no longer; comes back with whether it is.
pub fn within(longest: Duration, mut so: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    loop {
        if so() {
            return true;
        }
        if started.elapsed() >= longest {
            return false;
        }
        std::thread::sleep(LOOK);
    }
}

/// The status of a child that ends in time.
pub fn ended(child: &mut Child, longest: Duration) -> Option<ExitStatus> {
    let mut status = None;
    within(longest, || {
        status = child.try_wait().ok().flatten();
        status.is_some()
    });
    status
}

/// Whether a thread ends in time; one that does not is left to itself.
pub fn finished(thread: &JoinHandle<()>, longest: Duration) -> bool {
    within(longest, || thread.is_finished())
}
