"""What is done beside a recording, or behind it: recovery, files that wait, last words."""
