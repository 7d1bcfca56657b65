"""Write datasets for others and sync them upstream."""
