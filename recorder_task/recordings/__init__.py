"""Templates and tasks at work: which file a sample goes into, and what becomes of it."""
