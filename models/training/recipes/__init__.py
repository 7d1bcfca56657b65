"""One recipe per shipped package, each run as `python -m models.training.recipes.<name> --data DIR --to DIR`."""
