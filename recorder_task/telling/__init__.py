"""What is told of recordings: reports, log lines, vitals."""
