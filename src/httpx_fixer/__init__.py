"""httpx-fixer rewrites the ways in which Python services misuse httpx and httpx2."""
