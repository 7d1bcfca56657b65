"""Recipes that train the shipped packages; torch is needed here and nowhere else."""
