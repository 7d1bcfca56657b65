"""The window and the overread command."""
