"""Many runs: what is stale, in parallel, pooled, into the library."""
