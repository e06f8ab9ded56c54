"""Our own platform, weakened one property at a time: what the packs notice, and what they do not, with the reason."""
