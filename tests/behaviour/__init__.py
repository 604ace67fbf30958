"""Programs that the tool writes or rewrites, run for real against a loopback upstream."""
