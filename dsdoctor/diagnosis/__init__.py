"""From events to a verdict: the only place that says what caused what."""
