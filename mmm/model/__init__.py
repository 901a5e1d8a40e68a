"""The media-mix model: transforms, baseline, priors, marginal density, and the PyMC model that joins them."""
