"""Panels around the scan; each module that ends with PLUGIN adds one."""
