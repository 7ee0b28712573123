"""From muxers to the bucket: lanes, growing objects, the memory in between."""
