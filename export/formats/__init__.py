"""Export formats; each module that ends with PLUGIN adds one."""
