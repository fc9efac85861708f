//! wharf-network
