"""S3 and DynamoDB for a process that must stay small: our own HTTP and signatures, no SDK (36 MB less a stream)."""
