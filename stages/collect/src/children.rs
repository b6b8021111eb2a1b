//! Processes that are started here end with this one, however it ends.

use rustix::process::{Pid, Signal, getpid, getppid, kill_process_group, set_parent_process_death_signal};
use std::{
    io::{self, Read},
    os::unix::process::CommandExt,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How much of what a child printed is kept to explain its end.
const STDERR_KEPT: usize = 4096;
/// How long a child may take to end that was told to, and its last words to arrive.
pub const LEAVING: Duration = Duration::from_secs(5);
/// Between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(1);

/// A child in a process group of its own. What it prints last to standard error is kept; dropping it kills the group.
pub struct Listened {
    child: Child,
    printed: Arc<Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
}

impl Listened {
    /// Starts a command; its standard output is to be read. The kernel kills it when the thread that calls this ends (prctl(2),
    /// PR_SET_PDEATHSIG), so that has to be a thread that lives as long as the command is needed.
    pub fn spawn(command: &mut Command) -> io::Result<(Self, ChildStdout)> {
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
        let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("a child without pipes"));
        };
        let printed = Arc::new(Mutex::new(Vec::new()));
        let kept = printed.clone();
        let listener = std::thread::spawn(move || keep_tail(stderr, &kept));
        Ok((Listened { child, printed, listener }, stdout))
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it and whatever it started in its group.
    pub fn kill(&self) {
        if let Some(group) = Pid::from_raw(self.child.id() as i32) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Its status if it ends in time.
    pub fn ended(&mut self, longest: Duration) -> Option<ExitStatus> {
        let mut status = None;
        within(longest, || {
            status = self.child.try_wait().ok().flatten();
            status.is_some()
        });
        status
    }

    /// The last line that it printed to standard error, once it has ended.
    pub fn last_words(&self, longest: Duration) -> Option<String> {
        finished(&self.listener, longest);
        let printed = String::from_utf8_lossy(&self.printed.lock().ok()?).into_owned();
        printed.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_string)
    }
}

impl Drop for Listened {
    fn drop(&mut self) {
        self.kill();
        self.ended(LEAVING);
    }
}

fn keep_tail(mut pipe: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 1024];
    while let Ok(n @ 1..) = pipe.read(&mut chunk) {
        if let Ok(mut kept) = kept.lock() {
            kept.extend_from_slice(&chunk[..n]);
            let excess = kept.len().saturating_sub(STDERR_KEPT);
            kept.drain(..excess);
        }
    }
}

/// Waits until something is so, but no longer; comes back with whether it is.
fn within(longest: Duration, mut so: impl FnMut() -> bool) -> bool {
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

/// Whether a thread ends in time; one that does not is left to itself.
pub fn finished(thread: &JoinHandle<()>, longest: Duration) -> bool {
    within(longest, || thread.is_finished())
}
