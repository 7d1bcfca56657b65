"""What is drawn of a scan and where."""
