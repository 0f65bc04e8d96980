"""A dataset made anew from a manifest, step by step, each step resumed after a crash."""
