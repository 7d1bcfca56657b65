"""Icons, sample scans, label sets."""
