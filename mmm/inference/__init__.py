"""From a model to a posterior that passed its gates, and the one door to what is in it."""
