"""lint against DeepSpeed itself: generated configurations, given to both."""
