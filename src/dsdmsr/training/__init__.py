"""Training of networks by recipes: data, losses, runs and their folders."""
