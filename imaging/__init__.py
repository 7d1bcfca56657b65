"""Open scans and read their pixels."""
