"""RTMP as a player speaks it. Pure but for the connection."""
