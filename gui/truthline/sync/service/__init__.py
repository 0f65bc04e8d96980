"""What the service itself is asked: reads with retry and backoff, projects, permissions, status, verdict."""
