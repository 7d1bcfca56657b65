"""Tests of Overread."""
