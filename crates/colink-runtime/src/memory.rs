//! How large the pages are that the kernel backs the heap with.

/// Keeps huge pages from this process. The allocator reserves memory for its future and asks for huge pages there, and the kernel
/// then gives two megabytes wherever one byte is used. Call it before much is in use.
pub(crate) fn forgo_huge_pages() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::warn!(%error, "the kernel may use huge pages");
    }
}
