"""Test vectors: small maps, and what they become, for ports to other languages."""
