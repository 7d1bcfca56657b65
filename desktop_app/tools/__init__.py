"""Tools; each module that ends with PLUGIN adds one. No Qt here."""
