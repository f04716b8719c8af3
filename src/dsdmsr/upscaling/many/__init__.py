"""The upscaling of more files than one machine can hold, by Ray: sources, ledger, workers, run."""
