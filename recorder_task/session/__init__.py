"""The recorder's side of its session: orders, lease, journal, and when the work is over."""
