"""What is said about scans, and the folder that keeps it."""
