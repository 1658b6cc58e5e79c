//! How large the pages are that the kernel backs the heap with.

/// Allows huge pages to this process, or keeps them from it. The allocator reserves memory for its future and asks for huge pages
/// there, and the kernel then gives two megabytes wherever one byte is used. What was given stays, so a process begins without.
#[cfg(target_os = "linux")]
pub(crate) fn allow_huge_pages(allowed: bool) {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(!allowed) {
        tracing::warn!(%error, allowed, "whether the kernel uses huge pages is not ours to say");
    }
}

/// Other systems have no such choice.
#[cfg(not(target_os = "linux"))]
pub(crate) fn allow_huge_pages(_allowed: bool) {}
