"""What the benchmarks share: their ground, the servers that they measure, the client, and how figures are told."""
