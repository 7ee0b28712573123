"""From the origin to packets: the pull, what it brings, the tracks in it."""
