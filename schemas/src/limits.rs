//! Limits of the process that would end it without a word.

/// Makes a write past the limit of file sizes (`ulimit -f`) an error of that write, EFBIG, which names the file. By default the signal
/// SIGXFSZ ends the process (setrlimit(2)).
pub fn ignore_file_size_signal() {
    #[expect(unsafe_code, reason = "one system call, before there are threads; no handler is installed")]
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}
