//! wharf-container
