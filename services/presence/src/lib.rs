//! Sockets, presence and typing.
