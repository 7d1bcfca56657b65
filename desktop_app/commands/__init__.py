"""Commands of overread; each module that ends with PLUGIN adds one."""
