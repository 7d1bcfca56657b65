"""Run models, explain them, train them, promote them."""
