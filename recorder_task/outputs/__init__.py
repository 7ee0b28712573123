"""From samples to files: one writer a format, and what HLS goes on with."""
