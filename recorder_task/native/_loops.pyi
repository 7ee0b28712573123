"""What the compiled loops take and give."""
