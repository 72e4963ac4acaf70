"""System checks: a misconfigured site hears of it at start."""
