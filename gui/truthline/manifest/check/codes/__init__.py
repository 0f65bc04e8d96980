"""Every code of a finding or remote error, once: level, explanation, fix, and where it comes from."""
