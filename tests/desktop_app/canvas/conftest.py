"""Scans with known voxels. Without a display these tests draw off screen."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
