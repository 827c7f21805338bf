//! What the C library's allocator keeps for itself, and need not.

/// A password hash works on 19 MiB. Left alone, glibc learns from the first of them to keep such
/// blocks for later, one for each thread: hundreds of MiB after a flood of log-ins.
#[expect(unsafe_code, reason = "mallopt is a C function; it takes two numbers and touches no memory of ours")]
pub fn give_back_large_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: called once at start, with constants that mallopt(3) documents.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
    }
}

/// Starting takes some memory that serving does not need. 0.3 of 15 MiB.
#[expect(unsafe_code, reason = "malloc_trim is a C function; it takes a number and touches no memory of ours")]
pub fn give_back_what_start_took() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: malloc_trim(3) may be called at any time, from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
