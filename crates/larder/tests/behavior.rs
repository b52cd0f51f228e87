//! What each operation of the facade does, on one instance.
