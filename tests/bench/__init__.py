"""`python -m tests.bench`: what a recorder costs, beside Debian's ffmpeg in the same run."""
