"""What several benchmarks and experiments share."""
