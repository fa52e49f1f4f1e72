"""Point lookup beside its peers: ``python -m benchmarks.lookup`` (benchmarks/README.md)."""
