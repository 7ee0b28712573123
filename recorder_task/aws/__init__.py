"""S3 and DynamoDB for a process that must stay small: http.client, our own signatures, no SDK (36 MB less a stream)."""
