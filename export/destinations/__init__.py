"""Sync destinations; each module that ends with PLUGIN adds one."""
