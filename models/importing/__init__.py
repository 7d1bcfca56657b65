"""Importers; each module that ends with PLUGIN makes packages of one family of model files."""
