"""Model kinds; each module that ends with PLUGIN adds one."""
