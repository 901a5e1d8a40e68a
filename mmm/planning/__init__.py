"""The coming window: bounds, the solver with its certificate, risk, and the plan with its reasons."""
